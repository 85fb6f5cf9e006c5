/**
 * The rounds of a tag with one digest: opened by a push; closed once every expected region has it, or it moves to another
 * digest.
 */

import type { Digest } from '../model/digest.ts';
import type { EventTime } from '../model/event-time.ts';
import { isLater } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { Arrival, Fact } from './arrival.ts';
import { hasTag, mayHaveTag } from './arrival.ts';
import { leaveTag, maxMovedTags, maxTags } from './merge-fact.ts';
import type { ImageRecord, TagProgress } from './record.ts';
import { arrivalIn, lastTagged, progressOf, tagPushes } from './record.ts';
import { isAvailableIn } from './state.ts';
import type { TagPushes } from './tag-pushes.ts';
import { isPushedLater, lastPush, latestPushes, pushIn } from './tag-pushes.ts';

/** Opens round 1 for a tag that is new to this digest. A tag that may have come back is marked to be compared first. */
export function notePushedTag(
  record: ImageRecord,
  { kind, tag, region, eventTime }: Fact,
): Pick<ImageRecord, 'tags' | 'uncomparedTags'> {
  const { tags, uncomparedTags } = record;
  if (kind !== 'push' || tag === undefined) return { tags, uncomparedTags };
  const before = progressOf(record, tag);
  if (before?.isOrdered && !mayBeBack(before, region, eventTime)) return { tags, uncomparedTags };
  const opened = { ...newRound, round: 1, isCompared: false, isOrdered: true, others: {} };
  return {
    tags: before === undefined ? keepNewest({ ...tags, [tag]: opened }, record, tag) : tags,
    uncomparedTags: markUncompared(record, tag).uncomparedTags,
  };
}

const newRound = { state: 'open', movedTo: null, movedBy: null } as const;

/** A push newer than the move in this region. It may also be an old push that was received late; the comparison decides. */
function mayBeBack({ movedBy }: TagProgress, region: Region, eventTime: EventTime): boolean {
  return movedBy !== null && isLater(eventTime, pushIn(movedBy, region));
}

/** Keeps about as many tags as the arrivals do: progress of a tag that no arrival has is of no use. */
function keepNewest(tags: Readonly<Record<string, TagProgress>>, record: ImageRecord, added: Tag) {
  if (Object.keys(tags).length <= 2 * maxMovedTags) return tags;
  const known = oldestFirst(Object.keys(tags) as Tag[], record).filter((tag) => tag !== added);
  const arrivals = Object.values(record.arrivals);
  const isHere = (tag: Tag) => arrivals.some((arrival) => hasTag(arrival, tag));
  const isOfUse = (tag: Tag) => lastTagged(record, tag) !== null || tags[tag]?.movedBy === null;
  const here = known.filter(isHere);
  const others = known.filter((tag) => !isHere(tag) && isOfUse(tag));
  const kept = new Set<string>([...here.slice(1 - maxTags), ...others.slice(-2 * maxMovedTags), added]);
  return Object.fromEntries(Object.entries(tags).filter(([tag]) => kept.has(tag)));
}

/** Sorted by last push. The order of an object's keys does not help: keys that are numbers always come first. */
function oldestFirst(tags: readonly Tag[], record: ImageRecord): Tag[] {
  const known = tags.map((tag) => ({ tag, pushedAt: lastTagged(record, tag) ?? '' }));
  known.sort((a, b) => Number(a.pushedAt > b.pushedAt) - Number(a.pushedAt < b.pushedAt));
  return known.map(({ tag }) => tag);
}

/** Open tags of the ended generation that an unexpected region still has: the new generation must publish their outcome. */
export function carryOpenTags(record: ImageRecord): Pick<ImageRecord, 'tags' | 'uncomparedTags'> {
  const isThere = (tag: string) => Object.values(record.arrivals).some((arrival) => hasTag(arrival, tag as Tag));
  const tags = Object.entries(record.tags).filter(([tag, { state }]) => state === 'open' && isThere(tag));
  const uncomparedTags = record.uncomparedTags.filter((tag) => tags.some(([open]) => open === tag));
  return { tags: Object.fromEntries(tags), uncomparedTags };
}

/**
 * The tag was pushed with another digest, in those regions at those times. If that was later, and the tag had not converged on
 * this digest, it never will.
 */
export function tagMoved(
  record: ImageRecord,
  { tag, to, pushes }: { readonly tag: Tag; readonly to: Digest; readonly pushes: TagPushes },
): ImageRecord {
  const left = leftInRegions(record, tag, pushes);
  const progress = progressOf(record, tag);
  if (progress === undefined) return left;
  const others = latestPushes(progress.others, pushes);
  const isKnown = progress.movedBy !== null && !isPushedLater(pushes, progress.movedBy);
  const own = tagPushes(record, tag);
  if (isKnown || !isPushedLater(pushes, own)) {
    const isOrdered = progress.isOrdered && (isPushedLater(pushes, own) || isPushedLater(own, pushes));
    const isSame = others === progress.others && isOrdered === progress.isOrdered;
    const next = isSame ? left : { ...left, tags: { ...left.tags, [tag]: { ...progress, isOrdered, others } } };
    // The digest it had moved to turns out to be the older one.
    return progress.movedTo === to && isPushedLater(own, pushes) ? markUncompared(next, tag) : next;
  }
  const next = { open: 'superseded', converged: 'moved', superseded: 'superseded', moved: 'moved' } as const;
  const isNewFact = progress.state === 'open' || progress.state === 'converged';
  const moved = {
    ...progress,
    state: next[progress.state],
    movedTo: isNewFact ? to : progress.movedTo,
    movedBy: pushes,
    others,
  };
  return { ...left, tags: { ...left.tags, [tag]: moved } };
}

/** After a late report: another digest may have had the tag in that region already, and be the newer one. */
export function leaveEarlier(record: ImageRecord, tag: Tag | undefined): ImageRecord {
  const progress = tag === undefined ? undefined : progressOf(record, tag);
  if (tag === undefined || progress === undefined) return record;
  const left = leftInRegions(record, tag, progress.others);
  return left === record || progress.movedBy !== null ? left : markUncompared(left, tag);
}

function markUncompared(record: ImageRecord, tag: Tag): ImageRecord {
  const { uncomparedTags } = record;
  return uncomparedTags.includes(tag) ? record : { ...record, uncomparedTags: [...uncomparedTags, tag] };
}

function leftInRegions(record: ImageRecord, tag: Tag, pushes: TagPushes): ImageRecord {
  const arrivals = Object.entries(record.arrivals).map(([region, arrival]): [string, Arrival] => {
    const at = pushIn(pushes, region);
    return [region, at === null ? arrival : leaveTag(arrival, tag, at)];
  });
  const isSame = arrivals.every(([region, arrival]) => arrival === record.arrivals[region]);
  return isSame ? record : { ...record, arrivals: Object.fromEntries(arrivals) };
}

export interface TagComparison {
  readonly tag: Tag;
  /** The progress that was compared. If it has changed since, the result is void. */
  readonly seen: TagProgress | undefined;
  readonly own: TagPushes;
  /** The other digests' pushes: the last one per region. */
  readonly others: TagPushes;
  /** This digest was pushed later than each other one, as far as known or guessed. */
  readonly isNewest: boolean;
  /** The order to each other digest is known, not guessed. */
  readonly isOrdered: boolean;
  /** `false` if another digest of the tag may still be about to be stored: the tag must be compared again. */
  readonly isComplete: boolean;
}

/**
 * The tag's other digests have been compared, and their records have this digest's pushes. A tag that had moved may be back.
 */
export function tagCompared(record: ImageRecord, comparison: TagComparison): ImageRecord {
  const { tag, seen, own, others, isNewest, isOrdered, isComplete } = comparison;
  const progress = progressOf(record, tag);
  if (progress?.round !== seen?.round || !isSameTime(progress?.movedBy, seen?.movedBy)) return record;
  if (latestPushes(own, tagPushes(record, tag)) !== own) return record;
  const endsComparison = isComplete && record.uncomparedTags.includes(tag);
  const uncomparedTags = endsComparison ? record.uncomparedTags.filter((one) => one !== tag) : record.uncomparedTags;
  const isBack = isNewest && progress !== undefined && progress.movedBy !== null;
  const isSame = progress === undefined || (progress.isCompared && !isBack && progress.isOrdered === isOrdered);
  if (isSame) return endsComparison ? { ...record, uncomparedTags } : record;
  const compared = isBack ? { ...progress, ...newRound, round: progress.round + 1 } : progress;
  return {
    ...record,
    tags: {
      ...record.tags,
      [tag]: { ...compared, isCompared: true, isOrdered, others: latestPushes(compared.others, others) },
    },
    uncomparedTags,
  };
}

function isSameTime(a: TagPushes | null | undefined, b: TagPushes | null | undefined): boolean {
  return lastPush(a ?? {}) === lastPush(b ?? {});
}

/** Whether the tag was pushed with this digest, in some region, later than was known before. */
export function hasNewPush(before: ImageRecord, after: ImageRecord, tag: Tag): boolean {
  const pushes = tagPushes(before, tag);
  return latestPushes(pushes, tagPushes(after, tag)) !== pushes;
}

/** How often the tag has come to this digest; 0 if it has no progress here. */
export function roundOf(record: ImageRecord, tag: Tag): number {
  return progressOf(record, tag)?.round ?? 0;
}

/**
 * Tags to ask the replicas for: those not yet in all regions, and those that a region may still have without a report. Oldest
 * push first.
 */
export function tagsToAsk(record: ImageRecord, set: ReplicaSet): Tag[] {
  const tags = Object.entries(record.tags)
    .filter(([tag, { state }]) => state === 'open' || (state === 'converged' && isInDoubt(record, tag as Tag, set)))
    .map(([tag]) => tag as Tag);
  return oldestFirst(tags, record);
}

/** Whether some region had a tag of this image, and it is unknown whether it still has it. */
export function hasTagInDoubt(record: ImageRecord, set: ReplicaSet): boolean {
  return Object.entries(record.tags).some(
    ([tag, { state }]) => (state === 'open' || state === 'converged') && isInDoubt(record, tag as Tag, set),
  );
}

/**
 * Tags whose newest digest this may be, and that an expected region may resolve to another one. That a tag has converged does not
 * mean that it stays so: an older digest may reach a replica that is new.
 */
export function tagsThatMayDiverge(record: ImageRecord, set: ReplicaSet): Tag[] {
  const has = (arrival: Arrival | undefined, tag: Tag) => arrival !== undefined && hasTag(arrival, tag);
  return (Object.keys(record.tags) as Tag[]).filter((tag) => {
    const progress = progressOf(record, tag);
    if (progress === undefined) return false;
    const isAlone = progress.isCompared && Object.keys(progress.others).length === 0;
    // Where the order is not known, the newest digest is guessed, and it may be one that the tag seemed to have left.
    const hasMoved = progress.movedBy !== null && progress.isOrdered;
    if (isAlone || hasMoved) return false;
    const isSomewhere = Object.values(record.arrivals).some((arrival) => has(arrival, tag));
    return isSomewhere && !expectedRegions(set).every((region) => has(arrivalIn(record, region), tag));
  });
}

function isInDoubt(record: ImageRecord, tag: Tag, set: ReplicaSet): boolean {
  return expectedRegions(set).some((region) => {
    const arrival = arrivalIn(record, region);
    return arrival !== undefined && mayHaveTag(arrival, tag);
  });
}

/**
 * Announces tags that have converged or were superseded, and closes the rounds of those that every expected region has.
 * @param note stores an announcement; returns `false` if that must wait, and the round then stays open
 */
export function closeTags(
  record: ImageRecord,
  set: ReplicaSet,
  note: (kind: 'tagConverged' | 'tagSuperseded', tag: { name: Tag; round: number }) => boolean,
): ImageRecord['tags'] {
  const expected = expectedRegions(set);
  const there = expected.flatMap((region) => {
    const arrival = arrivalIn(record, region);
    return arrival !== undefined && isAvailableIn(record, region, set) ? [arrival] : [];
  });
  const isEverywhere = expected.length > 0 && there.length === expected.length;
  const closed = Object.entries(record.tags).map(([text, progress]): [string, TagProgress] => {
    const name = text as Tag;
    if (progress.state === 'superseded') note('tagSuperseded', { name, round: progress.round });
    const isClosed = progress.state !== 'open' || !progress.isCompared;
    if (isClosed || !isEverywhere || !there.every((arrival) => hasTag(arrival, name))) return [text, progress];
    return note('tagConverged', { name, round: progress.round })
      ? [text, { ...progress, state: 'converged' }]
      : [text, progress];
  });
  return Object.fromEntries(closed);
}
