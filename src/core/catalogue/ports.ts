/** Where the catalogue of a registry's images is kept. Every method fails with an `UpstreamError`, as in ../ports.ts. */

import type { ImageName } from '../image/record.ts';
import type { Repository } from '../model/reference.ts';
import type { Version } from '../runtime/version.ts';
import type { IndexEntry, IndexPage } from '../store/ports.ts';
import type { CatalogueCounts } from './counts.ts';
import type { CatalogueEntry, CountedState } from './entry.ts';

export const listOrders = ['newest', 'lag', 'name'] as const;
/**
 * `lag`: what is not everywhere first, the longest waiting first; then by the time from the first region to the last, the
 * longest first. `name`: by repository, in it the newest first.
 */
export type ListOrder = (typeof listOrders)[number];

/** Lists that are kept in each order. */
export type CatalogueList = 'all' | CountedState | 'delayed' | 'diverged' | 'unpublished';

export interface CatalogueChange {
  readonly name: ImageName;
  /** As it is counted now. */
  readonly before: CatalogueEntry | undefined;
  readonly after: CatalogueEntry | undefined;
}

export interface CatalogueStore {
  /** One request. */
  counts(registry: string): Promise<{ readonly counts: CatalogueCounts; readonly version: Version | undefined }>;
  entry(name: ImageName): Promise<CatalogueEntry | undefined>;
  /**
   * Writes the counts, the entries, and where their images are on the lists: all or nothing. Whoever counts reads the counts
   * first, then entries, then records: whatever somebody else has written since is then a `conflict`.
   * @param changes as many as `maxRows` allows
   * @returns the new version of the counts, `undefined` where the storage does not say
   */
  commit(
    registry: string,
    counts: CatalogueCounts,
    basedOn: Version | undefined,
    changes: readonly CatalogueChange[],
  ): Promise<{ readonly version: Version | undefined } | 'conflict'>;
  /** Rows that a change writes. */
  rowsOf(change: CatalogueChange): number;
  /** Makes images to be found by the parts of their names that they did not have before. Hints: the record decides. */
  addParts(changes: readonly CatalogueChange[]): Promise<void>;
  /** Takes away those that they have no more. */
  removeParts(changes: readonly CatalogueChange[]): Promise<void>;
  /** How far all images have been counted anew. */
  recounted(registry: string): Promise<Recount | undefined>;
  saveRecounted(registry: string, recount: Recount): Promise<void>;
  /** @param cursor as returned by an earlier page of the same list */
  page(query: {
    readonly registry: string;
    readonly order: ListOrder;
    readonly list: CatalogueList;
    readonly cursor: string | undefined;
    readonly limit: number;
  }): Promise<IndexPage>;
  /**
   * Images one of whose tags has that part, or ends with it. At most `limit`, in no order that means anything.
   */
  byTag(registry: string, part: string, where: 'anywhere' | 'end', limit: number): Promise<readonly IndexEntry[]>;
  /** Images whose digest begins so. */
  byDigest(registry: string, start: string, limit: number): Promise<readonly IndexEntry[]>;
  /** Repositories whose names have that part. */
  repositories(registry: string, part: string, limit: number): Promise<readonly Repository[]>;
}

/** All images are counted anew once for each set of replicas, which decides what is everywhere. */
export interface Recount {
  /** Names the set, as far as it decides what an image counts for. */
  readonly set: string;
  /** Where the list of all images goes on; `null` once all have been counted. */
  readonly cursor: string | null;
}

/** With the counts they fit in one transaction. */
export const maxRows = 99;

/** So that an image is counted, whoever is alive then. */
export interface CatalogueTimer {
  /** @param at milliseconds since 1970 */
  remind(name: ImageName, at: number): Promise<void>;
  /** Takes back what was set for exactly that time. Not finding it is fine. */
  cancel(name: ImageName, at: number): Promise<void>;
}
