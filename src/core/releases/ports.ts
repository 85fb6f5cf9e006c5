/** What releases need from outside the core. Every method fails with an `UpstreamError`, as in ../ports.ts. */
import type { Version } from '../runtime/version.ts';
import type { Release } from './release.ts';

export interface StoredRelease {
  readonly release: Release;
  readonly version: Version;
}

/** A place on the list of releases. */
export type ReleasePlace = Pick<Release, 'name' | 'createdAt'>;

/** An entry of the list of open releases: the revision that it had when it was listed. */
type OpenRelease = Pick<Release, 'name' | 'createdAt' | 'revision'>;

/** The stored releases, one record each. The lists change with the record; after a removal they may lag behind. */
export interface ReleaseStore {
  read(name: string): Promise<StoredRelease | undefined>;
  /** `conflict`: there is already one with that name. */
  create(release: Release): Promise<StoredRelease | 'conflict'>;
  /** `conflict`: another writer was first, or the record was removed; read again and decide again. */
  replace(release: Release, basedOn: StoredRelease): Promise<StoredRelease | 'conflict'>;
  /** `conflict`: it has changed, or was removed. */
  remove(stored: StoredRelease): Promise<'removed' | 'conflict'>;
  /** Newest first; a page may be short, or empty, and still have a `next`. @param after the last of the page before */
  page(query: {
    readonly after?: ReleasePlace | undefined;
    /** Only those created before that time, milliseconds since 1970. */
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<{ readonly releases: readonly StoredRelease[]; readonly next: ReleasePlace | null }>;
  /** Those that are not available yet, in no particular order. */
  open(limit: number): Promise<readonly OpenRelease[]>;
  /** Removes the entry of a release that no longer exists from the list of open releases. Not finding it is fine. */
  unlist(place: ReleasePlace): Promise<void>;
}

/** Durable: some instance evaluates the release at about that time, at least once. */
export interface ReleaseQueue {
  /** @param at milliseconds since 1970; past times mean now */
  add(timed: TimedRelease, at: number): Promise<void>;
}

export interface TimedRelease {
  readonly name: string;
  readonly revision: number;
  /** Set when the release was not found the first time: it may be about to be stored. If it is missing again, it is gone. */
  readonly wasMissing?: true | undefined;
}
