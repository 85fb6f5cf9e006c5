/**
 * The most recent records that this process has read or written, up to a limit. A repeat is answered from an old copy without a
 * read: what the copy knows is still known, or need not be. Of what replicas reported, a record drops only: everything when it
 * expires, and an expired record is not cached; facts about an earlier replica, which `decide` drops from the copy as well; and
 * what is beyond the limits of regions and tags. Writes stay safe, since each is conditional on the copy's version.
 */

import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey, unexpired } from '../image/record.ts';
import { putNewest } from '../runtime/bounded-map.ts';
import type { Version } from '../runtime/version.ts';

interface CachedImage {
  readonly record: ImageRecord;
  /** `undefined` if the stored record is known to have another version, so no write can be based on this copy. */
  readonly version: Version | undefined;
}

export interface ImageCache {
  get(name: ImageName): CachedImage | undefined;
  set(image: CachedImage): void;
  delete(name: ImageName): void;
}

/** @param capacity the number of images kept; the least recently used is dropped first */
export function imageCache(capacity: number): ImageCache {
  const entries = new Map<string, CachedImage>();
  return {
    get(name) {
      const key = imageKey(name);
      const cached = entries.get(key);
      if (cached !== undefined) putNewest(entries, key, cached, capacity);
      return cached;
    },
    set(image) {
      const key = imageKey(image.record.name);
      // An expired record is not cached: another instance may have stored the image again, with facts that this copy lacks.
      if (unexpired(image.record) === undefined) entries.delete(key);
      else putNewest(entries, key, image, capacity);
    },
    delete(name) {
      entries.delete(imageKey(name));
    },
  };
}
