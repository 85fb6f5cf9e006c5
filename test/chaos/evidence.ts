/**
 * Everything a run has seen, as plain data: what was true, what the app was told, what it said. The checker reads this
 * and nothing else, so that a lie can be planted in a test in three lines, and a violation can be printed with all that
 * is known about its image.
 */
import type { Spell, Truth } from '../../src/local/simulator/truth.ts';

/** One attempt of the registry to tell the app something. Times are milliseconds since 1970. */
export interface Attempt {
  readonly process: string;
  readonly region: string;
  /** `repository@digest`. */
  readonly key: string;
  readonly action: 'push' | 'delete';
  readonly tag: string | null;
  /** What the event said. */
  readonly eventTime: number;
  readonly sentAt: number;
  readonly endedAt: number;
  /** 0 when no answer came. */
  readonly status: number;
  /** `recorded`, `duplicate`, … */
  readonly outcome: string;
  /** The process was stopped, ended or not yet ready at some time meanwhile: nobody can hold it to its time. */
  readonly isDisturbed: boolean;
  /** How long the registry itself was busy with something else meanwhile, milliseconds. */
  readonly ownLagMs: number;
}

/** One region's line of an availability document. */
export interface RegionClaim {
  readonly region: string;
  readonly state: string;
  readonly since: number | null;
  readonly eventTime: number | null;
  readonly evidence: readonly string[];
}

/** One manifest that an index lists, as a document says it. */
export interface MemberClaim {
  readonly digest: string;
  /** The regions where it is missing. */
  readonly missing: readonly string[];
}

/** An availability document, as far as it can be right or wrong. */
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

/** One event the topic took. */
export interface Told {
  readonly at: number;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** When it became known, as the event says. */
  readonly time: number;
  readonly generation: number;
  /** For events about one region. */
  readonly region: string | null;
  /** `repository@digest` of the image it is about, also where the subject is a tag. */
  readonly key: string;
  readonly supersededBy: string | null;
  readonly document: Document;
}

/** What one process says has been told about one image. */
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

/** Somebody who was to be let go once the image was everywhere. */
export interface Waiter {
  readonly kind: 'request' | 'command';
  readonly key: string;
  /** When, and with which status or exit code; `null` while it waits. */
  readonly released: { readonly at: number; readonly status: number } | null;
}

/** From then on the region's replica resolved the tag to that digest. */
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
  /** What is where, manifest by manifest. */
  readonly truth: Truth;
  /** By the key of an index: the keys of what it lists. */
  readonly families: ReadonlyMap<string, readonly string[]>;
  readonly tagMoves: readonly TagMove[];
  /** What each tag resolves to at the end, by region; `null` where to nothing. */
  resolveTag(tagKey: string): Readonly<Record<string, string | null>>;
  readonly attempts: readonly Attempt[];
  readonly told: readonly Told[];
  /** Taken during the run. */
  readonly samples: readonly Answer[];
  /** Taken at the end: every image and tag, from every process. */
  readonly answers: readonly Answer[];
  readonly listings: readonly Listing[];
  readonly waiters: readonly Waiter[];
  readonly log: readonly LogLine[];
  /** When the storage was away, silent or losing answers. */
  readonly storageTroubles: readonly Spell[];
  /** Processes that ended though nobody ended them. */
  readonly crashes: readonly LogLine[];
  /** What must never be in a log. */
  readonly secrets: readonly string[];
}

export interface Violation {
  /** The rule's name, like `early` or `not published`. */
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
