/** What the store needs: records, the lists and tags that point at them, and durable timers. Every method fails with an `UpstreamError`. */

import type { Acknowledgement } from '../image/acknowledge.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import type { TagName } from '../image/tag-name.ts';
import type { Digest } from '../model/digest.ts';
import type { EventTime } from '../model/event-time.ts';
import type { Repository } from '../model/reference.ts';
import type { Version } from '../runtime/version.ts';
export interface StoredImage {
  readonly record: ImageRecord;
  readonly version: Version;
}

export interface ImageChange {
  readonly record: ImageRecord;
  /** The version it was derived from; `undefined` for an image that is not stored yet. */
  readonly basedOn: Version | undefined;
}

/** The truth about images: one record each, written whole or not at all. */
export interface ImageStore {
  read(name: ImageName): Promise<StoredImage | undefined>;
  /** `conflict`: another writer was first; read again and decide again. */
  commit(change: ImageChange): Promise<{ readonly version: Version } | 'conflict'>;
  /**
   * Notes beside the record what the topic has taken, whatever the record's version is; from now on it is in what is read.
   * About an image that is not there nothing is noted.
   * @param now milliseconds since 1970
   */
  acknowledge(name: ImageName, taken: readonly Acknowledgement[], now: number): Promise<void>;
  /**
   * Images of a registry about which the topic took something at or after that time, in no particular order. A page may
   * be empty and still have a `next`.
   * @param cursor as returned by an earlier page
   */
  publishedSince(query: {
    readonly registry: string;
    /** Milliseconds since 1970. */
    readonly since: number;
    readonly cursor: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly images: readonly ImageRecord[]; readonly next: string | null }>;
}

/** Which list of the index. `all` holds every image, the others those in that state; lists may lag, records decide. */
export type IndexList = (typeof everyList)[number];

export const everyList = ['all', 'replicating', 'delayed', 'deleted'] as const;

export interface IndexEntry {
  readonly name: ImageName;
  /** Start of the generation it was listed for, milliseconds since 1970. */
  readonly firstSeenAt: number;
}

export interface IndexPage {
  readonly entries: readonly IndexEntry[];
  /** Where the next page starts; `null` after the last. */
  readonly next: string | null;
}

/** Lists of images, newest first, at a cost that follows the page. Entries are hints: the record is the truth. */
export interface ImageIndex {
  add(entry: IndexEntry, lists: readonly IndexList[]): Promise<void>;
  /** Not finding the entry is fine. */
  remove(entry: IndexEntry, lists: readonly IndexList[]): Promise<void>;
  /** @param cursor as returned by an earlier page of the same list; whether its last entry is still there is no matter */
  page(query: {
    readonly registry: string;
    readonly list: IndexList;
    readonly repository?: Repository | undefined;
    readonly cursor?: string | undefined;
    /** Only images first seen before that time, milliseconds since 1970. */
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<IndexPage>;
}

/** Which digests a tag has been pushed with. */
export interface TagIndex {
  /**
   * @returns `first` when no digest had been noted under this tag before; `again` when one may have been, which may be
   * this one
   */
  note(name: TagName, digest: Digest, pushedAt: EventTime): Promise<'first' | 'again'>;
  /** Newest first. */
  digests(name: TagName): Promise<readonly { readonly digest: Digest; readonly pushedAt: EventTime }[]>;
  /** Unless it was noted with a later push than this one meanwhile. Not finding it is fine. */
  forget(name: TagName, digest: Digest, pushedAt: EventTime): Promise<void>;
}

/** A durable timer: somebody, on whatever instance, will look at the image at about that time. At least once. */
export interface ReconcileQueue {
  /**
   * @param at milliseconds since 1970; past times mean now
   * @param firstNoticedAt handed back with the name: since when an image is looked for that no replica has reported yet
   * @returns for when it is set: a moment later, so that no two timers of an image are set for the same time
   */
  add(name: ImageName, at: number, firstNoticedAt?: number): Promise<number>;
  /**
   * Calls off the timer that is set for that time: nobody may count on it any more. Not finding it is fine.
   * @param at as returned by `add`
   */
  cancel(name: ImageName, at: number): Promise<void>;
}

/** How far the images that are not everywhere have been looked at for a set of replicas. */
export interface ReconcileCheckpoint {
  /** Names the set, as far as it decides what is everywhere. */
  readonly set: string;
  /** Where the lists go on; `null` once all have been looked at. */
  readonly cursor: string | null;
  /** Whether more is asked of an image than before: then those that were everywhere are looked at as well. */
  readonly isGrown?: boolean;
}

/** Remembers it, so that a review goes on when the instance that makes it dies. */
export interface CheckpointStore {
  load(registry: string): Promise<ReconcileCheckpoint | undefined>;
  save(registry: string, note: ReconcileCheckpoint): Promise<void>;
}
