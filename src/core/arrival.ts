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
  readonly kind: 'push' | 'delete';
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
  /** When we learned the present state, milliseconds since 1970. */
  readonly since: number;
  /** In order of arrival, without repeats; about the present state. */
  readonly evidence: readonly Evidence[];
  /** Tags that pointed here at the given time, newest `maxTags` only. Empty once deleted. */
  readonly tags: Readonly<Record<string, EventTime>>;
}

/** A digest that every build tags anew would otherwise outgrow its row. */
export const maxTags = 100;

export type MergeOutcome = 'recorded' | 'duplicate' | 'outdated';

const never: Arrival = { pushedAt: null, deletedAt: null, since: 0, evidence: [], tags: {} };

export function isAvailable(arrival: Arrival | undefined): boolean {
  return arrival !== undefined && arrival.pushedAt !== null && isLater(arrival.pushedAt, arrival.deletedAt);
}

export function isDeleted(arrival: Arrival | undefined): boolean {
  return arrival !== undefined && arrival.deletedAt !== null && !isAvailable(arrival);
}

/** Newest push under that tag. Tags are anybody's words: one may be called `constructor`. */
export function taggedAt(arrival: Arrival, tag: Tag): EventTime | null {
  return Object.hasOwn(arrival.tags, tag) ? (arrival.tags[tag] ?? null) : null;
}

/**
 * @returns the merged arrival, the same object when nothing changed, and what the fact was:
 * `recorded` said something new, `duplicate` was known, `outdated` is older than what the region already said.
 */
export function mergeFact(before: Arrival | undefined, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const arrival = before ?? never;
  return fact.kind === 'push' ? mergePush(arrival, fact) : mergeDelete(arrival, fact);
}

function mergePush(arrival: Arrival, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  if (!isLater(fact.eventTime, arrival.deletedAt)) return { arrival, outcome: 'outdated' };
  const knownAt = fact.tag === undefined ? null : taggedAt(arrival, fact.tag);
  const isNewPush = isLater(fact.eventTime, arrival.pushedAt);
  const isNewTag = fact.tag !== undefined && isLater(fact.eventTime, knownAt);
  const isNewEvidence = !arrival.evidence.includes(fact.evidence);
  const outcome =
    isNewPush || isNewTag
      ? 'recorded'
      : fact.eventTime === (fact.tag === undefined ? arrival.pushedAt : knownAt)
        ? 'duplicate'
        : 'outdated';
  if (!isNewPush && !isNewTag && !isNewEvidence) return { arrival, outcome };

  const wasAvailable = isAvailable(arrival);
  const merged: Arrival = {
    pushedAt: isNewPush ? fact.eventTime : arrival.pushedAt,
    deletedAt: arrival.deletedAt,
    since: wasAvailable ? arrival.since : fact.receivedAt,
    evidence: wasAvailable ? union(arrival.evidence, fact.evidence) : [fact.evidence],
    tags: isNewTag ? newestTags({ ...arrival.tags, [fact.tag as string]: fact.eventTime }) : arrival.tags,
  };
  return { arrival: merged, outcome };
}

function mergeDelete(arrival: Arrival, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  if (!isLater(fact.eventTime, arrival.deletedAt)) {
    return { arrival, outcome: fact.eventTime === arrival.deletedAt ? 'duplicate' : 'outdated' };
  }
  const tags = Object.fromEntries(Object.entries(arrival.tags).filter(([, time]) => isLater(time, fact.eventTime)));
  const deleted = { ...arrival, deletedAt: fact.eventTime, tags };
  // A delete older than the newest push changes nothing that can be seen, but must still hold against pushes in between.
  if (isAvailable(deleted)) return { arrival: deleted, outcome: 'outdated' };
  const isNews = !isDeleted(arrival);
  return {
    arrival: {
      ...deleted,
      since: isNews ? fact.receivedAt : arrival.since,
      evidence: isNews ? [fact.evidence] : union(arrival.evidence, fact.evidence),
    },
    outcome: 'recorded',
  };
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
