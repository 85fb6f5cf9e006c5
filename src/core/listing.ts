/**
 * Lists of images, newest first. The index only says where to look; every image on the page is read, so the list
 * never claims what the record does not. One page reads a bounded number of entries: with a filter that few images
 * pass, a page may be short or empty and still have a `next`.
 */
import type { AvailabilityDocument } from './availability.ts';
import { describeImage } from './availability.ts';
import type { ImageName, ImageRecord } from './image.ts';
import { imageState, isAvailableIn, withoutVoid } from './image.ts';
import { pageOpenImages } from './open-images.ts';
import type { ImageIndex, ImageStore, IndexEntry, IndexList } from './ports.ts';
import type { Repository } from './reference.ts';
import type { Region } from './region.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions } from './replica-set.ts';

export const listableStates = ['replicating', 'available', 'delayed', 'deleted'] as const;
export type ListableState = (typeof listableStates)[number];

export interface ImageQuery {
  readonly registry: Registry;
  readonly repository: Repository | undefined;
  readonly state: ListableState | undefined;
  /** With `missing`: not there. Without: there. */
  readonly region: Region | undefined;
  /** Only images missing in `region`, or in any expected region. */
  readonly missing: boolean;
  readonly limit: number;
  /** The `next` of an earlier page of the same list. */
  readonly cursor: string | undefined;
}

export interface ImageListing {
  readonly images: readonly AvailabilityDocument[];
  readonly next: string | null;
}

const readAtOnce = 32;

export async function listImages(
  ports: { readonly store: ImageStore; readonly index: ImageIndex },
  query: ImageQuery,
  set: ReplicaSet,
  now: number,
): Promise<ImageListing> {
  const images: AvailabilityDocument[] = [];
  const { registry, repository } = query;
  const list = listFor(query);
  let cursor = query.cursor;
  let examined = 0;
  const most = query.limit * 4 + 100;
  let atOnce = query.limit;
  for (;;) {
    const room = query.limit - images.length;
    const asked = { registry: registry.name, repository, cursor, limit: Math.min(atOnce, most - examined) };
    const page = await (list === 'replicating'
      ? pageOpenImages(ports.index, asked, now)
      : ports.index.page({ ...asked, list }));
    const records = await readRecords(ports.store, page.entries, set);
    const passing = records.filter((record) => passes(record, query, set));
    const lastWithRoom = passing[room - 1];
    if (lastWithRoom !== undefined && passing.length > room) {
      // The page ends behind images that there is no room for: once more, up to the last that there is.
      atOnce = page.entries.findIndex(({ name }) => isSameImage(name, lastWithRoom.name)) + 1;
      continue;
    }
    images.push(...passing.map((record) => describeImage(record, registry, set, now)));
    examined += page.entries.length;
    if (page.next === null) return { images, next: null };
    if (images.length >= query.limit || examined >= most) return { images, next: page.next };
    // Few pass: looked for one by one, they would cost two turns of the storage each.
    atOnce = Math.max(query.limit - images.length, readAtOnce);
    cursor = page.next;
  }
}

function isSameImage(a: ImageName, b: ImageName): boolean {
  return a.repository === b.repository && a.digest === b.digest;
}

/** Reads the records of these entries, in their order; entries that no longer lead anywhere are left out. */
export async function readRecords(
  store: ImageStore,
  entries: readonly IndexEntry[],
  set: ReplicaSet,
): Promise<ImageRecord[]> {
  const records: ImageRecord[] = [];
  for (let from = 0; from < entries.length; from += readAtOnce) {
    const some = entries.slice(from, from + readAtOnce);
    const read = await Promise.all(
      some.map(async (entry) => {
        const stored = await store.read(entry.name);
        // An entry of an earlier generation, or of a first sight that another instance won.
        return stored?.record.firstSeenAt === entry.firstSeenAt ? [withoutVoid(stored.record, set)] : [];
      }),
    );
    records.push(...read.flat());
  }
  return records;
}

function listFor(query: ImageQuery): IndexList {
  if (query.state === 'replicating' || query.state === 'delayed' || query.state === 'deleted') return query.state;
  // An image that was complete before the set grew is on no list but this one.
  return 'all';
}

function passes(record: ImageRecord, query: ImageQuery, set: ReplicaSet): boolean {
  const state = imageState(record, set);
  const isOpen = state === 'replicating' || state === 'deleting';
  if (query.state === 'delayed' && !(isOpen && record.delayedAt !== null)) return false;
  if (query.state === 'replicating' && state !== 'replicating') return false;
  if ((query.state === 'available' || query.state === 'deleted') && state !== query.state) return false;
  // What has been deleted is not waited for anywhere.
  if (query.missing && state === 'deleted') return false;
  if (query.region === undefined) {
    return !query.missing || expectedRegions(set).some((region) => !isAvailableIn(record, region, set));
  }
  return isAvailableIn(record, query.region, set) !== query.missing;
}
