/** Ports of the catalogue. Every method fails with an `UpstreamError`, as in ../ports.ts. */

import type { ImageName } from '../image/record.ts';
import type { Repository } from '../model/reference.ts';
import type { Version } from '../runtime/version.ts';
import type { ListEntry, ListPage } from '../store/ports.ts';
import type { CatalogueCounts } from './counts.ts';
import type { CatalogueEntry, CountedState } from './entry.ts';

export const listOrders = ['newest', 'lag', 'name'] as const;
/**
 * `lag`: open images first, the oldest first; then by the time from the first region to the last, the slowest first. `name`: by
 * repository, and within it the newest first.
 */
export type ListOrder = (typeof listOrders)[number];

/** Lists that exist in each order. */
export type CatalogueList = 'all' | CountedState | 'delayed' | 'diverged' | 'unpublished';

export interface CatalogueChange {
  readonly name: ImageName;
  /** The entry that is counted now. */
  readonly before: CatalogueEntry | undefined;
  readonly after: CatalogueEntry | undefined;
}

export interface CatalogueStore {
  /** Costs one request. */
  counts(registry: string): Promise<{ readonly counts: CatalogueCounts; readonly version: Version | undefined }>;
  entry(name: ImageName): Promise<CatalogueEntry | undefined>;
  /**
   * Writes the counts, the entries and their rows in lists, and removes search rows as `removeSearchRows` does, as far as they fit, in
   * one transaction. Callers read the counts first, then entries, then
   * records, so that anything another process counts in between leads to `conflict`. So does an entry of an image whose change
   * says that it had none.
   * @param changes at most `maxRows` rows; see `rowsOf`
   * @returns the new version of the counts, `undefined` if the storage does not return it
   */
  commit(
    registry: string,
    counts: CatalogueCounts,
    basedOn: Version | undefined,
    changes: readonly CatalogueChange[],
  ): Promise<{ readonly version: Version | undefined } | 'conflict'>;
  /** The number of rows that a change writes. */
  rowsOf(change: CatalogueChange): number;
  /** Adds search rows for parts of names that the images did not have before. Rows are hints: the record decides. */
  addSearchRows(changes: readonly CatalogueChange[]): Promise<void>;
  /**
   * To be called after `commit`: removes the other search rows for parts of names that the images do not have any more. A row that
   * another process has added again stays, however late this is.
   */
  removeSearchRows(changes: readonly CatalogueChange[]): Promise<void>;
  /** How far the recount of all images has come. */
  recounted(registry: string): Promise<Recount | undefined>;
  saveRecounted(registry: string, recount: Recount): Promise<void>;
  /** @param cursor as returned by an earlier page of the same list */
  page(query: {
    readonly registry: string;
    readonly order: ListOrder;
    readonly list: CatalogueList;
    readonly cursor: string | undefined;
    readonly limit: number;
  }): Promise<ListPage>;
  /**
   * Images with a tag that contains that part, or ends with it: at most `limit`, in no particular order.
   */
  byTag(registry: string, part: string, where: 'anywhere' | 'end', limit: number): Promise<readonly ListEntry[]>;
  /** Images whose digest starts with these hex digits. */
  byDigest(registry: string, start: string, limit: number): Promise<readonly ListEntry[]>;
  /** Repositories whose names contain that part. */
  repositories(registry: string, part: string, limit: number): Promise<readonly Repository[]>;
}

/**
 * The progress of a recount: all images are counted again twice for each replica set, which decides what is open. Other
 * instances may use the set before it for a while.
 */
export interface Recount {
  /** Identifies the set by what decides an image's entry. */
  readonly set: string;
  /** Where the recount continues in the list of all images; `null` once it is complete. */
  readonly cursor: string | null;
  /** When the second time may begin, milliseconds since 1970; left out during the first. */
  readonly againFrom?: number;
}

/** Together with the row of counts, the most that one transaction allows. */
export const maxRows = 99;

/** Durable timers, so that any instance can count an image. */
export interface CatalogueTimer {
  /** @param at milliseconds since 1970 */
  remind(name: ImageName, at: number): Promise<void>;
  /** Cancels the timer that was set for exactly that time. Does nothing if it is not there. */
  cancel(name: ImageName, at: number): Promise<void>;
}
