/**
 * When the replica set has changed, images may be everywhere of which no replica will ever speak again, and for which no timer
 * is set any more. Whoever finds the change looks at the newest of them at once. That all are looked at is noted step by step,
 * each time the replicas are read anew: an instance that dies in a review, or finds more than it can look at, leaves the rest
 * to the next.
 */
import { describeError } from './errors.ts';
import type { ImageName } from './image.ts';
import { pageOpenImages } from './open-images.ts';
import type { Clock, ImageIndex, Log, ReviewLog } from './ports.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions, isKnown } from './replica-set.ts';
import type { ReplicaSets } from './replica-sets.ts';

export interface Reviews {
  /** Looks again at the newest images that are not everywhere, after the replica set has changed. */
  reviewOpen(registry: Registry): Promise<void>;
  /** Looks at those that nobody has looked at since; call it every few minutes, on one instance. Never fails. */
  goOn(registry: Registry): Promise<void>;
}

/** Of a hundred images each: what one call may take, with the host's five minutes in mind. */
const mostPages = 100;

export function reviews(parts: {
  readonly index: ImageIndex;
  readonly sets: ReplicaSets;
  readonly reviews: ReviewLog;
  readonly clock: Clock;
  readonly log: Log;
  review(name: ImageName): Promise<void>;
}): Reviews {
  const { index, sets, clock, log } = parts;

  /** @returns where the next page starts; `null` after the last */
  async function reviewPage(registry: Registry, cursor: string): Promise<string | null> {
    const open = await pageOpenImages(index, { registry: registry.name, cursor, limit: 100 }, clock.now());
    for (const { name } of open.entries) await parts.review(name);
    return open.next;
  }

  async function step(registry: Registry): Promise<void> {
    const set = nameOf(sets.current(registry));
    const note = await parts.reviews.load(registry.name);
    if (note?.set !== set) {
      // Whoever found the change has begun. The next call looks at all: by then every instance uses this set.
      await parts.reviews.save(registry.name, { set, cursor: '' });
      return;
    }
    let { cursor } = note;
    for (let page = 0; page < mostPages && cursor !== null; page++) {
      cursor = await reviewPage(registry, cursor);
      // Changed meanwhile, it is looked at from the start.
      if (nameOf(sets.current(registry)) !== set) return;
      await parts.reviews.save(registry.name, { set, cursor });
    }
  }

  return {
    async reviewOpen(registry) {
      let cursor: string | null = '';
      for (let page = 0; page < mostPages && cursor !== null; page++) cursor = await reviewPage(registry, cursor);
    },
    async goOn(registry) {
      if (!isKnown(sets.current(registry))) return;
      await step(registry).catch((error: unknown) => {
        log.warn('open images not reviewed, later again', { registry: registry.name, error: describeError(error) });
      });
    },
  };
}

/** Of all that is in a set, only this decides whether an image is everywhere. */
function nameOf(set: ReplicaSet): string {
  return `${set.verify} ${expectedRegions(set).join()}`;
}
