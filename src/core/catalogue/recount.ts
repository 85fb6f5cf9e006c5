/**
 * Counts all images again when the replica set has changed, and after an update from a version that did not count images: at
 * once, and a second time when no instance uses an earlier set any more. The progress is stored page by page, so that another
 * instance can continue.
 */

import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions, isKnown } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { ImageLists } from '../store/ports.ts';
import type { Catalogue } from './catalogue.ts';
import type { CatalogueStore } from './ports.ts';

/** Limits of one call; the host allows five minutes. */
const maxPages = 100;
const maxRunMs = 60_000;
const pageSize = 96;
/** No instance uses an earlier set for longer: one that cannot read the stored set relies on the one it has for two minutes. */
const allUseItMs = 150_000;

/** To be called every few minutes, on one instance. Never fails. */
export async function recountImages(
  deps: {
    readonly catalogue?: { readonly store: Pick<CatalogueStore, 'recounted' | 'saveRecounted'> };
    readonly lists: ImageLists;
    readonly counting: Pick<Catalogue, 'recountAll'>;
    readonly clock: Clock;
    readonly log: Log;
  },
  registry: Registry,
  current: () => ReplicaSet,
): Promise<void> {
  const { lists, clock } = deps;
  const store = deps.catalogue?.store;
  const until = clock.now() + maxRunMs;
  if (store === undefined || !isKnown(current())) return;
  try {
    const set = nameOf(current());
    let recount = await store.recounted(registry.name);
    if (recount?.set !== set) recount = { set, cursor: '' };
    if ((recount.againFrom ?? 0) > clock.now()) return;
    for (let page = 0; page < maxPages && recount.cursor !== null && clock.now() < until; page++) {
      const cursor: string | undefined = recount.cursor === '' ? undefined : recount.cursor;
      const found = await lists.page({ registry: registry.name, list: 'all', cursor, limit: pageSize });
      await deps.counting.recountAll(found.entries.map(({ name }) => name));
      // If the set has changed meanwhile, the next call starts from the beginning.
      if (nameOf(current()) !== set) return;
      const isFirstTime: boolean = recount.againFrom === undefined && found.next === null;
      recount = isFirstTime
        ? { set, cursor: '', againFrom: clock.now() + allUseItMs }
        : { ...recount, cursor: found.next };
      await store.saveRecounted(registry.name, recount);
      if (isFirstTime) return;
    }
  } catch (error) {
    deps.log.warn('images not counted, will retry', { registry: registry.name, error: describeError(error) });
  }
}

function nameOf(set: ReplicaSet): string {
  const absent = set.replicas.map(({ region, lastAbsentAt = 0 }) => `${region}:${lastAbsentAt}`);
  return `${set.verify} ${expectedRegions(set).join()} ${absent.join()}`;
}
