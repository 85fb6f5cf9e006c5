/**
 * What one replica has said about one digest. Facts arrive in any order, with repeats, some of them days late;
 * merging takes the newest of each kind, so every order of the same facts ends in the same arrival.
 * A push and a delete of the very same instant count as deleted: "not there" is the claim that does no harm.
 */
import type { EventTime } from './event-time.ts';
import { isLater } from './event-time.ts';
import type { Tag } from './reference.ts';
import type { Region } from './region.ts';

/** What a claim rests on. */
export type Evidence = 'webhook' | 'eventGrid' | 'probe' | 'deepProbe' | 'deliveryLog';

/** One thing learned about one digest in one replica. */
export interface Fact {
  readonly region: Region;
  /** `untag`: the replica was asked and no longer resolves `tag` to this digest; the digest may still be there. */
  readonly kind: 'push' | 'delete' | 'untag';
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
  /** When we learned of the newest push or delete, milliseconds since 1970. */
  readonly learnedAt: number;
  /** In order of arrival, without repeats; about the present state. */
  readonly evidence: readonly Evidence[];
  /**
   * When each tag was last pushed with this digest, newest `maxTags` only. Kept after a delete: a tag that was pushed
   * here last and deleted with its manifest points nowhere, not at an older digest.
   */
  readonly tags: Readonly<Record<string, EventTime>>;
  /** When a tag was last seen not to point here any more. */
  readonly untagged: Readonly<Record<string, EventTime>>;
}

/** A digest that every build tags anew would otherwise outgrow its row. */
export const maxTags = 100;

export type MergeOutcome = 'recorded' | 'duplicate' | 'outdated';

const never: Arrival = {
  pushedAt: null,
  deletedAt: null,
  eventTime: null,
  since: 0,
  learnedAt: 0,
  evidence: [],
  tags: {},
  untagged: {},
};

export function isAvailable(arrival: Arrival | undefined): boolean {
  return arrival !== undefined && arrival.pushedAt !== null && isLater(arrival.pushedAt, arrival.deletedAt);
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
  return (
    at !== null && isAvailable(arrival) && isLater(at, arrival.deletedAt) && isLater(at, timeOf(arrival.untagged, tag))
  );
}

/** Deleted with its manifest, which is back since: whether the tag came back as well, nobody has said. */
export function mayHaveTag(arrival: Arrival, tag: Tag): boolean {
  const at = taggedAt(arrival, tag);
  return at !== null && isAvailable(arrival) && !hasTag(arrival, tag) && isLater(at, timeOf(arrival.untagged, tag));
}

/** Tags are anybody's words: one may be called `constructor`. */
function timeOf(times: Readonly<Record<string, EventTime>>, tag: Tag): EventTime | null {
  return Object.hasOwn(times, tag) ? (times[tag] ?? null) : null;
}

/**
 * @returns the merged arrival, the same object when nothing changed, and what the fact was:
 * `recorded` said something new, `duplicate` was known, `outdated` is older than what the region already said.
 */
export function mergeFact(before: Arrival | undefined, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const arrival = before ?? never;
  if (fact.kind === 'push') return mergePush(arrival, fact);
  return fact.kind === 'delete' ? mergeDelete(arrival, fact) : mergeUntag(arrival, fact);
}

function mergePush(arrival: Arrival, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const { tag, eventTime } = fact;
  const knownAt = tag === undefined ? arrival.pushedAt : taggedAt(arrival, tag);
  const isNewTag = tag !== undefined && isLater(eventTime, knownAt);
  const tags = isNewTag ? newestTags({ ...arrival.tags, [tag]: eventTime }) : arrival.tags;
  if (!isLater(eventTime, arrival.deletedAt)) {
    return { arrival: isNewTag ? { ...arrival, tags } : arrival, outcome: 'outdated' };
  }
  const wasAvailable = isAvailable(arrival);
  // Seen there once more is not news.
  const isNewPush = isLater(eventTime, arrival.pushedAt) && (isEvent(fact) || isNewTag || !wasAvailable);
  const isNewEvidence = !wasAvailable || !arrival.evidence.includes(fact.evidence);
  const isNewEvent = isEvent(fact) && isLater(eventTime, wasAvailable ? arrival.eventTime : null);
  if (!isNewPush && !isNewTag && !isNewEvidence && !isNewEvent) {
    return { arrival, outcome: eventTime === knownAt ? 'duplicate' : 'outdated' };
  }
  const merged: Arrival = {
    ...arrival,
    pushedAt: isNewPush ? eventTime : arrival.pushedAt,
    eventTime: isNewEvent ? eventTime : wasAvailable ? arrival.eventTime : null,
    since: wasAvailable ? arrival.since : fact.receivedAt,
    learnedAt: isNewPush ? fact.receivedAt : arrival.learnedAt,
    evidence: wasAvailable ? union(arrival.evidence, fact.evidence) : [fact.evidence],
    tags,
  };
  const isNews = isNewTag || (isNewPush && isEvent(fact)) || !wasAvailable;
  return { arrival: merged, outcome: isNews ? 'recorded' : 'duplicate' };
}

function mergeDelete(arrival: Arrival, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const { eventTime } = fact;
  if (!isLater(eventTime, arrival.deletedAt)) {
    return { arrival, outcome: eventTime === arrival.deletedAt ? 'duplicate' : 'outdated' };
  }
  const deleted = { ...arrival, deletedAt: eventTime };
  // A delete older than the newest push changes nothing that can be seen, but must still hold against pushes in between.
  if (isAvailable(deleted)) return { arrival: deleted, outcome: 'outdated' };
  const isNews = !isDeleted(arrival);
  return {
    arrival: {
      ...deleted,
      eventTime: isEvent(fact) ? eventTime : isNews ? null : arrival.eventTime,
      since: isNews ? fact.receivedAt : arrival.since,
      learnedAt: fact.receivedAt,
      evidence: isNews ? [fact.evidence] : union(arrival.evidence, fact.evidence),
    },
    outcome: 'recorded',
  };
}

function mergeUntag(arrival: Arrival, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const { tag, eventTime } = fact;
  if (tag === undefined || taggedAt(arrival, tag) === null) return { arrival, outcome: 'duplicate' };
  if (!isLater(eventTime, timeOf(arrival.untagged, tag))) return { arrival, outcome: 'outdated' };
  if (!hasTag(arrival, tag)) return { arrival, outcome: 'duplicate' };
  return {
    arrival: { ...arrival, untagged: newestTags({ ...arrival.untagged, [tag]: eventTime }) },
    outcome: 'recorded',
  };
}

/** Asking a replica tells that it has the manifest now, not when anybody pushed it. */
function isEvent(fact: Fact): boolean {
  return fact.evidence !== 'probe' && fact.evidence !== 'deepProbe';
}

/** Pushed with another digest there at that time: if that is later, the tag has left this one. */
export function leftByTag(arrival: Arrival, tag: Tag, at: EventTime): Arrival {
  const pushedAt = taggedAt(arrival, tag);
  const isKnown = !isLater(at, timeOf(arrival.untagged, tag));
  if (pushedAt === null || !isLater(at, pushedAt) || isKnown) return arrival;
  return { ...arrival, untagged: newestTags({ ...arrival.untagged, [tag]: at }) };
}

function union(evidence: readonly Evidence[], one: Evidence): readonly Evidence[] {
  return evidence.includes(one) ? evidence : [...evidence, one];
}

function newestTags(tags: Record<string, EventTime>): Record<string, EventTime> {
  const entries = Object.entries(tags);
  if (entries.length <= maxTags) return tags;
  return Object.fromEntries(
    entries.sort(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x > y ? -1 : 1)).slice(0, maxTags),
  );
}
