/**
 * Everything that a run recorded, as plain data: what was true, what the registry sent to the app, what the app answered and
 * published. The checker reads only this. So a test can put in a fault with three lines, and a violation can be printed with
 * everything that is known about its image.
 */
import type { Period, Truth } from '../../src/local/simulator/truth.ts';

/** One webhook request from the registry to the app. Times are milliseconds since 1970. */
export interface Attempt {
  readonly process: string;
  readonly region: string;
  /** `repository@digest`. */
  readonly key: string;
  readonly action: 'push' | 'delete';
  readonly tag: string | null;
  /** The timestamp of the event. */
  readonly eventTime: number;
  readonly sentAt: number;
  readonly endedAt: number;
  /** 0 if there was no answer. */
  readonly status: number;
  /** `recorded`, `duplicate`, … */
  readonly outcome: string;
  /** The process was paused, ended or not yet ready at some time meanwhile: its time limit does not apply. */
  readonly isDisturbed: boolean;
  /** How long the test process, which simulates the registry, was busy with something else meanwhile, milliseconds. */
  readonly ownLagMs: number;
}

/** One region of an availability document. */
export interface RegionClaim {
  readonly region: string;
  readonly state: string;
  readonly since: number | null;
  readonly eventTime: number | null;
  readonly evidence: readonly string[];
}

/** One manifest that an index lists, as a document has it. */
export interface MemberClaim {
  readonly digest: string;
  /** The regions where it is missing. */
  readonly missing: readonly string[];
}

/** The fields of an availability document that the checker compares. */
export interface Document {
  readonly digest: string | null;
  readonly state: string;
  readonly satisfied: boolean;
  readonly tags: readonly string[];
  readonly tagState: string | null;
  readonly announcedAt: number | null;
  readonly regions: readonly RegionClaim[];
  /** `null` while an index has not been read. */
  readonly members: readonly MemberClaim[] | null;
}

/** One answer of one process. */
export interface Answer {
  readonly process: string;
  /** `repository@digest` or `repository:tag`. */
  readonly subject: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly document: Document;
}

/** One event that the topic accepted. */
export interface PublishedEvent {
  readonly at: number;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** The `time` of the event: when the fact became known. */
  readonly time: number;
  readonly generation: number;
  /** For events about one region. */
  readonly region: string | null;
  /** `repository@digest` of the image it is about, also where the subject is a tag. */
  readonly key: string;
  readonly supersededBy: string | null;
  readonly document: Document;
}

/** The events of one image, as one process lists them. */
export interface Listing {
  readonly process: string;
  readonly key: string;
  readonly events: readonly {
    readonly id: string;
    readonly type: string;
    readonly subject: string;
    readonly generation: number;
    readonly region: string | null;
    readonly isPublished: boolean;
  }[];
}

/** A request or command that waits until the image is in all replicas. */
export interface Waiter {
  readonly kind: 'request' | 'command';
  readonly key: string;
  /** When, and with which status or exit code; `null` while it waits. */
  readonly released: { readonly at: number; readonly status: number } | null;
}

/** From this time on the region's replica resolved the tag to this digest. */
export interface TagMove {
  readonly at: number;
  readonly region: string;
  /** `repository:tag`. */
  readonly tagKey: string;
  readonly digest: string;
}

export interface LogLine {
  readonly process: string;
  readonly at: number;
  readonly text: string;
}

export interface Evidence {
  /** Which replica had which manifest when. */
  readonly truth: Truth;
  /** By the key of an index: the keys of the manifests that it lists. */
  readonly families: ReadonlyMap<string, readonly string[]>;
  readonly tagMoves: readonly TagMove[];
  /** What each tag resolves to at the end, by region; `null` where the tag does not exist. */
  resolveTag(tagKey: string): Readonly<Record<string, string | null>>;
  readonly attempts: readonly Attempt[];
  readonly published: readonly PublishedEvent[];
  /** Answers during the run. */
  readonly samples: readonly Answer[];
  /** Answers at the end: about every image and tag, from every process. */
  readonly answers: readonly Answer[];
  readonly listings: readonly Listing[];
  readonly waiters: readonly Waiter[];
  readonly log: readonly LogLine[];
  /** When the storage was down, paused or lost answers. */
  readonly storageFaults: readonly Period[];
  /** Processes that ended although the test did not end them. */
  readonly crashes: readonly LogLine[];
  /** Texts that must never be in a log. */
  readonly secrets: readonly string[];
}

export interface Violation {
  /** The rule's name, such as `untrue event` or `not published`. */
  readonly rule: string;
  /** `repository@digest`, `repository:tag`, or the process. */
  readonly subject: string;
  readonly what: string;
}

export const allReplicas = 'AcrReplication.ImageAvailableInAllReplicas';
export const inRegion = 'AcrReplication.ImageAvailableInRegion';
export const deletedInRegion = 'AcrReplication.ImageDeletedInRegion';
export const deletedEverywhere = 'AcrReplication.ImageDeletedInAllReplicas';
export const tagConverged = 'AcrReplication.TagConverged';
export const tagSuperseded = 'AcrReplication.TagSuperseded';

/** For messages. */
export function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}
