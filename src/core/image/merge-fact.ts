/**
 * How a fact changes an arrival. Facts arrive in any order, with repeats, some of them days late. Merging keeps the newest of
 * each kind, so the same facts in any order give the same arrival. A push and a delete of the same instant count as deleted:
 * a false "not there" does no harm.
 */
import type { EventTime } from '../model/event-time.ts';
import { countedTime, isLater, isWithinSkew, latest } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import type { Arrival, Evidence, Fact } from './arrival.ts';
import { isAvailable, isDeleted, isDoubtful, noArrival, taggedAt, timeOf } from './arrival.ts';

/** Tags that point here. Builds without changes push tag after tag with the same digest. */
export const maxTags = 500;
/** Tags that have moved on may be dropped: without a limit, a digest that every build tags again would outgrow its row. */
export const maxMovedTags = 50;

export type MergeOutcome = 'recorded' | 'duplicate' | 'outdated';

/**
 * Enough to recognise recent repeats from a clock that is wrong. A repeat of a dropped entry could count again, with a later
 * time.
 */
export const maxAhead = 50;

/** The fact with the time that is used for it: that of an earlier receipt, or `countedTime`. */
export function withCountedTime(known: Arrival | undefined, fact: Fact): Fact {
  const eventTime = known?.ahead?.[aheadKey(fact)] ?? countedTime(fact.eventTime, fact.receivedAt);
  return eventTime === fact.eventTime ? fact : { ...fact, eventTime };
}

/** Stores the time that was used for the fact instead of its own. */
export function withAhead(arrival: Arrival, stated: Fact, counted: Fact): Arrival {
  if (stated.eventTime === counted.eventTime) return arrival;
  const ahead = [...Object.entries(arrival.ahead ?? {}), [aheadKey(stated), counted.eventTime]];
  return { ...arrival, ahead: Object.fromEntries(ahead.slice(-maxAhead)) };
}

function aheadKey({ kind, eventTime, tag }: Fact): string {
  return `${kind} ${eventTime} ${tag ?? ''}`;
}

/**
 * @returns the merged arrival, the same object if nothing changed, and what the fact was: `recorded` if it was new, `duplicate`
 * if it was known, `outdated` if it is older than what the region has already reported.
 */
export function mergeFact(before: Arrival | undefined, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const arrival = before ?? noArrival;
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
  // A probe that finds an available image once more changes nothing.
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
  if (isAvailable(deleted) && mayFollowProbe(arrival, fact, arrival.pushedAt)) {
    // Available again as soon as a probe finds it.
    const doubted = { ...deleted, doubtedAt: latest(arrival.pushedAt, arrival.doubtedAt ?? null) };
    return { arrival: doubted as Arrival, outcome: 'recorded' };
  }
  // A delete older than the newest push changes no answer, but it must be stored: a push older than the delete may follow.
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
  // Without any other report, `learnedAt` shows whether the doubt is from this replica or from the one before it.
  const learnedAt = arrival === noArrival ? receivedAt : arrival.learnedAt;
  const doubted = { ...arrival, learnedAt, doubtedAt: eventTime };
  return { arrival: doubted, outcome: isDoubtful(doubted) ? 'recorded' : 'outdated' };
}

/** Stored even if the tag is not known to point here: an older push may arrive later. */
function mergeUntag(arrival: Arrival, fact: Fact): { arrival: Arrival; outcome: MergeOutcome } {
  const { tag, eventTime, receivedAt } = fact;
  if (tag === undefined) return { arrival, outcome: 'duplicate' };
  const known = timeOf(arrival.untagged, tag);
  if (!isLater(eventTime, known)) return { arrival, outcome: eventTime === known ? 'duplicate' : 'outdated' };
  const pushedAt = taggedAt(arrival, tag);
  const learnedAt = arrival === noArrival ? receivedAt : arrival.learnedAt;
  const untagged = (at: EventTime) => ({
    arrival: untag({ ...arrival, learnedAt }, tag, at, isEvent(fact)),
    outcome: 'recorded' as const,
  });
  if (pushedAt === null || isLater(eventTime, pushedAt)) return untagged(eventTime);
  return mayFollowProbe(arrival, fact, pushedAt) ? untagged(pushedAt) : { arrival, outcome: 'outdated' };
}

/**
 * Whether the region may have removed it after a probe found it. The probe's time is from our clock; the event's time is from the
 * region's clock, which may be some minutes behind.
 * @param seenAt time of the push that would otherwise outweigh the removal
 */
function mayFollowProbe(arrival: Arrival, fact: Fact, seenAt: EventTime | null): boolean {
  const isFromProbe = seenAt !== null && (arrival.eventTime === null || isLater(seenAt, arrival.eventTime));
  return (
    isFromProbe && isEvent(fact) && isLater(fact.eventTime, arrival.eventTime) && isWithinSkew(fact.eventTime, seenAt)
  );
}

/** A probe reports that the manifest is there now, not when it was pushed. */
function isEvent(fact: Fact): boolean {
  return fact.evidence !== 'probe' && fact.evidence !== 'deepProbe';
}

/** The tag was pushed with another digest in that region, at that time. If that is later, the tag has left this digest. */
export function leaveTag(arrival: Arrival, tag: Tag, at: EventTime): Arrival {
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

/** @param isDoubt known only from an event, which named no digest */
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

/** Drops the oldest tags above the limits; see `maxTags` and `maxMovedTags`. */
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
