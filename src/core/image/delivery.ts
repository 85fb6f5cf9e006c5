import type { EventTime } from '../model/event-time.ts';
import type { Repository, Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { TraceParent } from '../runtime/trace-parent.ts';
import type { Evidence, Fact } from './arrival.ts';
import type { ImageName } from './record.ts';

/** What a replica said of one image, by a webhook, an Event Grid event or a probe, on its way to the tables. */
export interface Delivery {
  readonly name: ImageName;
  readonly fact: Fact;
  /** Where it was when it was put off, so that its trace goes on there. */
  readonly trace?: TraceParent | undefined;
}

/** What comes in: of one image, or of a repository. */
export type Received = Delivery | RepositoryDelete;

export interface RepositoryDelete {
  /** The registry's name from settings. */
  readonly registry: string;
  readonly repository: Repository;
  /** Only this tag was taken off. */
  readonly tag: Tag | undefined;
  readonly region: Region;
  readonly eventTime: EventTime;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly evidence: Evidence;
}
