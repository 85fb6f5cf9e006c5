/**
 * Ports of the store: records, the lists and tags that point to them, and durable timers. Every method fails with an
 * `UpstreamError`.
 */

import type { AcceptedEvents } from '../image/accepted-events.ts';
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
  /** The version that the change was decided on; `undefined` for an image that is not stored yet. */
  readonly basedOn: Version | undefined;
}

/** The only source of truth about images: one record each, written whole or not at all. */
export interface ImageStore {
  read(name: ImageName): Promise<StoredImage | undefined>;
  /** `conflict`: another writer was first; read again, and decide again. */
  commit(change: ImageChange): Promise<{ readonly version: Version } | 'conflict'>;
  /**
   * Stores beside the record what the topic has accepted, whatever the record's version is; `read` returns the record with it.
   * Does nothing if there is no record.
   * @param now milliseconds since 1970
   */
  noteAccepted(name: ImageName, accepted: readonly AcceptedEvents[], now: number): Promise<void>;
  /**
   * Images of a registry about which the topic accepted an event at or after that time, in no particular order. A page may be
   * empty and still have a `next`.
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

/** A list by which images are found. `all` holds every image, the others those in that state. Lists may lag behind the records. */
export type ImageListName = (typeof everyList)[number];

export const everyList = ['all', 'replicating', 'delayed', 'deleted'] as const;

export interface ListEntry {
  readonly name: ImageName;
  /** Start of the generation that was listed, milliseconds since 1970. */
  readonly firstSeenAt: number;
}

export interface ListPage {
  readonly entries: readonly ListEntry[];
  /** Where the next page starts; `null` after the last. */
  readonly next: string | null;
}

/** Lists of images, newest first; a page costs the same however long the list is. Entries are hints: the record decides. */
export interface ImageLists {
  add(entry: ListEntry, lists: readonly ImageListName[]): Promise<void>;
  /** Does nothing for entries that do not exist. */
  remove(entry: ListEntry, lists: readonly ImageListName[]): Promise<void>;
  /** @param cursor as returned by an earlier page of the same list; its last entry may have been removed since */
  page(query: {
    readonly registry: string;
    readonly list: ImageListName;
    readonly repository?: Repository | undefined;
    readonly cursor?: string | undefined;
    /** Only images first seen before that time, milliseconds since 1970. */
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<ListPage>;
}

/** Which digests a tag has been pushed with. */
export interface TagDigests {
  /**
   * @returns `first` if no digest had been stored under this tag before; `again` if one may have been, possibly this one
   */
  note(name: TagName, digest: Digest, pushedAt: EventTime): Promise<'first' | 'again'>;
  /** Newest first. */
  digests(name: TagName): Promise<readonly { readonly digest: Digest; readonly pushedAt: EventTime }[]>;
  /** Removes the digest, unless it has been stored with a later push since. Does nothing if it is not there. */
  forget(name: TagName, digest: Digest, pushedAt: EventTime): Promise<void>;
}

/** Durable timers: at about that time some instance reconciles the image, at least once. */
export interface ReconcileQueue {
  /**
   * @param at milliseconds since 1970; a time in the past means now
   * @param firstNoticedAt returned when the timer fires: since when an image is probed that no replica has reported yet
   * @returns the time the timer is set for, which may be a little later, so that no two timers of an image have the same time
   */
  add(name: ImageName, at: number, firstNoticedAt?: number): Promise<number>;
  /**
   * Cancels the timer that is set for that time. No record may rely on it any more. Does nothing if it is not there.
   * @param at as returned by `add`
   */
  cancel(name: ImageName, at: number): Promise<void>;
}

/** How far images have been evaluated again after a change of the replica set. */
export interface ReconcileCheckpoint {
  /** Identifies the set by what decides whether an image is in all replicas; see `nameOfSet`. */
  readonly set: string;
  /** Where that continues in the lists; `null` once it is complete. */
  readonly cursor: string | null;
  /** Whether the set requires more than the one before: then images that were in all replicas are evaluated too. */
  readonly isGrown?: boolean;
}

/** Stores the checkpoint of each registry, so that another instance can continue. */
export interface CheckpointStore {
  load(registry: string): Promise<ReconcileCheckpoint | undefined>;
  save(registry: string, checkpoint: ReconcileCheckpoint): Promise<void>;
}
