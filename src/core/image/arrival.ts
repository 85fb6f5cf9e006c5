/** What one replica has reported about one digest. merge-fact.ts decides how the next fact changes it. */
import type { EventTime } from '../model/event-time.ts';
import { isLater } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';

/** The source of a fact. `deepProbe`: a probe that also found config and layers and, of an index, its members. */
export type Evidence = 'webhook' | 'eventGrid' | 'probe' | 'deepProbe' | 'deliveryLog';

/** One thing learned about one digest in one replica. */
export interface Fact {
  readonly region: Region;
  /**
   * `untag`: the replica no longer resolves `tag` to this digest, which may still be there. `doubt`: a delete named no digest,
   * and may have been of this one.
   */
  readonly kind: 'push' | 'delete' | 'untag' | 'doubt';
  /** When it happened there, by the event; for a probe, when the replica answered. */
  readonly eventTime: EventTime;
  /** When we learned it, milliseconds since 1970. */
  readonly receivedAt: number;
  readonly evidence: Evidence;
  readonly tag: Tag | undefined;
  readonly mediaType: string | undefined;
}

export interface Arrival {
  /** Newest push, or newest probe that found the manifest. */
  readonly pushedAt: EventTime | null;
  /** Newest delete, or newest probe that did not find the manifest. */
  readonly deletedAt: EventTime | null;
  /** The time in the newest event about the present state; `null` if it is known from probes alone. */
  readonly eventTime: EventTime | null;
  /** When we learned the present state, milliseconds since 1970. */
  readonly since: number;
  /** When we learned of the newest push or delete, or of a doubt where there was neither; milliseconds since 1970. */
  readonly learnedAt: number;
  /** For the present state, in the order received, without repeats. */
  readonly evidence: readonly Evidence[];
  /**
   * When each tag was last pushed with this digest: the newest `maxTags` tags that still point here, and the newest
   * `maxMovedTags` others. Kept after a delete: a tag that was deleted with its manifest points nowhere, not at an older digest.
   */
  readonly tags: Readonly<Record<string, EventTime>>;
  /** When each tag was last reported not to point here. */
  readonly untagged: Readonly<Record<string, EventTime>>;
  /** Tags in `untagged` that are known only from a delete that named no digest: the replica may still have them. */
  readonly doubtedTags?: readonly string[];
  /**
   * An availability that is known from no later time does not count. The time of the newest delete that may have been of this image
   * (see repository-delete.ts), or of a probe that a delete may have followed (see merge-fact.ts).
   */
  readonly doubtedAt?: EventTime;
  /** Facts with a time far in the future, and the time used instead: a repeat that is received later must get the same time. */
  readonly ahead?: Readonly<Record<string, EventTime>>;
}

/** The arrival of a region that has reported nothing. */
export const noArrival: Arrival = {
  pushedAt: null,
  deletedAt: null,
  eventTime: null,
  since: 0,
  learnedAt: 0,
  evidence: [],
  tags: {},
  untagged: {},
};

/** The part of an arrival that an expired record keeps: the time of the delete. */
export function onlyDeleted({ deletedAt, since, learnedAt }: Arrival): Arrival {
  return { ...noArrival, deletedAt, since, learnedAt };
}

export function isAvailable(arrival: Arrival | undefined): boolean {
  return arrival !== undefined && arrival.pushedAt !== null && isLater(arrival.pushedAt, arrival.deletedAt);
}

/** Whether it may have been deleted, and has not been found there since: see `doubtedAt`. */
export function isDoubtful({ pushedAt, doubtedAt }: Arrival): boolean {
  return doubtedAt !== undefined && pushedAt !== null && !isLater(pushedAt, doubtedAt);
}

export function isDeleted(arrival: Arrival | undefined): boolean {
  return arrival !== undefined && arrival.deletedAt !== null && !isAvailable(arrival);
}

/** Newest push under that tag, even if the tag is no longer there. */
export function taggedAt(arrival: Arrival, tag: Tag): EventTime | null {
  return timeOf(arrival.tags, tag);
}

/** Whether this replica resolves the tag to this digest, judged by the facts about this digest alone. */
export function hasTag(arrival: Arrival, tag: Tag): boolean {
  const at = taggedAt(arrival, tag);
  const gone = [arrival.deletedAt, arrival.doubtedAt ?? null, timeOf(arrival.untagged, tag)];
  return at !== null && isAvailable(arrival) && gone.every((time) => isLater(at, time));
}

/** Whether this replica resolved the tag to this digest until it deleted the digest. */
export function hadTag(arrival: Arrival, tag: Tag): boolean {
  const at = taggedAt(arrival, tag);
  return at !== null && isDeleted(arrival) && isLater(at, timeOf(arrival.untagged, tag));
}

/**
 * Whether it is unknown if the replica has the tag: the manifest was deleted and is back, or a delete named no digest, and the
 * tag has not been reported since.
 */
export function mayHaveTag(arrival: Arrival, tag: Tag): boolean {
  const at = taggedAt(arrival, tag);
  if (at === null || !isAvailable(arrival) || hasTag(arrival, tag)) return false;
  return isLater(at, timeOf(arrival.untagged, tag)) || arrival.doubtedTags?.includes(tag) === true;
}

/** Users choose tags freely: one may be called `constructor`. */
export function timeOf(times: Readonly<Record<string, EventTime>>, tag: Tag): EventTime | null {
  return Object.hasOwn(times, tag) ? (times[tag] ?? null) : null;
}
