/**
 * Two simple trackers, as one might write them in an afternoon. Both work while webhook events come one at a time, each
 * once, with the ids one expects.
 */
import type { SlowStorage } from './slow-storage.ts';

export interface Received {
  /** The id of the webhook event. */
  readonly id: string;
  readonly region: string;
  /** `team/app@sha256:…`. */
  readonly image: string;
}

export type Receive = (received: Received) => Promise<void>;

/**
 * One row per image, with the regions that have it: read, changed, written back. Writes by others in between are
 * overwritten.
 */
export function oneRow(storage: SlowStorage, regions: number, publish: (image: string) => void): Receive {
  const rows = new Map<string, readonly string[]>();
  return async ({ image, region }) => {
    const known = await storage.ask(() => rows.get(image) ?? []);
    if (known.includes(region)) return;
    const changed = [...known, region];
    await storage.ask(() => rows.set(image, changed));
    if (changed.length === regions) publish(image);
  };
}

/**
 * One row per webhook event, keyed by its id, so that repeats are found; with as many rows as regions, the image is
 * available everywhere.
 */
export function rowPerDelivery(storage: SlowStorage, regions: number, publish: (image: string) => void): Receive {
  const rows = new Map<string, Set<string>>();
  return async ({ image, id }) => {
    const isNew = await storage.ask(() => {
      const ids = rows.get(image) ?? new Set<string>();
      rows.set(image, ids);
      return ids.size < ids.add(id).size;
    });
    if (!isNew) return;
    const count = await storage.ask(() => rows.get(image)?.size ?? 0);
    if (count === regions) publish(image);
  };
}
