/**
 * Keeps the counts of a registry. An image is counted again a moment after each write of it, in this process; in case it
 * dies, a timer that was set before the write says that the image is to be counted. What an image counts for is written
 * together with the counts, in one transaction: nothing is counted twice, and nothing is counted that is not noted.
 *
 * Counts are not made from all images every so often: that would cost what the registry is large, even where nothing
 * happens. One row of counts takes part in every transaction, and writers of it take turns; since each takes ten images
 * or so at once, a busy registry needs no more than a few a second.
 */

import type { DecisionContext } from '../image/context.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey, isUnpublished, unexpired } from '../image/record.ts';
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
  /** To be called before an image is written: sets a timer if the write changes what it counts for. */
  beforeWrite(before: ImageRecord | undefined, after: ImageRecord, decisionContext: DecisionContext): Promise<void>;
  /** To be called after an image was written. Never fails: the timer is there. */
  written(image: ImageRecord, before: ImageRecord | undefined): void;
  /** A timer has fired. Fails with an `UpstreamError`. */
  recount(name: ImageName): Promise<void>;
  /** Counts these anew, of one registry. Fails with an `UpstreamError`. */
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
  /** Past every cache. */
  read(name: ImageName): Promise<ImageRecord | undefined>;
}

/** Most images are everywhere by then, and are counted once. */
const soonMs = 1_500;
/** A write that was begun has been taken by then, or never will be. */
const surelyWrittenMs = 60_000;
const maxPauseMs = 3_600_000;
/** As often as an event that is not accepted is offered again at least. */
const maxUnpublishedPauseMs = 600_000;
const maxAttempts = 12;
const readAtOnce = 32;
/** Images whose entries and timers a process remembers: some ten megabytes. */
const maxRemembered = 10_000;

/** An image to be counted. */
interface Uncounted {
  readonly name: ImageName;
  /** As this process wrote it last. */
  readonly written?: ImageRecord;
  /** When a timer fires that was set before that write or an earlier one. */
  readonly remindAt?: number | undefined;
}

interface UncountedChange extends CatalogueChange, Uncounted {
  readonly record: ImageRecord | undefined;
  /** Not remembered. */
  readonly isRead: boolean;
}

/** @param ports where nothing is counted: `undefined` */
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
  const soon = new Map<string, Uncounted>();
  const counted = countedEntries(maxRemembered);
  const timers = reminders(deps.timer, maxRemembered);
  let isWaiting = false;
  /** Of one registry after the other: they would only stand in each other's way. */
  let turn: Promise<unknown> = Promise.resolve();

  /**
   * Nothing is read of an image that this process has created, and counted ever since without anybody else: who has written it
   * meanwhile has yet to count it.
   */
  async function toChange(image: Uncounted, remembered: Entries): Promise<UncountedChange> {
    const { name, written } = image;
    const key = imageKey(name);
    const { set } = deps.decisionContext(deps.registryOf(name));
    const isRead = written === undefined || !remembered.has(key);
    const before = isRead ? await deps.store.entry(name) : remembered.get(key);
    const record = unexpired(isRead ? await deps.read(name) : dropStaleFacts(written, set));
    return { ...image, isRead, before, record, after: entryOf(record, set, await divergedTags(deps, record)) };
  }

  /** @returns those that are left to be counted, or all if somebody else was first */
  async function attempt(registry: string, images: readonly Uncounted[]): Promise<readonly Uncounted[]> {
    const { counts, version } = await deps.store.counts(registry);
    const remembered = counted.at(registry, version);
    const read = await Promise.all(images.map((image) => toChange(image, remembered)));
    const all = read.filter((change) => !isSameEntry(change.before, change.after));
    const changes = all.slice(0, howManyFit(all.map(deps.store.rowsOf)));
    if (changes.length === 0) return [];
    // Before they are counted: what is counted can be found.
    await deps.store.addParts(changes);
    const changed = changes.reduce((sum, one) => count(count(sum, one.before, -1), one.after, 1), counts);
    const next = { ...changed, changedAt: clock.now() };
    const outcome = await deps.store.commit(registry, next, version, changes);
    if (outcome === 'conflict') return images;
    counted.note(registry, outcome.version, changes);
    await Promise.all([deps.store.removeParts(changes), ...changes.map(endReminder)]);
    return all.slice(changes.length);
  }

  /**
   * Only of what was counted: where nothing had changed, another instance may be about to count what it has written before,
   * and has no other way to learn that this is over.
   */
  async function endReminder({ name, record, remindAt }: UncountedChange): Promise<void> {
    const { set, now } = deps.decisionContext(deps.registryOf(name));
    if (remindAt !== undefined && remindAt > now && isStable(record, set)) await timers.takeBack(name, remindAt);
  }

  async function takeTurn(registry: string, images: readonly Uncounted[]): Promise<void> {
    for (const some of inChunks(images, readAtOnce)) {
      let left = some;
      for (let tried = 1; left.length > 0; ) {
        const rest = await attempt(registry, left);
        if (rest !== left) tried = 1;
        else if (++tried > maxAttempts) {
          throw new UpstreamError('conflict', `counts of ${registry}: overtaken by other writers ${maxAttempts} times`);
        } else await clock.sleep(deps.random() * backoff(tried, { firstMs: 40, maxMs: 1_000 }));
        left = rest;
      }
    }
  }

  function countAll(images: readonly Uncounted[]): Promise<void> {
    const work = turn.then(async () => {
      const registries = Map.groupBy(images, ({ name }) => name.registry);
      for (const [registry, some] of registries) await takeTurn(registry, some);
    });
    // Whoever asked for it has the error from `work`, and logs or throws it; the next turn begins all the same.
    turn = work.catch(() => undefined);
    return work;
  }

  /** Timers that fire together go together, however many there are. */
  let together: { readonly images: Map<string, Uncounted>; readonly done: Promise<void> } | undefined;
  function countTogether(name: ImageName): Promise<void> {
    if (together === undefined) {
      const images = new Map<string, Uncounted>();
      const done = turn.then(() => {
        together = undefined;
        return countAll([...images.values()]);
      });
      together = { images, done };
    }
    together.images.set(imageKey(name), { name });
    return together.done;
  }

  function countSoon(image: Uncounted): void {
    soon.set(imageKey(image.name), image);
    if (isWaiting) return;
    isWaiting = true;
    clock
      .sleep(soonMs)
      .then(() => {
        isWaiting = false;
        const images = [...soon.values()];
        soon.clear();
        return countAll(images);
      })
      .catch((error: unknown) => {
        log.warn('images not counted, will retry', { error: describeError(error) });
      });
  }

  function isChanged(before: ImageRecord | undefined, after: ImageRecord): boolean {
    const { set } = deps.decisionContext(deps.registryOf(after.name));
    return !isSameEntry(entryOf(before, set), entryOf(after, set)) || !isStable(after, set);
  }

  return {
    async beforeWrite(before, after, { set, now }) {
      // While it is not stable, a timer is set.
      if (unexpired(before) !== undefined && !isStable(before, set)) return;
      if (isChanged(before, after)) await timers.set(after.name, now + surelyWrittenMs);
    },
    written(image, before) {
      const { name } = image;
      if (before === undefined) counted.addNew(name);
      if (!isChanged(before, image) && !soon.has(imageKey(name))) return;
      countSoon({ name, written: image, remindAt: timers.last(name) });
    },
    async recount(name) {
      await countTogether(name);
      const record = unexpired(await deps.read(name));
      const { set, now } = deps.decisionContext(deps.registryOf(name));
      if (record === undefined || isStable(record, set)) return;
      const most = isUnpublished(record) ? maxUnpublishedPauseMs : maxPauseMs;
      const pause = Math.min(most, Math.max(surelyWrittenMs, (now - record.changedAt) / 2));
      await deps.timer.remind(name, now + pause);
    },
    recountAll: (names) => countAll(names.map((name) => ({ name }))),
    async summary(registry) {
      const { counts } = await deps.store.counts(registry.name);
      return summarize(counts, deps.decisionContext(registry).set);
    },
  };
}

/** How many of them fit in one transaction, in their order; at least one. */
function howManyFit(rows: readonly number[]): number {
  let sum = 0;
  const first = rows.findIndex((more) => {
    sum += more;
    return sum > maxRows;
  });
  return first < 0 ? rows.length : Math.max(1, first);
}
