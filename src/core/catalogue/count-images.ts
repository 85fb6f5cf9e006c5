/**
 * Counts images. A transaction writes the counts of a registry and the entries of some images, on condition that the counts are
 * still those that were read. Counts of one process run one after the other, since they would only conflict with each other.
 */

import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey, unexpired } from '../image/record.ts';
import { dropStaleFacts } from '../image/state.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { UpstreamError } from '../runtime/errors.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { Entries } from './counted-entries.ts';
import { countedEntries } from './counted-entries.ts';
import { count } from './counts.ts';
import type { TagDeps } from './diverged-tags.ts';
import { divergedTags } from './diverged-tags.ts';
import { entryOf, isSameEntry, isStable } from './entry.ts';
import type { CatalogueChange, CatalogueStore } from './ports.ts';
import { maxRows } from './ports.ts';
import type { Reminders } from './reminders.ts';

export interface ImageCounter {
  /** This process has stored the image's first record. */
  addNew(name: ImageName): void;
  /** Counts these images after the counts that are queued already. Fails with an `UpstreamError`. */
  countAll(images: readonly Uncounted[]): Promise<void>;
  /** The same for one image; those that come while a count runs are counted together after it. */
  countTogether(name: ImageName): Promise<void>;
}

export interface ImageCounterDeps extends TagDeps {
  readonly store: CatalogueStore;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Reads the image from the storage, past every cache. */
  readStored(name: ImageName): Promise<ImageRecord | undefined>;
}

const maxAttempts = 12;
const readAtOnce = 32;

/** An image to be counted. */
export interface Uncounted {
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

/** @param maxRemembered images whose entries are kept in memory */
export function imageCounter(deps: ImageCounterDeps, timers: Reminders, maxRemembered: number): ImageCounter {
  const { clock } = deps;
  const counted = countedEntries(maxRemembered);
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

  return { addNew: counted.addNew, countAll, countTogether };
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
