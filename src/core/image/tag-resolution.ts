/**
 * Where a tag points, per region. A tag is a movable name: each replica resolves it by itself, and during an
 * overwrite two regions resolve it to two digests. The facts live with the digests (each arrival knows the tags
 * pushed with it and when); this puts together what they say about one tag.
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
  /** When we learned it, milliseconds since 1970. */
  readonly since: number;
  /** All pushes of that digest under the tag. */
  readonly pushes: TagPushes;
}

interface Candidate {
  readonly digest: Digest;
  readonly record: ImageRecord;
  readonly pushes: TagPushes;
}

/** What is known of one tag: the newest pointer of each region that has one. */
export interface TagPointers {
  readonly regions: ReadonlyMap<Region, TagPointer>;
  /** The newest of all regions, of those that have it; where none has, of those that had it. `null` while nobody has spoken of the tag. */
  readonly newest: TagPointer | null;
}

export type TagState = 'converged' | 'converging' | 'diverged' | 'unknown';

/** @param images every image that this tag is known to have been pushed with */
export function tagPointers(tag: Tag, images: readonly ImageRecord[]): TagPointers {
  const candidates = images
    .map((record): Candidate => ({ digest: record.name.digest, record, pushes: tagPushes(record, tag) }))
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const isInSight = ({ record }: Candidate) => !isMovedOutOfSight(record, tag, candidates);
  return pointersOf(tag, candidates, isInSight);
}

/** What one image by itself says about the tag. */
export function ownPointers(tag: Tag, record: ImageRecord): TagPointers {
  return pointersOf(tag, [{ digest: record.name.digest, record, pushes: tagPushes(record, tag) }], () => true);
}

function pointersOf(tag: Tag, candidates: readonly Candidate[], isInSight: (one: Candidate) => boolean): TagPointers {
  const regions = new Map<Region, TagPointer>();
  const deleted: TagPointer[] = [];
  for (const region of sortRegions(candidates.flatMap(({ record }) => arrivalRegions(record)))) {
    // The last push in this region decides, even if its digest is gone by now: then the tag is gone with it.
    const last = candidates.reduce<Candidate | undefined>((a, b) => (isLastIn(region, b, a) ? b : a), undefined);
    const arrival = arrivalIn(last?.record, region);
    const pushedAt = last === undefined ? null : pushIn(last.pushes, region);
    if (last === undefined || arrival === undefined || pushedAt === null) continue;
    const pointer = { digest: last.digest, pushedAt, since: arrival.since, pushes: last.pushes };
    if (isDeleted(arrival)) deleted.push(pointer);
    else if (hasTag(arrival, tag) && isInSight(last)) regions.set(region, pointer);
  }
  return { regions, newest: newestOf(regions.size > 0 ? [...regions.values()] : deleted) };
}

/** Two pushes of the same instant are decided by digest, so that every instance decides alike. */
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

/** It has moved to a digest that was forgotten since: where it points now, nobody knows. */
function isMovedOutOfSight(record: ImageRecord, tag: Tag, candidates: readonly Candidate[]): boolean {
  const movedTo = progressOf(record, tag)?.movedTo;
  return movedTo != null && !candidates.some(({ digest, pushes }) => digest === movedTo && lastPush(pushes) !== null);
}

/**
 * `converged` when every one of these regions resolves the tag to one digest; `diverged` when one has held another digest
 * than the newest for longer than `delayedAfterMs`; `converging` before that, and while a region has not told of the tag.
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
  const isHeldBack = [...digests].some((digest) => digest !== undefined && digest !== newest.digest);
  return isHeldBack && now - firstPush(newest.pushes) > delayedAfterMs ? 'diverged' : 'converging';
}

/** Milliseconds since 1970. */
function firstPush(pushes: TagPushes): number {
  return Math.min(...Object.values(pushes).map((at) => Date.parse(at)));
}

/**
 * Whether the image once had the tag and lost it: every one of these regions resolves it to another digest that is
 * known to be newer. A digest nobody has reported under this tag is not superseded, it is not there yet.
 */
export function isSuperseded(
  pointers: TagPointers,
  record: ImageRecord | undefined,
  tag: Tag,
  regions: readonly Region[],
): boolean {
  if (record === undefined) return false;
  const own = tagPushes(record, tag);
  // No region at all: which replicas there are is not known yet.
  if (lastPush(own) === null || regions.length === 0) return false;
  return regions.every((region) => {
    const pointer = pointers.regions.get(region);
    return pointer !== undefined && pointer.digest !== record.name.digest && isPushedLater(pointer.pushes, own);
  });
}
