/** What one replica has said about one digest, and what that makes of it there; merge-fact.ts says how the next fact changes it. */
import type { EventTime } from '../model/event-time.ts';
import { isLater } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';

/** What a claim rests on. */
export type Evidence = 'webhook' | 'eventGrid' | 'probe' | 'deepProbe' | 'deliveryLog';

/** One thing learned about one digest in one replica. */
export interface Fact {
  readonly region: Region;
  /**
   * `untag`: the replica no longer resolves `tag` to this digest, which may still be there. `doubt`: something was deleted
   * that this may have been part of.
   */
  readonly kind: 'push' | 'delete' | 'untag' | 'doubt';
  /** When it happened there, as the event says; for a probe, when the replica answered. */
  readonly eventTime: EventTime;
  /** When we learned it, milliseconds since 1970. */
  readonly receivedAt: number;
  readonly evidence: Evidence;
  readonly tag: Tag | undefined;
  readonly mediaType: string | undefined;
}

export interface Arrival {
  /** Newest push, or newest sight of the manifest. */
  readonly pushedAt: EventTime | null;
  /** Newest delete, or newest sight of its absence. */
  readonly deletedAt: EventTime | null;
  /** What the newest event about the present state said; `null` where only asking has told us. */
  readonly eventTime: EventTime | null;
  /** When we learned the present state, milliseconds since 1970. */
  readonly since: number;
  /** When we learned of the newest push or delete, or of a doubt where there was neither; milliseconds since 1970. */
  readonly learnedAt: number;
  /** In order of arrival, without repeats; about the present state. */
  readonly evidence: readonly Evidence[];
  /**
   * When each tag was last pushed with this digest: the newest `maxTags` of those that were pushed with no other since, and
   * the newest `maxMovedTags` of the others. Kept after a delete: a tag that was pushed here last and deleted with its
   * manifest points nowhere, not at an older digest.
   */
  readonly tags: Readonly<Record<string, EventTime>>;
  /** When a tag was last seen not to point here any more. */
  readonly untagged: Readonly<Record<string, EventTime>>;
  /** Of those, the ones that nobody has seen: a delete that named no digest said so, and the replica may still have the tag. */
  readonly doubtedTags?: readonly string[];
  /** Newest delete that may have been of this one; see repository-delete.ts. */
  readonly doubtedAt?: EventTime;
  /** Facts with a time far ahead, and what it was counted as: a repeat, received later, must not count as later. */
  readonly ahead?: Readonly<Record<string, EventTime>>;
}

/** Of a region that has said nothing. */
export const never: Arrival = {
  pushedAt: null,
  deletedAt: null,
  eventTime: null,
  since: 0,
  learnedAt: 0,
  evidence: [],
  tags: {},
  untagged: {},
};

/** What is left of one where the image was forgotten after it had been deleted: when that was. */
export function onlyDeleted({ deletedAt, since, learnedAt }: Arrival): Arrival {
  return { ...never, deletedAt, since, learnedAt };
}

export function isAvailable(arrival: Arrival | undefined): boolean {
  return arrival !== undefined && arrival.pushedAt !== null && isLater(arrival.pushedAt, arrival.deletedAt);
}

/** Something was deleted that it may have been part of, and it has not been seen to be there since. */
export function isDoubtful({ pushedAt, doubtedAt }: Arrival): boolean {
  return doubtedAt !== undefined && pushedAt !== null && !isLater(pushedAt, doubtedAt);
}

export function isDeleted(arrival: Arrival | undefined): boolean {
  return arrival !== undefined && arrival.deletedAt !== null && !isAvailable(arrival);
}

/** Newest push under that tag, whether or not the tag is still there. */
export function taggedAt(arrival: Arrival, tag: Tag): EventTime | null {
  return timeOf(arrival.tags, tag);
}

/** Whether this replica resolves the tag to this digest, for all its own facts tell. */
export function hasTag(arrival: Arrival, tag: Tag): boolean {
  const at = taggedAt(arrival, tag);
  const gone = [arrival.deletedAt, arrival.doubtedAt ?? null, timeOf(arrival.untagged, tag)];
  return at !== null && isAvailable(arrival) && gone.every((time) => isLater(at, time));
}

/**
 * Deleted with its manifest, which is back since, or doubtful since a delete that named no digest: whether the tag is there,
 * nobody has said.
 */
export function mayHaveTag(arrival: Arrival, tag: Tag): boolean {
  const at = taggedAt(arrival, tag);
  if (at === null || !isAvailable(arrival) || hasTag(arrival, tag)) return false;
  return isLater(at, timeOf(arrival.untagged, tag)) || arrival.doubtedTags?.includes(tag) === true;
}

/** Tags are anybody's words: one may be called `constructor`. */
export function timeOf(times: Readonly<Record<string, EventTime>>, tag: Tag): EventTime | null {
  return Object.hasOwn(times, tag) ? (times[tag] ?? null) : null;
}
