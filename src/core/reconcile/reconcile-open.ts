/**
 * When the replica set has changed, images may be everywhere of which no replica will ever speak again, and for which no timer
 * is set any more; when it has grown, images that were everywhere are open, and on no list. Whoever finds the change looks at
 * the newest that are open at once. That all are looked at is noted step by step, each time the replicas are read anew: an
 * instance that dies in a review, or finds more than it can look at, leaves the rest to the next.
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
import type { CheckpointStore, ImageIndex } from '../store/ports.ts';
import { pageOpenImages } from '../store/replicating-index.ts';

export interface ReconcileOpen {
  /** Looks again at the newest images that are not everywhere, after the replica set has changed. */
  reconcileOpen(registry: Registry): Promise<void>;
  /** Looks at those that nobody has looked at since; call it every few minutes, on one instance. Never fails. */
  resume(registry: Registry): Promise<void>;
}

/** Of a hundred images each: what one call may take, with the host's five minutes in mind. */
const maxPages = 100;
const maxMs = 120_000;
const atOnce = 10;

export function reconcileOpen(deps: {
  readonly index: ImageIndex;
  readonly sets: ReplicaSets;
  readonly reviews: CheckpointStore;
  readonly clock: Clock;
  readonly log: Log;
  review(name: ImageName): Promise<void>;
}): ReconcileOpen {
  const { index, sets, clock, log } = deps;

  /** @returns where the next page starts; `null` after the last */
  async function reviewPage(registry: Registry, cursor: string, isListIncomplete = false): Promise<string | null> {
    const query = { registry: registry.name, cursor, isListIncomplete, limit: 100 };
    const open = await pageOpenImages(index, query, clock.now());
    for (const some of inChunks(open.entries, atOnce)) await Promise.all(some.map(({ name }) => deps.review(name)));
    return open.next;
  }

  async function step(registry: Registry): Promise<void> {
    const until = clock.now() + maxMs;
    const set = nameOfSet(sets.current(registry));
    const note = await deps.reviews.load(registry.name);
    if (note?.set !== set) {
      // Whoever found the change has begun. The next call looks at all: by then every instance uses this set.
      const isGrown = isListIncomplete(note, sets.current(registry));
      await deps.reviews.save(registry.name, { set, cursor: '', ...(isGrown ? { isGrown } : {}) });
      return;
    }
    let { cursor } = note;
    for (let page = 0; page < maxPages && cursor !== null && clock.now() < until; page++) {
      cursor = await reviewPage(registry, cursor, note.isGrown);
      // Changed meanwhile, it is looked at from the start.
      if (nameOfSet(sets.current(registry)) !== set) return;
      await deps.reviews.save(registry.name, { ...note, cursor });
    }
  }

  return {
    async reconcileOpen(registry) {
      let cursor: string | null = '';
      for (let page = 0; page < maxPages && cursor !== null; page++) cursor = await reviewPage(registry, cursor);
    },
    async resume(registry) {
      if (!isKnown(sets.current(registry))) return;
      await step(registry).catch((error: unknown) => {
        log.warn('open images not reconciled, will retry', { registry: registry.name, error: describeError(error) });
      });
    },
  };
}
