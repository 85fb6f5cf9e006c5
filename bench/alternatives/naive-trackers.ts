/**
 * Two trackers as one writes them in an afternoon. Both look right when webhook events come one at a time, each once,
 * with ids as one imagines them.
 */
import type { SlowStorage } from './slow-storage.ts';

export interface Heard {
  /** Of the webhook event. */
  readonly id: string;
  readonly region: string;
  /** `team/app@sha256:…`. */
  readonly image: string;
}

export type Receive = (heard: Heard) => Promise<void>;

/** One row per image, with the regions that have it: read, changed, written back. Nothing notices who wrote between. */
export function oneRow(storage: SlowStorage, regions: number, tell: (image: string) => void): Receive {
  const rows = new Map<string, readonly string[]>();
  return async ({ image, region }) => {
    const known = await storage.ask(() => rows.get(image) ?? []);
    if (known.includes(region)) return;
    const changed = [...known, region];
    await storage.ask(() => rows.set(image, changed));
    if (changed.length === regions) tell(image);
  };
}

/** One row per webhook event, by its id so that repeats are seen; when there are as many as regions, it is everywhere. */
export function rowPerDelivery(storage: SlowStorage, regions: number, tell: (image: string) => void): Receive {
  const rows = new Map<string, Set<string>>();
  return async ({ image, id }) => {
    const isNew = await storage.ask(() => {
      const ids = rows.get(image) ?? new Set<string>();
      rows.set(image, ids);
      return ids.size < ids.add(id).size;
    });
    if (!isNew) return;
    const count = await storage.ask(() => rows.get(image)?.size ?? 0);
    if (count === regions) tell(image);
  };
}
