/**
 * Where a tag points, per region. A tag is a movable name: each replica resolves it by itself, and during an
 * overwrite two regions resolve it to two digests. The facts live with the digests (each arrival knows the tags
 * pushed with it and when); this puts together what they say about one tag.
 */
import { hasTag, taggedAt } from './arrival.ts';
import type { Digest } from './digest.ts';
import type { EventTime } from './event-time.ts';
import { isLater } from './event-time.ts';
import type { ImageRecord } from './image.ts';
import { arrivalIn, arrivalRegions } from './image.ts';
import type { Repository, Tag } from './reference.ts';
import type { Region } from './region.ts';
import { sortRegions } from './region.ts';

export interface TagName {
  readonly registry: string;
  readonly repository: Repository;
  readonly tag: Tag;
}

export interface TagPointer {
  readonly digest: Digest;
  readonly pushedAt: EventTime;
  /** When we learned it, milliseconds since 1970. */
  readonly since: number;
}

/** What is known of one tag: the newest pointer of each region that has one. */
export interface TagPointers {
  readonly regions: ReadonlyMap<Region, TagPointer>;
  /** The newest of all regions; `null` while nobody has spoken of the tag. */
  readonly newest: TagPointer | null;
}

export type TagState = 'converged' | 'diverged' | 'unknown';

/** @param candidates every image that this tag is known to have been pushed with */
export function tagPointers(tag: Tag, candidates: readonly ImageRecord[]): TagPointers {
  const regions = sortRegions(candidates.flatMap(arrivalRegions));
  const pointers = new Map<Region, TagPointer>();
  let newest: TagPointer | null = null;
  for (const region of regions) {
    // The last push in this region decides, even if its digest is gone by now: then the tag is gone with it.
    let last: (TagPointer & { readonly isThere: boolean }) | undefined;
    for (const record of candidates) {
      const arrival = arrivalIn(record, region);
      const pushedAt = arrival === undefined ? null : taggedAt(arrival, tag);
      if (arrival === undefined || pushedAt === null) continue;
      const { digest } = record.name;
      const pointer = { digest, pushedAt, since: arrival.since, isThere: hasTag(arrival, tag) };
      if (isNewer(pointer, last)) last = pointer;
    }
    if (last === undefined || !last.isThere) continue;
    const { isThere: _isThere, ...pointer } = last;
    pointers.set(region, pointer);
    if (isNewer(pointer, newest ?? undefined)) newest = pointer;
  }
  return { regions: pointers, newest };
}

/** Two pushes of the same instant are decided by digest, so that every instance decides alike. */
function isNewer(pointer: TagPointer, than: TagPointer | undefined): boolean {
  if (than === undefined || isLater(pointer.pushedAt, than.pushedAt)) return true;
  return pointer.pushedAt === than.pushedAt && pointer.digest > than.digest;
}

/** `converged` when every one of these regions resolves the tag to one digest. */
export function tagState(pointers: TagPointers, regions: readonly Region[]): TagState {
  if (pointers.newest === null) return 'unknown';
  const digests = new Set(regions.map((region) => pointers.regions.get(region)?.digest));
  return digests.size === 1 && !digests.has(undefined) ? 'converged' : 'diverged';
}

/**
 * Whether `digest` once had the tag and lost it: in every one of these regions the tag has been pushed since
 * with another digest. A digest nobody has reported under this tag is not superseded, it is not there yet.
 */
export function isSuperseded(
  pointers: TagPointers,
  record: ImageRecord | undefined,
  tag: Tag,
  regions: readonly Region[],
): boolean {
  if (record === undefined) return false;
  const times = Object.values(record.arrivals).flatMap((arrival) => taggedAt(arrival, tag) ?? []);
  const last = times.sort().at(-1);
  if (last === undefined) return false;
  return regions.every((region) => {
    const pointer = pointers.regions.get(region);
    return pointer !== undefined && pointer.digest !== record.name.digest && isLater(pointer.pushedAt, last);
  });
}
