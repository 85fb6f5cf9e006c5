/**
 * Evaluates open images again after a change of the replica set. After a replica was removed, an image may be available
 * everywhere although no replica will report it again and it has no timer. After a replica was added, images that were available
 * everywhere are open, and on no list. The instance that finds the change evaluates the newest open images at once. All others
 * are evaluated page by page, each time the replica set is refreshed; a checkpoint says how far. So an instance that dies, or
 * has more images than time, leaves the rest to the next run.
 */

import type { ImageName } from '../image/record.ts';
import type { Registry } from '../model/registry.ts';
import { isKnown } from '../model/replica-set.ts';
import type { ReplicaSets } from '../replicas/replica-set-cache.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { Log } from '../runtime/log.ts';
import { isListIncomplete, nameOfSet } from '../store/list-completeness.ts';
import { pageOpenImages } from '../store/open-images.ts';
import type { CheckpointStore, ImageLists } from '../store/ports.ts';

export interface ReconcileOpen {
  /** Evaluates the newest images that are not available everywhere, after the replica set has changed. */
  reconcileOpen(registry: Registry): Promise<void>;
  /** Goes on from the checkpoint; call it every few minutes, on one instance. Never fails. */
  resume(registry: Registry): Promise<void>;
}

/** Limits of one call, since the host ends a function after five minutes. A page has a hundred images. */
const maxPages = 100;
const maxMs = 120_000;
const atOnce = 10;

export function reconcileOpen(deps: {
  readonly lists: ImageLists;
  readonly sets: ReplicaSets;
  readonly checkpoints: CheckpointStore;
  readonly clock: Clock;
  readonly log: Log;
  reevaluate(name: ImageName): Promise<void>;
}): ReconcileOpen {
  const { lists, sets, clock, log } = deps;

  /** @returns where the next page starts; `null` after the last */
  async function reevaluatePage(registry: Registry, cursor: string, isListIncomplete = false): Promise<string | null> {
    const query = { registry: registry.name, cursor, isListIncomplete, limit: 100 };
    const open = await pageOpenImages(lists, query, clock.now());
    for (const some of inChunks(open.entries, atOnce)) await Promise.all(some.map(({ name }) => deps.reevaluate(name)));
    return open.next;
  }

  async function step(registry: Registry): Promise<void> {
    const until = clock.now() + maxMs;
    const set = nameOfSet(sets.current(registry));
    const checkpoint = await deps.checkpoints.load(registry.name);
    if (checkpoint?.set !== set) {
      // Only notes the change. The next call evaluates all images: by then every instance uses this set.
      const isGrown = isListIncomplete(checkpoint, sets.current(registry));
      await deps.checkpoints.save(registry.name, { set, cursor: '', ...(isGrown ? { isGrown } : {}) });
      return;
    }
    let { cursor } = checkpoint;
    for (let page = 0; page < maxPages && cursor !== null && clock.now() < until; page++) {
      cursor = await reevaluatePage(registry, cursor, checkpoint.isGrown);
      // If the set has changed meanwhile, the next call starts from the first page.
      if (nameOfSet(sets.current(registry)) !== set) return;
      await deps.checkpoints.save(registry.name, { ...checkpoint, cursor });
    }
  }

  return {
    async reconcileOpen(registry) {
      let cursor: string | null = '';
      for (let page = 0; page < maxPages && cursor !== null; page++) cursor = await reevaluatePage(registry, cursor);
    },
    async resume(registry) {
      if (!isKnown(sets.current(registry))) return;
      await step(registry).catch((error: unknown) => {
        log.warn('open images not reconciled, will retry', { registry: registry.name, error: describeError(error) });
      });
    },
  };
}
