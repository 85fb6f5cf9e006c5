/**
 * Where a tag points, per region. A tag can move: each replica resolves it by itself, and while it is overwritten, two regions
 * resolve it to two digests. Each digest's arrivals store the tags pushed with it and when; this combines them for one tag.
 */

import type { Digest } from '../model/digest.ts';
import type { EventTime } from '../model/event-time.ts';
import { isLater } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import { sortRegions } from '../model/region.ts';
import { hasTag, isDeleted } from './arrival.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions, progressOf, tagPushes } from './record.ts';
import type { TagPushes } from './tag-pushes.ts';
import { isProbablyLater, isPushedLater, lastPush, pushIn } from './tag-pushes.ts';

interface TagPointer {
  readonly digest: Digest;
  readonly pushedAt: EventTime;
  /**
   * Milliseconds since 1970: when we learned of the image there, or when the tag was pushed, if that was later. The time at which we
   * learned of a tag is not stored.
   */
  readonly since: number;
  /** The last push of that digest under the tag, in each region. */
  readonly pushes: TagPushes;
}

interface Candidate {
  readonly digest: Digest;
  readonly record: ImageRecord;
  readonly pushes: TagPushes;
}

/** Where one tag points: the newest pointer of each region that has one. */
export interface TagPointers {
  readonly regions: ReadonlyMap<Region, TagPointer>;
  /**
   * The newest pointer of all regions that have the tag; if none has, of those that had it before its digest was deleted; `null`
   * if no region has reported the tag.
   */
  readonly newest: TagPointer | null;
}

export type TagState = 'converged' | 'converging' | 'diverged' | 'unknown';

/** @param images every image that this tag is known to have been pushed with */
export function tagPointers(tag: Tag, images: readonly ImageRecord[]): TagPointers {
  const candidates = images
    .map((record): Candidate => ({ digest: record.name.digest, record, pushes: tagPushes(record, tag) }))
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const mayPointHere = ({ record }: Candidate) => !hasMovedToUnknownDigest(record, tag, candidates);
  return pointersOf(tag, candidates, mayPointHere);
}

/** Where the tag points by the record of one image alone. */
export function ownPointers(tag: Tag, record: ImageRecord): TagPointers {
  return pointersOf(tag, [{ digest: record.name.digest, record, pushes: tagPushes(record, tag) }], () => true);
}

function pointersOf(
  tag: Tag,
  candidates: readonly Candidate[],
  mayPointHere: (one: Candidate) => boolean,
): TagPointers {
  const regions = new Map<Region, TagPointer>();
  const deleted: TagPointer[] = [];
  for (const region of sortRegions(candidates.flatMap(({ record }) => arrivalRegions(record)))) {
    // The last push in this region decides, even if its digest was deleted: the tag was deleted with it.
    const last = candidates.reduce<Candidate | undefined>((a, b) => (isLastIn(region, b, a) ? b : a), undefined);
    const arrival = arrivalIn(last?.record, region);
    const pushedAt = last === undefined ? null : pushIn(last.pushes, region);
    if (last === undefined || arrival === undefined || pushedAt === null) continue;
    const since = Math.max(arrival.since, Date.parse(pushedAt));
    const pointer = { digest: last.digest, pushedAt, since, pushes: last.pushes };
    if (isDeleted(arrival)) deleted.push(pointer);
    else if (hasTag(arrival, tag) && mayPointHere(last)) regions.set(region, pointer);
  }
  return { regions, newest: newestOf(regions.size > 0 ? [...regions.values()] : deleted) };
}

/** Of two pushes at the same instant the order of candidates, by digest, decides, so that every instance decides alike. */
function isLastIn(region: Region, one: Candidate, than: Candidate | undefined): boolean {
  const [at, other] = [pushIn(one.pushes, region), than === undefined ? null : pushIn(than.pushes, region)];
  return at !== null && (other === null || at >= other);
}

function newestOf(pointers: readonly TagPointer[]): TagPointer | null {
  const inOrder = [...pointers].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return inOrder.reduce<TagPointer | null>((a, b) => {
    if (a === null) return b;
    if (a.digest === b.digest) return isLater(b.pushedAt, a.pushedAt) ? b : a;
    return isProbablyLater(a.pushes, b.pushes) ? a : b;
  }, null);
}

/** Whether the tag has moved to a digest whose record is gone: where it points now is not known. */
function hasMovedToUnknownDigest(record: ImageRecord, tag: Tag, candidates: readonly Candidate[]): boolean {
  const movedTo = progressOf(record, tag)?.movedTo;
  return movedTo != null && !candidates.some(({ digest, pushes }) => digest === movedTo && lastPush(pushes) !== null);
}

/**
 * `converged` if every one of these regions resolves the tag to one digest; `diverged` if one has resolved it to another digest
 * than the newest for longer than `delayedAfterMs`; `converging` before that, and while a region has not reported the tag.
 */
export function tagState(
  pointers: TagPointers,
  regions: readonly Region[],
  now: number,
  delayedAfterMs: number,
): TagState {
  const { newest } = pointers;
  if (pointers.regions.size === 0 || newest === null) return 'unknown';
  const digests = new Set(regions.map((region) => pointers.regions.get(region)?.digest));
  if (digests.size === 1 && !digests.has(undefined)) return 'converged';
  const isAnyBehind = [...digests].some((digest) => digest !== undefined && digest !== newest.digest);
  return isAnyBehind && now - firstPush(newest.pushes) > delayedAfterMs ? 'diverged' : 'converging';
}

/** Milliseconds since 1970. */
function firstPush(pushes: TagPushes): number {
  return Math.min(...Object.values(pushes).map((at) => Date.parse(at)));
}

/**
 * Whether the image has lost the tag: every one of these regions resolves it to another digest that is known to be newer.
 * `false` for a digest that was never reported under this tag, since it may still arrive.
 */
export function isSuperseded(
  pointers: TagPointers,
  record: ImageRecord | undefined,
  tag: Tag,
  regions: readonly Region[],
): boolean {
  if (record === undefined) return false;
  const own = tagPushes(record, tag);
  // Without any region, the replica set is not known yet.
  if (lastPush(own) === null || regions.length === 0) return false;
  return regions.every((region) => {
    const pointer = pointers.regions.get(region);
    return pointer !== undefined && pointer.digest !== record.name.digest && isPushedLater(pointer.pushes, own);
  });
}
