/**
 * The records this process has seen last, bounded. A record only ever gains facts, so what an old copy already
 * knows is still known: a repeat can be answered from it without asking the storage. Writes stay safe because the
 * version goes with the record.
 */
import type { ImageName } from './image.ts';
import { imageKey } from './image.ts';
import type { StoredImage } from './ports.ts';

export interface ImageCache {
  get(name: ImageName): StoredImage | undefined;
  set(stored: StoredImage): void;
  delete(name: ImageName): void;
}

/** @param capacity images kept; the least recently used leaves first */
export function imageCache(capacity: number): ImageCache {
  const entries = new Map<string, StoredImage>();
  return {
    get(name) {
      const key = imageKey(name);
      const stored = entries.get(key);
      if (stored !== undefined) {
        // A Map iterates in insertion order: the first key is the least recently used.
        entries.delete(key);
        entries.set(key, stored);
      }
      return stored;
    },
    set(stored) {
      const key = imageKey(stored.record.name);
      entries.delete(key);
      entries.set(key, stored);
      const oldest = entries.size > capacity ? entries.keys().next().value : undefined;
      if (oldest !== undefined) entries.delete(oldest);
    },
    delete(name) {
      entries.delete(imageKey(name));
    },
  };
}
