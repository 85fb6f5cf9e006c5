/**
 * Lists of images, newest first. The lists only give candidates; each image on the page is read, so the list never contradicts
 * the records. One page reads a limited number of entries: with a filter that few images pass, a page may be short or empty and
 * still have a `next`.
 */

import { countedStates, isDelayed } from '../catalogue/entry.ts';
import type { CatalogueStore, ListOrder } from '../catalogue/ports.ts';
import type { Search } from '../catalogue/search.ts';
import { findImages, isFound, maxFound } from '../catalogue/search.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { isPartOfFamily, unexpired } from '../image/record.ts';
import { hasRefusedEvent } from '../image/refused-events.ts';
import { dropStaleFacts, imageState, isAvailableIn, missingRegions } from '../image/state.ts';
import type { Repository } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import { isListIncomplete } from '../store/list-completeness.ts';
import { pageOpenImages } from '../store/open-images.ts';
import type { CheckpointStore, ImageListName, ImageLists, ImageStore, ListEntry, ListPage } from '../store/ports.ts';
import type { ListedImage } from './describe-listed.ts';
import { describeListed, divergedTagsOf } from './describe-listed.ts';
import { inOrder } from './sort-images.ts';

export const listableStates = [
  'replicating',
  'available',
  'delayed',
  'diverged',
  'deleting',
  'deleted',
  'unpublished',
] as const;
export type ListableState = (typeof listableStates)[number];

export interface ImageQuery {
  readonly registry: Registry;
  readonly repository: Repository | undefined;
  readonly state: ListableState | undefined;
  /** With `missing`, only images that the region lacks; without, only images that it has. */
  readonly region: Region | undefined;
  /** Only images missing in `region`, or in any expected region. */
  readonly missing: boolean;
  readonly search?: Search | undefined;
  /** `newest` by default. */
  readonly sort?: ListOrder;
  /** Whether to include manifests that an index lists, and attached artifacts. */
  readonly members?: boolean;
  readonly limit: number;
  /** The `next` of an earlier page of the same list. */
  readonly cursor: string | undefined;
}

export interface ImageListing {
  readonly images: readonly ListedImage[];
  readonly next: string | null;
}

const readAtOnce = 32;

interface ListPorts {
  readonly store: ImageStore;
  readonly lists: ImageLists;
  readonly checkpoints: Pick<CheckpointStore, 'load'>;
  /** `undefined` if images are not counted; lists then have one order only. */
  readonly catalogue?: { readonly store: CatalogueStore };
}

export async function listImages(
  ports: ListPorts,
  query: ImageQuery,
  set: ReplicaSet,
  now: number,
): Promise<ImageListing> {
  const found = await findAll(ports, query);
  if (found !== undefined) return listFound(ports, found, query, set, now);
  const images: ListedImage[] = [];
  const { registry } = query;
  const pageAt = await pageSource(ports, query, set, now);
  let cursor = query.cursor;
  let examined = 0;
  const maxExamined = query.limit * 4 + 100;
  let atOnce = query.limit;
  for (;;) {
    const room = query.limit - images.length;
    const page = await pageAt(cursor, Math.min(atOnce, maxExamined - examined));
    const records = await readRecords(ports.store, page.entries, set);
    const passing = await keepDiverged(
      ports,
      query,
      records.filter((record) => passes(record, query, set)),
      set,
    );
    const lastWithRoom = passing[room - 1];
    if (lastWithRoom !== undefined && passing.length > room) {
      // More images pass than fit on the page: read again, only up to the last one that fits.
      atOnce = page.entries.findIndex(({ name }) => isSameImage(name, lastWithRoom.name)) + 1;
      continue;
    }
    images.push(...(await describeListed(ports.catalogue?.store, passing, registry, set, now)));
    examined += page.entries.length;
    if (page.next === null) return { images, next: null };
    if (images.length >= query.limit || examined >= maxExamined) return { images, next: page.next };
    // Few images pass. Larger chunks avoid two storage calls, one after the other, for each of them.
    atOnce = Math.max(query.limit - images.length, readAtOnce);
    cursor = page.next;
  }
}

type PageSource = (cursor: string | undefined, limit: number) => Promise<ListPage>;

/** @returns reads one page of the list that answers the query: of the catalogue, of open images, or of all of a state */
async function pageSource(ports: ListPorts, query: ImageQuery, set: ReplicaSet, now: number): Promise<PageSource> {
  const { repository, state, sort = 'newest' } = query;
  const registry = query.registry.name;
  const { catalogue, lists } = ports;
  const list = listFor(query);
  const isIncomplete = list === 'replicating' && isListIncomplete(await ports.checkpoints.load(registry), set);
  if (isInCatalogue(query) && catalogue !== undefined) {
    return (cursor, limit) => catalogue.store.page({ registry, cursor, limit, order: sort, list: state ?? 'all' });
  }
  if (list !== 'replicating') return (cursor, limit) => lists.page({ registry, repository, cursor, limit, list });
  return (cursor, limit) =>
    pageOpenImages(lists, { registry, repository, cursor, limit, isListIncomplete: isIncomplete }, now);
}

/** All matching entries, if they are few enough to be sorted here; `undefined` if a list already has them in order. */
async function findAll(ports: ListPorts, query: ImageQuery): Promise<readonly ListEntry[] | undefined> {
  const { search, repository, sort = 'newest' } = query;
  const registry = query.registry.name;
  if (search !== undefined) {
    return ports.catalogue && findImages(ports.lists, ports.catalogue.store, registry, search);
  }
  if (repository === undefined || sort === 'newest') return undefined;
  const { entries, next } = await ports.lists.page({ registry, list: 'all', repository, limit: maxFound });
  return next === null ? entries : undefined;
}

/** Whether only the catalogue has that list. All other lists have an image as soon as it is written. */
function isInCatalogue({ sort = 'newest', state, repository }: ImageQuery): boolean {
  return (
    repository === undefined &&
    (sort !== 'newest' || state === 'diverged' || state === 'unpublished' || state === 'deleting')
  );
}

/** A page of entries that are few enough to be sorted here. The cursor is the number of images already listed. */
async function listFound(
  ports: ListPorts,
  found: readonly ListEntry[],
  query: ImageQuery,
  set: ReplicaSet,
  now: number,
): Promise<ImageListing> {
  const newest = [...found].sort((a, b) => b.firstSeenAt - a.firstSeenAt || (a.name.digest < b.name.digest ? -1 : 1));
  const records = await readRecords(ports.store, newest, set);
  const passing = await keepDiverged(
    ports,
    query,
    records.filter((record) => passes(record, query, set)),
    set,
  );
  const [, from = '0'] = /^f([0-9]{1,6})$/.exec(query.cursor ?? '') ?? [];
  const end = Number(from) + query.limit;
  const shown = inOrder(passing, query.sort ?? 'newest', set, now).slice(Number(from), end);
  return {
    images: await describeListed(ports.catalogue?.store, shown, query.registry, set, now),
    next: end < passing.length ? `f${end}` : null,
  };
}

/**
 * For the state `diverged`: keeps images with a diverged tag. That is stored in the catalogue's entries, not in the records.
 */
async function keepDiverged(
  { catalogue }: ListPorts,
  query: ImageQuery,
  records: readonly ImageRecord[],
  set: ReplicaSet,
): Promise<readonly ImageRecord[]> {
  if (query.state !== 'diverged' || (query.search === undefined && isInCatalogue(query))) return records;
  const found: ImageRecord[] = [];
  for (const some of inChunks(records, readAtOnce)) {
    const diverged = await divergedTagsOf(catalogue?.store, some, set);
    found.push(...some.filter((_, i) => (diverged?.[i]?.length ?? 0) > 0));
  }
  return found;
}

function isSameImage(a: ImageName, b: ImageName): boolean {
  return a.repository === b.repository && a.digest === b.digest;
}

/** Reads the records of these entries, in their order. Entries without a current record are left out. */
export async function readRecords(
  store: ImageStore,
  entries: readonly ListEntry[],
  set: ReplicaSet,
): Promise<ImageRecord[]> {
  const records: ImageRecord[] = [];
  for (const some of inChunks(entries, readAtOnce)) {
    const read = await Promise.all(
      some.map(async (entry) => {
        const record = unexpired((await store.read(entry.name))?.record);
        // Otherwise the entry is of an earlier generation, or of a first write that lost to another instance.
        return record?.firstSeenAt === entry.firstSeenAt ? [dropStaleFacts(record, set)] : [];
      }),
    );
    records.push(...read.flat());
  }
  return records;
}

function listFor(query: ImageQuery): ImageListName {
  if (query.state === 'replicating' || query.state === 'delayed' || query.state === 'deleted') return query.state;
  return 'all';
}

function passes(record: ImageRecord, query: ImageQuery, set: ReplicaSet): boolean {
  if (query.repository !== undefined && record.name.repository !== query.repository) return false;
  if (query.search !== undefined && !isFound(record, query.search)) return false;
  if (query.members !== true && isPartOfFamily(record)) return false;
  const state = imageState(record, set);
  // All that was reported is of replicas that have been replaced since. The counts leave it out too.
  if (state === 'unknown') return false;
  if (query.state === 'delayed' && !isDelayed(record, state)) return false;
  if (query.state === 'unpublished' && !hasRefusedEvent(record)) return false;
  if (countedStates.some((one) => one === query.state) && state !== query.state) return false;
  // An image that is deleted, or is being deleted, is not missing: no region is expected to get it.
  if (query.missing && (state === 'deleting' || state === 'deleted')) return false;
  if (query.region === undefined) {
    return !query.missing || missingRegions(record, set).length > 0;
  }
  return isAvailableIn(record, query.region, set) !== query.missing;
}
