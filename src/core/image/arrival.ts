/**
 * What one replica has said about one digest. Facts arrive in any order, with repeats, some of them days late;
 * merging takes the newest of each kind, so every order of the same facts ends in the same arrival.
 * A push and a delete of the very same instant count as deleted: "not there" is the claim that does no harm.
 */
import type { EventTime } from '../model/event-time.ts';
import { countedTime, isLater, isWithinSkew, latest } from '../model/event-time.ts';
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

/** Builds that change nothing push tag after tag with one digest, and all of them point there. */
export const maxTags = 500;
/** What only pointed here once may be forgotten: a digest that every build tags anew would otherwise outgrow its row. */
export const maxMovedTags = 50;

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
function timeOf(times: Readonly<Record<string, EventTime>>, tag: Tag): EventTime | null {
  return Object.hasOwn(times, tag) ? (times[tag] ?? null) : null;
}

/** Enough to know the repeats of what a clock gone wrong has stamped lately; each that is forgotten could count again, later. */
export const maxAhead = 50;

/** The fact with the time that counts; see `countedTime`. */
export function withCountedTime(known: Arrival | undefined, fact: Fact): Fact {
  const eventTime = known?.ahead?.[aheadKey(fact)] ?? countedTime(fact.eventTime, fact.receivedAt);
  return eventTime === fact.eventTime ? fact : { ...fact, eventTime };
}

/** Remembers what the time of a fact was counted as. */
export function withAhead(arrival: Arrival, stated: Fact, counted: Fact): Arrival {
  if (stated.eventTime === counted.eventTime) return arrival;
  const ahead = [...Object.entries(arrival.ahead ?? {}), [aheadKey(stated), counted.eventTime]];
  return { ...arrival, ahead: Object.fromEntries(ahead.slice(-maxAhead)) };
}

function aheadKey({ kind, eventTime, tag }: Fact): string {
  return `${kind} ${eventTime} ${tag ?? ''}`;
}

/**
 * @returns the merged arrival, the same object when nothing changed, and what the fact was:
 * `recorded` said something new, `duplicate` was known, `outdated` is older than what the region already said.
 */
export function mergeFact(before: Arrival | undefined, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const arrival = before ?? never;
  if (fact.kind === 'push') return mergePush(arrival, fact);
  if (fact.kind === 'doubt') return mergeDoubt(arrival, fact);
  return fact.kind === 'delete' ? mergeDelete(arrival, fact) : mergeUntag(arrival, fact);
}

function mergePush(arrival: Arrival, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const { tag, eventTime } = fact;
  const knownAt = tag === undefined ? arrival.pushedAt : taggedAt(arrival, tag);
  const isNewTag = tag !== undefined && isLater(eventTime, knownAt);
  const tagged = isNewTag ? pushTag(arrival, tag, eventTime) : arrival;
  if (!isLater(eventTime, arrival.deletedAt)) return { arrival: tagged, outcome: 'outdated' };
  const wasAvailable = isAvailable(arrival);
  // Seen there once more is not news.
  const wasCertain = wasAvailable && !isDoubtful(arrival);
  const isNewPush = isLater(eventTime, arrival.pushedAt) && (isEvent(fact) || isNewTag || !wasCertain);
  const isNewEvidence = !wasAvailable || !arrival.evidence.includes(fact.evidence);
  const isNewEvent = isEvent(fact) && isLater(eventTime, wasAvailable ? arrival.eventTime : null);
  if (!isNewPush && !isNewTag && !isNewEvidence && !isNewEvent) {
    return { arrival, outcome: eventTime === knownAt ? 'duplicate' : 'outdated' };
  }
  const merged: Arrival = {
    ...tagged,
    pushedAt: isNewPush ? eventTime : arrival.pushedAt,
    eventTime: isNewEvent ? eventTime : wasAvailable ? arrival.eventTime : null,
    since: wasAvailable ? arrival.since : fact.receivedAt,
    learnedAt: isNewPush ? fact.receivedAt : arrival.learnedAt,
    evidence: wasAvailable ? union(arrival.evidence, fact.evidence) : [fact.evidence],
  };
  const isNewFact = isNewTag || (isNewPush && isEvent(fact)) || !wasAvailable;
  return { arrival: merged, outcome: isNewFact ? 'recorded' : 'duplicate' };
}

function mergeDelete(arrival: Arrival, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const { eventTime } = fact;
  if (!isLater(eventTime, arrival.deletedAt)) {
    return { arrival, outcome: eventTime === arrival.deletedAt ? 'duplicate' : 'outdated' };
  }
  const deleted = { ...arrival, deletedAt: eventTime };
  if (isAvailable(deleted) && mayFollowSight(arrival, fact, arrival.pushedAt)) {
    // Counts again once it is seen again.
    const doubted = { ...deleted, doubtedAt: latest(arrival.pushedAt, arrival.doubtedAt ?? null) };
    return { arrival: doubted as Arrival, outcome: 'recorded' };
  }
  // A delete older than the newest push changes nothing that can be seen, but must still hold against pushes in between.
  if (isAvailable(deleted)) return { arrival: deleted, outcome: 'outdated' };
  const isNewFact = !isDeleted(arrival);
  return {
    arrival: {
      ...deleted,
      eventTime: isEvent(fact) ? eventTime : isNewFact ? null : arrival.eventTime,
      since: isNewFact ? fact.receivedAt : arrival.since,
      learnedAt: fact.receivedAt,
      evidence: isNewFact ? [fact.evidence] : union(arrival.evidence, fact.evidence),
    },
    outcome: 'recorded',
  };
}

function mergeDoubt(arrival: Arrival, { eventTime, receivedAt }: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  if (!isLater(eventTime, arrival.doubtedAt ?? null)) return { arrival, outcome: 'duplicate' };
  // Where the replica has said nothing else, this alone tells the word of a new one from that of the one before it.
  const learnedAt = arrival === never ? receivedAt : arrival.learnedAt;
  const doubted = { ...arrival, learnedAt, doubtedAt: eventTime };
  return { arrival: doubted, outcome: isDoubtful(doubted) ? 'recorded' : 'outdated' };
}

/** Also where the tag is not known to point here: the push may still come, and was before. */
function mergeUntag(arrival: Arrival, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const { tag, eventTime, receivedAt } = fact;
  if (tag === undefined) return { arrival, outcome: 'duplicate' };
  const known = timeOf(arrival.untagged, tag);
  if (!isLater(eventTime, known)) return { arrival, outcome: eventTime === known ? 'duplicate' : 'outdated' };
  const pushedAt = taggedAt(arrival, tag);
  const learnedAt = arrival === never ? receivedAt : arrival.learnedAt;
  const untagged = (at: EventTime) => ({
    arrival: untag({ ...arrival, learnedAt }, tag, at, isEvent(fact)),
    outcome: 'recorded' as const,
  });
  if (pushedAt === null || isLater(eventTime, pushedAt)) return untagged(eventTime);
  return mayFollowSight(arrival, fact, pushedAt) ? untagged(pushedAt) : { arrival, outcome: 'outdated' };
}

/**
 * Whether the region may have removed it after the replica was seen to have it. That was at a time of our clock; what the region
 * sends has times of its own, which may be some minutes behind.
 * @param seenAt of the push that would hold against the removal
 */
function mayFollowSight(arrival: Arrival, fact: Fact, seenAt: EventTime | null): boolean {
  const isSight = seenAt !== null && (arrival.eventTime === null || isLater(seenAt, arrival.eventTime));
  return isSight && isEvent(fact) && isLater(fact.eventTime, arrival.eventTime) && isWithinSkew(fact.eventTime, seenAt);
}

/** Asking a replica tells that it has the manifest now, not when anybody pushed it. */
function isEvent(fact: Fact): boolean {
  return fact.evidence !== 'probe' && fact.evidence !== 'deepProbe';
}

/** Pushed with another digest there at that time: if that is later, the tag has left this one. */
export function releaseTag(arrival: Arrival, tag: Tag, at: EventTime): Arrival {
  const pushedAt = taggedAt(arrival, tag);
  const isKnown = !isLater(at, timeOf(arrival.untagged, tag));
  if (pushedAt === null || !isLater(at, pushedAt) || isKnown) return arrival;
  return untag(arrival, tag, at);
}

function union(evidence: readonly Evidence[], one: Evidence): readonly Evidence[] {
  return evidence.includes(one) ? evidence : [...evidence, one];
}

function pushTag(arrival: Arrival, tag: Tag, at: EventTime): Arrival {
  const tagged = { ...arrival, tags: { ...arrival.tags, [tag]: at } };
  return keepTags(isLater(at, timeOf(arrival.untagged, tag)) ? withDoubt(tagged, tag, false) : tagged);
}

/** @param isDoubt said by an event, which named no digest */
function untag(arrival: Arrival, tag: Tag, at: EventTime, isDoubt = false): Arrival {
  return keepTags(withDoubt({ ...arrival, untagged: { ...arrival.untagged, [tag]: at } }, tag, isDoubt));
}

function withDoubt({ doubtedTags = [], ...arrival }: Arrival, tag: Tag, isDoubt: boolean): Arrival {
  const others = doubtedTags.filter((one) => one !== tag);
  return withDoubts(arrival, isDoubt ? [...others, tag] : others);
}

function withDoubts(arrival: Arrival, doubtedTags: readonly string[]): Arrival {
  return doubtedTags.length === 0 ? arrival : { ...arrival, doubtedTags };
}

/** Forgets the oldest tags that have moved on, and none that points here before there are very many. */
function keepTags(arrival: Arrival): Arrival {
  const { tags, untagged } = arrival;
  const all = Object.keys({ ...untagged, ...tags }) as Tag[];
  if (all.length <= maxMovedTags) return arrival;
  const timed = all.map((tag) => {
    const [pushedAt, goneAt] = [taggedAt(arrival, tag), timeOf(untagged, tag)];
    return { tag, at: latest(pushedAt, goneAt), isHere: pushedAt !== null && isLater(pushedAt, goneAt) };
  });
  const { true: here = [], false: moved = [] } = Object.groupBy(timed, ({ isHere }) => `${isHere}` as const);
  if (here.length <= maxTags && moved.length <= maxMovedTags) return arrival;
  const kept = new Set<string>([...newest(here, maxTags), ...newest(moved, maxMovedTags)].map(({ tag }) => tag));
  const only = (times: Readonly<Record<string, EventTime>>) =>
    Object.fromEntries(Object.entries(times).filter(([tag]) => kept.has(tag)));
  const { doubtedTags = [], ...rest } = arrival;
  const left = { ...rest, tags: only(tags), untagged: only(untagged) };
  return withDoubts(
    left,
    doubtedTags.filter((tag) => kept.has(tag)),
  );
}

function newest<T extends { readonly tag: Tag; readonly at: EventTime | null }>(
  tags: readonly T[],
  limit: number,
): T[] {
  if (tags.length <= limit) return [...tags];
  const order = (a: T, b: T) => (a.at === b.at ? (a.tag < b.tag ? -1 : 1) : (a.at ?? '') > (b.at ?? '') ? -1 : 1);
  return tags.toSorted(order).slice(0, limit);
}
