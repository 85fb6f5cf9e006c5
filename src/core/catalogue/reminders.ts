/**
 * The timers that this process has set before its writes, the last one of each image. A timer is taken back once the image
 * was counted as it was written, if it stays like this: whoever writes such an image again sets a timer first.
 */
import type { ImageName } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import type { CatalogueTimer } from './ports.ts';

export interface Reminders {
  /** To be called before a write. Fails with an `UpstreamError`. */
  set(name: ImageName, at: number): Promise<void>;
  /** When the last one fires that was set here; milliseconds since 1970. */
  last(name: ImageName): number | undefined;
  /** Unless another has been set since. Never fails: a timer that fires for nothing costs some reads. */
  takeBack(name: ImageName, at: number): Promise<void>;
}

/** @param max images; with more, all are forgotten, and their timers fire */
export function reminders(timer: CatalogueTimer, max: number): Reminders {
  const known = new Map<string, number>();
  return {
    async set(name, at) {
      await timer.remind(name, at);
      if (known.size >= max) known.clear();
      known.set(imageKey(name), at);
    },
    last: (name) => known.get(imageKey(name)),
    async takeBack(name, at) {
      if (known.get(imageKey(name)) !== at) return;
      known.delete(imageKey(name));
      await timer.cancel(name, at).catch(() => undefined);
    },
  };
}
