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
import { hasRefusedEvent, imageKey, unexpired } from '../image/record.ts';
import { dropStaleFacts } from '../image/state.ts';
import type { Registry } from '../model/registry.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { Log } from '../runtime/log.ts';
import type { Entries } from './counted-entries.ts';
import { countedEntries } from './counted-entries.ts';
import type { CatalogueSummary } from './counts.ts';
import { count, summarize } from './counts.ts';
import type { TagDeps } from './diverged-tags.ts';
import { divergedTags } from './diverged-tags.ts';
import { entryOf, isSameEntry, isStable } from './entry.ts';
import type { CatalogueChange, CatalogueStore, CatalogueTimer } from './ports.ts';
import { maxRows } from './ports.ts';
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

interface CatalogueDeps extends TagDeps {
  readonly store: CatalogueStore;
  readonly timer: CatalogueTimer;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
  /**
   * Reads the replica set again if the last attempt is more than half a minute old. Fails with an `UpstreamError` if it has not
   * been read for two minutes.
   */
  ready(registry: Registry): Promise<void>;
  /** Reads the image from the storage, past every cache. */
  readStored(name: ImageName): Promise<ImageRecord | undefined>;
}

/** Pause after a write. Most images are in all replicas by then, so they are counted once. */
const soonMs = 1_500;
/** By then a write is stored, or never will be. */
const surelyWrittenMs = 60_000;
const maxPauseMs = 3_600_000;
/** Events that are not accepted are sent again at least this often; those that the topic refused pause longer. */
const maxUnpublishedPauseMs = 600_000;
const maxAttempts = 12;
const readAtOnce = 32;
/** Images whose entries and timers are kept in memory: some ten megabytes. */
const maxRemembered = 10_000;

/** An image to be counted. */
interface Uncounted {
  readonly name: ImageName;
  /** As last written by this process. */
  readonly written?: ImageRecord;
  /** When the timer fires that was set before that write, or an earlier one. */
  readonly remindAt?: number | undefined;
}

interface UncountedChange extends CatalogueChange, Uncounted {
  readonly record: ImageRecord | undefined;
  /** Whether the entry and the record were read, rather than known in memory. */
  readonly isRead: boolean;
}

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
  const counted = countedEntries(maxRemembered);
  const timers = reminders(deps.timer, maxRemembered);
  let isWaiting = false;
  /** The last count that was queued. Counts run one after the other, since they would only conflict with each other. */
  let lastCount: Promise<unknown> = Promise.resolve();

  /**
   * Reads nothing about an image that this process has created, while no other process has counted in the registry since. If
   * another process has written it too, that process counts it.
   */
  async function toChange(image: Uncounted, remembered: Entries): Promise<UncountedChange> {
    const { name, written } = image;
    const key = imageKey(name);
    const { set } = deps.decisionContext(deps.registryOf(name));
    const isRead = written === undefined || !remembered.has(key);
    const before = isRead ? await deps.store.entry(name) : remembered.get(key);
    const record = unexpired(isRead ? await deps.readStored(name) : dropStaleFacts(written, set));
    return { ...image, isRead, before, record, after: entryOf(record, set, await divergedTags(deps, record)) };
  }

  /** @returns the images that did not fit, which are still to be counted; `conflict` if another writer was first */
  async function attempt(registry: string, images: readonly Uncounted[]): Promise<readonly Uncounted[] | 'conflict'> {
    const { counts, version } = await deps.store.counts(registry);
    const remembered = counted.at(registry, version);
    const read = await Promise.all(images.map((image) => toChange(image, remembered)));
    const all = read.filter((change) => !isSameEntry(change.before, change.after));
    const changes = all.slice(0, howManyFit(all.map(deps.store.rowsOf)));
    if (changes.length === 0) return [];
    // Before the transaction, so that every counted image can be found.
    await deps.store.addSearchRows(changes);
    const changed = changes.reduce((sum, one) => count(count(sum, one.before, -1), one.after, 1), counts);
    const next = { ...changed, changedAt: clock.now() };
    const outcome = await deps.store.commit(registry, next, version, changes);
    if (outcome === 'conflict') {
      counted.forget(registry);
      return 'conflict';
    }
    counted.note(registry, outcome.version, changes);
    await Promise.all([deps.store.removeSearchRows(changes), ...changes.map(endReminder)]);
    return all.slice(changes.length);
  }

  /**
   * Cancels the timer of an image that was counted. If nothing had changed, the timer stays: another instance may be about to count
   * an earlier state, and only the timer then corrects that.
   */
  async function endReminder({ name, record, remindAt }: UncountedChange): Promise<void> {
    const { set, now } = deps.decisionContext(deps.registryOf(name));
    if (remindAt !== undefined && remindAt > now && isStable(record, set)) await timers.cancel(name, remindAt);
  }

  async function countRegistry(registry: string, images: readonly Uncounted[]): Promise<void> {
    for (const some of inChunks(images, readAtOnce)) {
      let left = some;
      for (let tried = 1; left.length > 0; ) {
        const rest = await attempt(registry, left);
        if (rest !== 'conflict') {
          left = rest;
          tried = 1;
          continue;
        }
        if (++tried > maxAttempts) {
          throw new UpstreamError('conflict', `counts of ${registry}: overtaken by other writers ${maxAttempts} times`);
        }
        await clock.sleep(deps.random() * backoff(tried, { firstMs: 40, maxMs: 1_000 }));
      }
    }
  }

  function countAll(images: readonly Uncounted[]): Promise<void> {
    const work = lastCount.then(async () => {
      const registries = Map.groupBy(images, ({ name }) => name.registry);
      for (const [registry, some] of registries) await countRegistry(registry, some);
    });
    // The caller gets the error from `work`, and logs or throws it. The next count runs all the same.
    lastCount = work.catch(() => undefined);
    return work;
  }

  /** Images whose timers fire while a count runs are counted as one batch after it. */
  let batch: { readonly images: Map<string, Uncounted>; readonly done: Promise<void> } | undefined;
  function countTogether(name: ImageName): Promise<void> {
    if (batch === undefined) {
      const images = new Map<string, Uncounted>();
      const done = lastCount.then(() => {
        batch = undefined;
        return countAll([...images.values()]);
      });
      batch = { images, done };
    }
    batch.images.set(imageKey(name), { name });
    return batch.done;
  }

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
        return countAll(images);
      })
      .catch((error: unknown) => {
        log.warn('images not counted, will retry', { error: describeError(error) });
      });
  }

  function isChanged(before: ImageRecord | undefined, after: ImageRecord): boolean {
    const { set } = deps.decisionContext(deps.registryOf(after.name));
    const isSame = isSameEntry(entryOf(before, set), entryOf(after, set));
    // What was not stable is counted once more: a tag that had diverged may be in every region now.
    return !isSame || !isStable(before, set) || !isStable(after, set);
  }

  return {
    async beforeWrite(before, after, { set, now }) {
      // For an unstable entry a timer is set already.
      if (unexpired(before) !== undefined && !isStable(before, set)) return;
      if (isChanged(before, after)) await timers.set(after.name, now + surelyWrittenMs);
    },
    written(image, before) {
      const { name } = image;
      if (before === undefined) counted.addNew(name);
      if (!isChanged(before, image) && !toCountSoon.has(imageKey(name))) return;
      countSoon({ name, written: image, remindAt: timers.last(name) });
    },
    async recount(name) {
      // An instance that had nothing to do for hours has the replica set of hours ago.
      await deps.ready(deps.registryOf(name));
      // Read before it is counted: what became stable after the count read it is not counted yet, and needs another timer.
      const record = unexpired(await deps.readStored(name));
      await countTogether(name);
      const { set, now } = deps.decisionContext(deps.registryOf(name));
      if (record === undefined || isStable(record, set)) return;
      const maxPause = hasRefusedEvent(record) ? maxUnpublishedPauseMs : maxPauseMs;
      const pause = Math.min(maxPause, Math.max(surelyWrittenMs, (now - record.changedAt) / 2));
      await deps.timer.remind(name, now + pause);
    },
    recountAll(names) {
      // A list may have an image twice, once with an earlier generation; a transaction has each row once.
      const images = new Map(names.map((name) => [imageKey(name), { name }]));
      return countAll([...images.values()]);
    },
    async summary(registry) {
      const { counts } = await deps.store.counts(registry.name);
      return summarize(counts, deps.decisionContext(registry).set);
    },
  };
}

/** How many changes fit in one transaction, in their order; at least one. */
function howManyFit(rows: readonly number[]): number {
  let sum = 0;
  const first = rows.findIndex((more) => {
    sum += more;
    return sum > maxRows;
  });
  return first < 0 ? rows.length : Math.max(1, first);
}
