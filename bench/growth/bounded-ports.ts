/**
 * Ports in memory that keep only a bounded number of rows, so that after a million deliveries only the tracker itself
 * can have kept anything. With the ordinary ports the storage would grow in the same process, and hide any leak beside
 * it.
 */
import { memoryImageStore } from '../../src/adapters/memory.ts';
import type { ImageName } from '../../src/core/image/record.ts';
import type { ImageStore } from '../../src/core/ports.ts';

/** @param max images kept; the oldest leaves first */
export function boundedStore(max: number): ImageStore {
  const store = memoryImageStore();
  const kept: ImageName[] = [];
  return {
    ...store,
    async commit(...change) {
      const committed = await store.commit(...change);
      const [{ record, basedOn }] = change;
      if (committed === 'conflict' || basedOn !== undefined) return committed;
      kept.push(record.name);
      const oldest = kept.length > max ? kept.shift() : undefined;
      if (oldest !== undefined) store.drop(oldest);
      return committed;
    },
  };
}

/** One port after another with the same interface: each renewal drops everything noted so far. */
export function renewable<Port extends object>(make: () => Port): { readonly port: Port; renew(): void } {
  let current = make();
  return {
    port: new Proxy(current, { get: (_first, name) => Reflect.get(current, name) }),
    renew() {
      current = make();
    },
  };
}
