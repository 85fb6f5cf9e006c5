/**
 * What can be known of what an index lists: whether an instance failed to read it, and since when an answer or an event
 * listed its members. It does not read records.
 */
import type { Digest } from '../../src/core/model/digest.ts';
import type { ManifestAnswer } from '../../src/core/ports.ts';

export interface Readings {
  /** An instance read this manifest, with this result. */
  read(digest: Digest, kind: ManifestAnswer['kind'], at: number): void;
  /** Whether an instance has read this manifest. */
  wasRead(digest: Digest): boolean;
  /** An instance got an error when it wrote the record of this image. */
  unwritten(digest: Digest): void;
  isWritten(digest: Digest): boolean;
  /** An instance got an error when it read from the registry. */
  failed(at: number): void;
  /** An answer or an event has listed the members of this image. */
  listed(image: number, at: number): void;
  /** The index may have expired, and with it what it lists. */
  expire(image: number): void;
  /** Since when its members have been listed. */
  listedSince(image: number): number | undefined;
  /**
   * Whether by then an instance may have found that it cannot be read: after that no index of the registry waits to be
   * read for a minute.
   */
  isUnreadable(digest: Digest, until: number): boolean;
  /** The last time that something could not be read. */
  readonly lastFailedAt: number | undefined;
}

export function readings(): Readings {
  /** The first of each. */
  const absent = new Map<Digest, number>();
  let unclearAt: number | undefined;
  let lastFailedAt: number | undefined;
  const listed = new Map<number, number>();
  const unwritten = new Set<Digest>();
  const given = new Set<Digest>();

  function failed(at: number): void {
    unclearAt ??= at;
    lastFailedAt = at;
  }

  return {
    failed,
    unwritten: (digest) => void unwritten.add(digest),
    wasRead: (digest) => given.has(digest),
    isWritten: (digest) => !unwritten.has(digest),
    read(digest, kind, at) {
      if (kind === 'manifest') given.add(digest);
      if (kind === 'unclear') failed(at);
      if (kind === 'absent' && !absent.has(digest)) absent.set(digest, at);
      if (kind !== 'manifest') lastFailedAt = at;
    },
    listed(image, at) {
      if (!listed.has(image)) listed.set(image, at);
    },
    expire: (image) => void listed.delete(image),
    listedSince: (image) => listed.get(image),
    isUnreadable: (digest, until) => Math.min(unclearAt ?? until + 1, absent.get(digest) ?? until + 1) <= until,
    get lastFailedAt() {
      return lastFailedAt;
    },
  };
}
