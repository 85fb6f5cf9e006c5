/**
 * The last timer that this process has set for each image before a write. After a stable image was counted, its timer is
 * cancelled: the next writer of the image sets another one first.
 */
import type { ImageName } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import type { CatalogueTimer } from './ports.ts';

export interface Reminders {
  /** To be called before a write. Fails with an `UpstreamError`. */
  set(name: ImageName, at: number): Promise<void>;
  /** When the last timer fires that was set here, milliseconds since 1970. */
  last(name: ImageName): number | undefined;
  /** Cancels that timer, unless another one was set since. Never fails: a timer that fires without need costs some reads. */
  cancel(name: ImageName, at: number): Promise<void>;
}

/** @param max images; above that, all are dropped, and their timers fire */
export function reminders(timer: CatalogueTimer, max: number): Reminders {
  const known = new Map<string, number>();
  return {
    async set(name, at) {
      await timer.remind(name, at);
      if (known.size >= max) known.clear();
      known.set(imageKey(name), at);
    },
    last: (name) => known.get(imageKey(name)),
    async cancel(name, at) {
      if (known.get(imageKey(name)) !== at) return;
      known.delete(imageKey(name));
      await timer.cancel(name, at).catch(() => undefined);
    },
  };
}
