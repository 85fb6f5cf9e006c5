/** What releases need from the world. Every method fails with an `UpstreamError`, as in ports.ts. */
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

/** The truth about releases, one record each. The lists change with it; where one was removed they may lag. */
export interface ReleaseStore {
  read(name: string): Promise<StoredRelease | undefined>;
  /** `conflict`: there is one of that name. */
  create(release: Release): Promise<StoredRelease | 'conflict'>;
  /** `conflict`: another writer was first, or it is gone; read again and decide again. */
  replace(release: Release, basedOn: StoredRelease): Promise<StoredRelease | 'conflict'>;
  /** `conflict`: it has changed, or is gone. */
  remove(stored: StoredRelease): Promise<'removed' | 'conflict'>;
  /** Newest first; a page may be short, or empty, and still have a `next`. @param after the last of the page before */
  page(query: {
    readonly after?: ReleasePlace | undefined;
    /** Only those made before that time, milliseconds since 1970. */
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<{ readonly releases: readonly StoredRelease[]; readonly next: ReleasePlace | null }>;
  /** Those that are not available yet, in no particular order. */
  open(limit: number): Promise<readonly OpenRelease[]>;
  /** Takes one off the list of open releases that is not there any more. Not finding it is fine. */
  unlist(place: ReleasePlace): Promise<void>;
}

/** A durable timer: somebody, on whatever instance, will look at the release at about that time. At least once. */
export interface ReleaseTimer {
  /** @param at milliseconds since 1970; past times mean now */
  add(timed: TimedRelease, at: number): Promise<void>;
}

export interface TimedRelease {
  readonly name: string;
  readonly revision: number;
  /** It was not there when somebody looked: it may be about to be stored, and if it is still not there it is gone. */
  readonly wasMissing?: true | undefined;
}
