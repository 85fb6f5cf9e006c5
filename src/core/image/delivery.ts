import type { EventTime } from '../model/event-time.ts';
import type { Repository, Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { TraceParent } from '../runtime/trace-parent.ts';
import type { Evidence, Fact } from './arrival.ts';
import type { ImageName } from './record.ts';

/** A replica's report about one image, from a webhook, an Event Grid event or a probe, before it is stored. */
export interface Delivery {
  readonly name: ImageName;
  readonly fact: Fact;
  /** The trace it was received in, so that the trace continues if it is stored later. */
  readonly trace?: TraceParent | undefined;
}

/** A report about one image, or about a repository. */
export type Received = Delivery | RepositoryDelete;

export interface RepositoryDelete {
  /** The registry's name from settings. */
  readonly registry: string;
  readonly repository: Repository;
  /** If given, only this tag was removed. */
  readonly tag: Tag | undefined;
  readonly region: Region;
  readonly eventTime: EventTime;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly evidence: Evidence;
}
