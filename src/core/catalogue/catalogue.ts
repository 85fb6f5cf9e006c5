/**
 * Maintains the counts of a registry's images. After each write of an image, this process counts it again a moment later. In case
 * the process dies, a timer was set before the write that lets another instance count it. An image's entry and the counts are
 * written in one transaction, so nothing is counted twice, and every counted image has an entry.
 *
 * Counts are not computed from all images at intervals: that would cost more the larger the registry is, even if nothing happens.
 * All transactions write the one row of counts, so only one of them can succeed at a time; since each counts some ten images, a
 * busy registry needs no more than a few per second.
 */

import type { DecisionContext } from '../image/context.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey, unexpired } from '../image/record.ts';
import { hasRefusedEvent } from '../image/refused-events.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { ImageCounterDeps, Uncounted } from './count-images.ts';
import { imageCounter } from './count-images.ts';
import type { CatalogueSummary } from './counts.ts';
import { summarize } from './counts.ts';
import { entryOf, isSameEntry, isStable, isUnstableSinceAddition } from './entry.ts';
import type { CatalogueTimer } from './ports.ts';
import { reminders } from './reminders.ts';

export interface Catalogue {
  /** To be called before an image is written: sets a timer if the write changes its entry. */
  beforeWrite(before: ImageRecord | undefined, after: ImageRecord, decisionContext: DecisionContext): Promise<void>;
  /** To be called after an image was written. Never fails, since the timer remains. */
  written(image: ImageRecord, before: ImageRecord | undefined): void;
  /** To be called when a timer fires. Fails with an `UpstreamError`. */
  recount(name: ImageName): Promise<void>;
  /** Counts these images of one registry again. Fails with an `UpstreamError`. */
  recountAll(names: readonly ImageName[]): Promise<void>;
  summary(registry: Registry): Promise<CatalogueSummary>;
}

interface CatalogueDeps extends ImageCounterDeps {
  readonly timer: CatalogueTimer;
  readonly log: Log;
  /**
   * Reads the replica set again if the last attempt is more than half a minute old. Fails with an `UpstreamError` if it has not
   * been read for two minutes.
   */
  ready(registry: Registry): Promise<void>;
}

/** Pause after a write. Most images are in all replicas by then, so they are counted once. */
const soonMs = 1_500;
/** By then a write is stored, or never will be. */
const surelyWrittenMs = 60_000;
const maxPauseMs = 3_600_000;
/** Events that are not accepted are sent again at least this often; those that the topic refused pause longer. */
const maxUnpublishedPauseMs = 600_000;
/** Images whose entries and timers are kept in memory: some ten megabytes. */
const maxRemembered = 10_000;

/** @param ports `undefined` if images are not counted */
export function catalogueOrNone(
  ports: Pick<CatalogueDeps, 'store' | 'timer'> | undefined,
  deps: Omit<CatalogueDeps, 'store' | 'timer'>,
): Catalogue {
  return ports === undefined ? none : catalogue({ ...deps, ...ports });
}

const none: Catalogue = {
  beforeWrite: async () => undefined,
  written: () => undefined,
  recount: async () => undefined,
  recountAll: async () => undefined,
  async summary() {
    throw new UpstreamError('unavailable', 'nothing is counted here');
  },
};

export function catalogue(deps: CatalogueDeps): Catalogue {
  const { clock, log } = deps;
  const toCountSoon = new Map<string, Uncounted>();
  const timers = reminders(deps.timer, maxRemembered);
  const counter = imageCounter(deps, timers, maxRemembered);
  let isWaiting = false;

  function countSoon(image: Uncounted): void {
    toCountSoon.set(imageKey(image.name), image);
    if (isWaiting) return;
    isWaiting = true;
    clock
      .sleep(soonMs)
      .then(() => {
        isWaiting = false;
        const images = [...toCountSoon.values()];
        toCountSoon.clear();
        return counter.countAll(images);
      })
      .catch((error: unknown) => {
        log.warn('images not counted, will retry', { error: describeError(error) });
      });
  }

  /** The write that makes an entry unstable sets a timer, and so does each count while it is unstable. */
  function hasTimer(record: ImageRecord | undefined, set: ReplicaSet): boolean {
    return record !== undefined && !isStable(record, set) && !isUnstableSinceAddition(record, set);
  }

  function isChanged(before: ImageRecord | undefined, after: ImageRecord): boolean {
    const { set } = deps.decisionContext(deps.registryOf(after.name));
    const isSame = isSameEntry(entryOf(before, set), entryOf(after, set));
    // What was not stable is counted once more: a tag that had diverged may be in every region now.
    return !isSame || !isStable(before, set) || !isStable(after, set);
  }

  return {
    async beforeWrite(before, after, { set, now }) {
      if (hasTimer(unexpired(before), set)) return;
      if (isChanged(before, after)) await timers.set(after.name, now + surelyWrittenMs);
    },
    written(image, before) {
      const { name } = image;
      if (before === undefined) counter.addNew(name);
      if (!isChanged(before, image) && !toCountSoon.has(imageKey(name))) return;
      countSoon({ name, written: image, remindAt: timers.last(name) });
    },
    async recount(name) {
      // An instance that had nothing to do for hours has the replica set of hours ago.
      await deps.ready(deps.registryOf(name));
      // Read before it is counted: what became stable after the count read it is not counted yet, and needs another timer.
      const record = unexpired(await deps.readStored(name));
      await counter.countTogether(name);
      const { set, now } = deps.decisionContext(deps.registryOf(name));
      if (record === undefined || isStable(record, set)) return;
      const maxPause = hasRefusedEvent(record) ? maxUnpublishedPauseMs : maxPauseMs;
      const pause = Math.min(maxPause, Math.max(surelyWrittenMs, (now - record.changedAt) / 2));
      await deps.timer.remind(name, now + pause);
    },
    recountAll(names) {
      // A list may have an image twice, once with an earlier generation; a transaction has each row once.
      const images = new Map(names.map((name) => [imageKey(name), { name }]));
      return counter.countAll([...images.values()]);
    },
    async summary(registry) {
      const { counts } = await deps.store.counts(registry.name);
      return summarize(counts, deps.decisionContext(registry).set);
    },
  };
}
