/**
 * The records this process has seen last, bounded. A record only ever gains facts, so what an old copy already
 * knows is still known: a repeat can be answered from it without asking the storage. Writes stay safe because the
 * version goes with the record.
 */

import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey, unexpired } from '../image/record.ts';
import { putNewest } from '../runtime/bounded-map.ts';
import type { Version } from '../runtime/version.ts';

interface CachedImage {
  readonly record: ImageRecord;
  /** `undefined`: the storage is known to have another by now, so nothing can be based on this one. */
  readonly version: Version | undefined;
}

export interface ImageCache {
  get(name: ImageName): CachedImage | undefined;
  set(image: CachedImage): void;
  delete(name: ImageName): void;
}

/** @param capacity images kept; the least recently used leaves first */
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
      // What was forgotten knows less than what another instance may have stored since: it answers for nothing.
      if (unexpired(image.record) === undefined) entries.delete(key);
      else putNewest(entries, key, image, capacity);
    },
    delete(name) {
      entries.delete(imageKey(name));
    },
  };
}
