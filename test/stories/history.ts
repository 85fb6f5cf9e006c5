/**
 * What happened in a story, as seen from outside the tracker. The judge reads only this, so a history can also be
 * written by hand. Times are milliseconds since 1970, of one clock.
 */
import type { Family } from './families.ts';
import type { ReleaseCalling } from './release-story.ts';
import type { CloudEvent } from './topic.ts';

export interface Report {
  readonly region: string;
  readonly action: 'push' | 'delete' | 'untag' | 'repositoryDelete';
  readonly digest: string | null;
  readonly tag: string | null;
  /** The timestamp of the event. */
  readonly eventTime: number;
  /** The push of the story's real order that this reports; 0 if it is not a push. */
  readonly round: number;
  /** Equal for copies of one delivery. */
  readonly id: string;
  readonly sentAt: number;
  /** `null` without an answer. */
  readonly answeredAt: number | null;
  readonly status: number | null;
  readonly outcome: string | null;
  readonly warning: string | null;
  readonly process: number;
}

export interface AvailabilityQuery {
  readonly route: 'availability' | 'wait';
  readonly tag: string | null;
  readonly digest: string | null;
  /** `null`: all that are expected. */
  readonly regions: readonly string[] | null;
  readonly require: 'all' | 'any' | number;
  readonly timeoutSeconds: number;
  readonly askedAt: number;
  readonly answeredAt: number;
  /** `null` without an answer. */
  readonly status: number | null;
  readonly retryAfter: string | null;
  readonly document: AvailabilityDocument | null;
  readonly process: number;
  /** Asked after all faults had ended. */
  readonly atEnd: boolean;
}

export interface AvailabilityDocument {
  readonly image: string;
  readonly registry: string;
  readonly repository: string;
  readonly digest: string | null;
  readonly state: string;
  readonly satisfied: boolean;
  readonly requirement: {
    readonly regions: readonly string[];
    readonly require: unknown;
    readonly needed: number;
    readonly have: number;
  };
  readonly missing: readonly string[];
  readonly regions: readonly RegionOfDocument[];
  readonly tags: readonly string[];
  readonly tag?: {
    readonly name: string;
    readonly state: string;
    readonly regions: readonly { readonly region: string; readonly digest: string | null }[];
  } | null;
  /** What an index lists; `null` while it could not be read. */
  readonly members?:
    | readonly {
        readonly digest: string;
        readonly kind: string;
        readonly platform: string | null;
        readonly missing: readonly string[];
      }[]
    | null;
  readonly [other: string]: unknown;
}

export interface RegionOfDocument {
  readonly region: string;
  readonly state: string;
  readonly required: boolean;
  readonly expected: boolean;
  readonly since: string | null;
  readonly lagSeconds: number | null;
  readonly evidence: readonly string[];
}

/** A request that is no question about an image, and what must become of it. */
export interface Odd {
  readonly what: string;
  readonly sentence: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly status: number | null;
  readonly body: string;
  readonly process: number;
  readonly wantStatus: number;
  /** What the answer must contain. */
  readonly wantText: string | null;
}

/** The answer of `GET /api/events` at the end. */
export interface EventList {
  readonly digest: string;
  readonly process: number;
  readonly askedAt: number;
  readonly status: number | null;
  readonly events: readonly { readonly id: string; readonly type: string; readonly status: string }[];
}

export interface Published {
  readonly at: number;
  readonly event: CloudEvent;
  readonly accepted: boolean;
  /** Refused permanently, because of this event. */
  readonly refused: boolean;
}

/** What a region's own registry was asked and really answered. */
export interface Served {
  readonly at: number;
  readonly region: string;
  readonly repository: string;
  readonly reference: string;
  readonly result: 'there' | 'absent' | 'unclear';
  readonly digest: string | null;
}

export interface Fault {
  readonly kind: string;
  /** The affected process; `null` if no single process is affected. */
  readonly process: number | null;
  readonly from: number;
  /** Infinite while it lasts. */
  readonly until: number;
}

/** From then on the expected set is one of these. */
export interface ExpectedSets {
  readonly from: number;
  readonly possible: readonly (readonly string[])[];
}

/** A call about the release of the story, and its answer. */
export interface ReleaseCall extends ReleaseCalling {
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly status: number | null;
  readonly document: {
    readonly revision: number;
    readonly satisfied: boolean;
    readonly availableAt: string | null;
    readonly images: readonly { readonly digest: string | null }[];
  } | null;
}

/** The digests that `GET /api/images` lists of the story's repository. */
export interface ImageList {
  readonly askedAt: number;
  readonly status: number | null;
  readonly digests: readonly string[];
}

export interface History {
  readonly seed: number;
  readonly story: number;
  readonly kind: string;
  readonly registry: string;
  readonly source: string;
  readonly repository: string;
  readonly canProbe: boolean;
  readonly delayedAfterSeconds: number;
  readonly startedAt: number;
  /** When all faults had ended; infinite before that. */
  readonly quietAt: number;
  readonly expected: readonly ExpectedSets[];
  readonly families: readonly Family[];
  readonly releases: readonly ReleaseCall[];
  readonly releaseEvents: readonly Published[];
  readonly imageLists: readonly ImageList[];
  readonly reports: readonly Report[];
  readonly questions: readonly AvailabilityQuery[];
  readonly odds: readonly Odd[];
  readonly eventLists: readonly EventList[];
  readonly published: readonly Published[];
  readonly served: readonly Served[];
  readonly faults: readonly Fault[];
  /** What the replicas really hold at the end, where they can be probed. */
  readonly content: readonly { readonly region: string; readonly digest: string }[];
}
