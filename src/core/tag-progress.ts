/** What becomes of a tag with one digest: opened by a push, closed once every expected region has it, or left behind. */
import type { Arrival, Fact } from './arrival.ts';
import { hasTag, leftByTag, maxTags, mayHaveTag } from './arrival.ts';
import type { Digest } from './digest.ts';
import type { EventTime } from './event-time.ts';
import { isLater } from './event-time.ts';
import type { ImageRecord, TagProgress } from './image.ts';
import { arrivalIn, counts, lastTagged, progressOf, tagPushes } from './image.ts';
import type { Tag } from './reference.ts';
import type { Region } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions } from './replica-set.ts';
import type { TagPushes } from './tag-order.ts';
import { isPushedLater, lastPush, latestPushes, pushIn } from './tag-order.ts';

/** A tag that is new to this digest opens a round; one that may have come back to it must be compared first. */
export function learnTag(
  record: ImageRecord,
  { kind, tag, region, eventTime }: Fact,
): Pick<ImageRecord, 'tags' | 'uncheckedTags'> {
  const { tags, uncheckedTags } = record;
  if (kind !== 'push' || tag === undefined) return { tags, uncheckedTags };
  const before = progressOf(record, tag);
  if (before !== undefined && !mayBeBack(before, region, eventTime)) return { tags, uncheckedTags };
  const opened = { ...newRound, round: 1, isCompared: false, others: {} };
  return {
    tags: before === undefined ? keepNewest({ ...tags, [tag]: opened }, record, tag) : tags,
    uncheckedTags: unchecked(record, tag).uncheckedTags,
  };
}

const newRound = { state: 'open', movedTo: null, movedBy: null } as const;

/** Or it is the old push, late: what other regions have seen since decides. */
function mayBeBack({ movedBy }: TagProgress, region: Region, eventTime: EventTime): boolean {
  return movedBy !== null && isLater(eventTime, pushIn(movedBy, region) ?? lastPush(movedBy));
}

/** As many as the arrivals keep: progress of a tag that no arrival remembers is of no use. */
function keepNewest(tags: Readonly<Record<string, TagProgress>>, record: ImageRecord, added: Tag) {
  if (Object.keys(tags).length <= 2 * maxTags) return tags;
  const isOfUse = (tag: Tag) => lastTagged(record, tag) !== null || tags[tag]?.movedBy === null;
  const known = oldestFirst(Object.keys(tags) as Tag[], record).filter((tag) => tag !== added && isOfUse(tag));
  const kept = new Set<string>([...known.slice(1 - 2 * maxTags), added]);
  return Object.fromEntries(Object.entries(tags).filter(([tag]) => kept.has(tag)));
}

/** By their last push. An object says nothing of it: tags that are numbers come first in it, whenever they came. */
function oldestFirst(tags: readonly Tag[], record: ImageRecord): Tag[] {
  const known = tags.map((tag) => ({ tag, pushedAt: lastTagged(record, tag) ?? '' }));
  known.sort((a, b) => Number(a.pushedAt > b.pushedAt) - Number(a.pushedAt < b.pushedAt));
  return known.map(({ tag }) => tag);
}

/** Tags that a region which nobody waits for still has: what becomes of them has to be told, whatever the others delete. */
export function stillOpen(record: ImageRecord): Pick<ImageRecord, 'tags' | 'uncheckedTags'> {
  const isThere = (tag: string) => Object.values(record.arrivals).some((arrival) => hasTag(arrival, tag as Tag));
  const tags = Object.entries(record.tags).filter(([tag, { state }]) => state === 'open' && isThere(tag));
  const uncheckedTags = record.uncheckedTags.filter((tag) => tags.some(([open]) => open === tag));
  return { tags: Object.fromEntries(tags), uncheckedTags };
}

/**
 * Pushed with another digest, in those regions at those times. If that was later and this one had not converged, it never
 * will.
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
    const next =
      others === progress.others ? left : { ...left, tags: { ...left.tags, [tag]: { ...progress, others } } };
    // What it had moved to turns out to be the older one.
    return progress.movedTo === to && isPushedLater(own, pushes) ? unchecked(next, tag) : next;
  }
  const next = { open: 'superseded', converged: 'moved', superseded: 'superseded', moved: 'moved' } as const;
  const isNews = progress.state === 'open' || progress.state === 'converged';
  const moved = {
    ...progress,
    state: next[progress.state],
    movedTo: isNews ? to : progress.movedTo,
    movedBy: pushes,
    others,
  };
  return { ...left, tags: { ...left.tags, [tag]: moved } };
}

/** Where it arrives late, another digest may have had the tag before it came, and be the newer one. */
export function leftBefore(record: ImageRecord, tag: Tag | undefined): ImageRecord {
  const progress = tag === undefined ? undefined : progressOf(record, tag);
  if (tag === undefined || progress === undefined) return record;
  const left = leftInRegions(record, tag, progress.others);
  return left === record || progress.movedBy !== null ? left : unchecked(left, tag);
}

function unchecked(record: ImageRecord, tag: Tag): ImageRecord {
  const { uncheckedTags } = record;
  return uncheckedTags.includes(tag) ? record : { ...record, uncheckedTags: [...uncheckedTags, tag] };
}

function leftInRegions(record: ImageRecord, tag: Tag, pushes: TagPushes): ImageRecord {
  const arrivals = Object.entries(record.arrivals).map(([region, arrival]): [string, Arrival] => {
    const at = pushIn(pushes, region);
    return [region, at === null ? arrival : leftByTag(arrival, tag, at)];
  });
  const isSame = arrivals.every(([region, arrival]) => arrival === record.arrivals[region]);
  return isSame ? record : { ...record, arrivals: Object.fromEntries(arrivals) };
}

export interface TagCheck {
  readonly tag: Tag;
  /** What was looked at: what has happened since has to be looked at anew. */
  readonly seen: TagProgress | undefined;
  readonly own: TagPushes;
  /** Their pushes: the last in each region. */
  readonly others: TagPushes;
  /** Pushed later than each of the others. */
  readonly isNewest: boolean;
  /** Unless another digest may be on its way. */
  readonly isFinal: boolean;
}

/** Other digests of the tag have been looked at, and have heard of this one. If it had moved, it may turn out to be back. */
export function tagChecked(record: ImageRecord, { tag, seen, own, others, isNewest, isFinal }: TagCheck): ImageRecord {
  const progress = progressOf(record, tag);
  if (progress?.round !== seen?.round || !isSameTime(progress?.movedBy, seen?.movedBy)) return record;
  if (latestPushes(own, tagPushes(record, tag)) !== own) return record;
  const isOpen = isFinal && record.uncheckedTags.includes(tag);
  const uncheckedTags = isOpen ? record.uncheckedTags.filter((one) => one !== tag) : record.uncheckedTags;
  const isBack = isNewest && progress !== undefined && progress.movedBy !== null;
  if (progress === undefined || (progress.isCompared && !isBack)) return isOpen ? { ...record, uncheckedTags } : record;
  const checked = isBack ? { ...progress, ...newRound, round: progress.round + 1 } : progress;
  return {
    ...record,
    tags: { ...record.tags, [tag]: { ...checked, isCompared: true, others: latestPushes(checked.others, others) } },
    uncheckedTags,
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

/** How often the tag has come to this digest; 0 before the first time, and once it is forgotten. */
export function roundOf(record: ImageRecord, tag: Tag): number {
  return progressOf(record, tag)?.round ?? 0;
}

/**
 * Tags of which a replica could tell something new: not everywhere yet, or deleted somewhere with a manifest that is back.
 * Oldest first.
 */
export function tagsToAsk(record: ImageRecord, set: ReplicaSet): Tag[] {
  const mayBeBack = (tag: Tag) =>
    expectedRegions(set).some((region) => {
      const arrival = arrivalIn(record, region);
      return arrival !== undefined && mayHaveTag(arrival, tag);
    });
  const tags = Object.entries(record.tags)
    .filter(([tag, { state }]) => state === 'open' || (state === 'converged' && mayBeBack(tag as Tag)))
    .map(([tag]) => tag as Tag);
  return oldestFirst(tags, record);
}

/** Makes known what became of the tags, and closes the rounds of those that every expected region has. */
export function settleTags(
  record: ImageRecord,
  set: ReplicaSet,
  make: (kind: 'tagConverged' | 'tagSuperseded', tag: { name: Tag; round: number }) => boolean,
): ImageRecord['tags'] {
  const settled = Object.entries(record.tags).map(([text, progress]): [string, TagProgress] => {
    const name = text as Tag;
    if (progress.state === 'superseded') make('tagSuperseded', { name, round: progress.round });
    const expected = expectedRegions(set);
    const resolves = (region: Region) => {
      const arrival = arrivalIn(record, region);
      return arrival !== undefined && counts(arrival, set) && hasTag(arrival, name);
    };
    const isSettled = progress.state !== 'open' || !progress.isCompared;
    if (isSettled || expected.length === 0 || !expected.every(resolves)) return [text, progress];
    make('tagConverged', { name, round: progress.round });
    return [text, { ...progress, state: 'converged' }];
  });
  return Object.fromEntries(settled);
}
