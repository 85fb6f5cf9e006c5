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
import { imageKey, known, progressOf } from '../image/record.ts';
import type { TagName } from '../image/tag-name.ts';
import { tagPointers, tagState } from '../image/tag-resolution.ts';
import type { Tag } from '../model/reference.ts';
import type { Registry } from '../model/registry.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { Log } from '../runtime/log.ts';
import type { CatalogueSummary } from './counts.ts';
import { count, summarize } from './counts.ts';
import type { CatalogueEntry, DivergedTag } from './entry.ts';
import { entryOf, isSameEntry, isSettled } from './entry.ts';
import type { CatalogueChange, CatalogueStore, CatalogueTimer } from './ports.ts';
import { maxRows } from './ports.ts';

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

interface CatalogueDeps {
  readonly store: CatalogueStore;
  readonly timer: CatalogueTimer;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Past every cache. */
  read(name: ImageName): Promise<ImageRecord | undefined>;
  /** The images that the tag was pushed with last. */
  readTag(name: TagName): Promise<readonly ImageRecord[]>;
  registry(name: ImageName): Registry;
  decisionContext(registry: Registry): DecisionContext;
}

/** Most images are everywhere by then, and are counted once. */
const soonMs = 1_500;
/** A write that was begun has been taken by then, or never will be. */
const surelyWrittenMs = 60_000;
const maxPauseMs = 3_600_000;
const maxAttempts = 12;
/** Tags of one image that are looked at. */
const maxTags = 10;
const readAtOnce = 32;

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
  const soon = new Map<string, ImageName>();
  let isWaiting = false;
  /** Of one registry after the other: they would only stand in each other's way. */
  let turn: Promise<unknown> = Promise.resolve();

  async function divergedTags(record: ImageRecord | undefined): Promise<DivergedTag[]> {
    if (record === undefined) return [];
    const { registry, repository, digest } = record.name;
    const { set, policy, now } = deps.decisionContext(deps.registry(record.name));
    const regions = expectedRegions(set);
    const mayDiverge = Object.keys(record.tags).filter((tag) => {
      const progress = progressOf(record, tag as Tag);
      const isAlone = progress?.isCompared === true && Object.keys(progress.others).length === 0;
      return progress?.state === 'open' && !isAlone;
    }) as Tag[];
    const looked = await Promise.all(
      mayDiverge.slice(-maxTags).map(async (tag): Promise<DivergedTag[]> => {
        const pointers = tagPointers(tag, await deps.readTag({ registry, repository, tag }));
        if (pointers.newest?.digest !== digest) return [];
        if (tagState(pointers, regions, now, policy.delayedAfterMs) !== 'diverged') return [];
        const held = regions.filter((region) => {
          const pointer = pointers.regions.get(region);
          return pointer !== undefined && pointer.digest !== digest;
        });
        return [{ tag, regions: held }];
      }),
    );
    return looked.flat();
  }

  async function entryNow(name: ImageName): Promise<CatalogueEntry | undefined> {
    const record = known(await deps.read(name));
    return entryOf(record, deps.decisionContext(deps.registry(name)).set, await divergedTags(record));
  }

  /** @returns those that are left to be counted, or all if somebody else was first */
  async function attempt(registry: string, names: readonly ImageName[]): Promise<readonly ImageName[]> {
    const { counts, version } = await deps.store.counts(registry);
    const before = await Promise.all(names.map(deps.store.entry));
    const after = await Promise.all(names.map(entryNow));
    const all = names
      .map((name, i): CatalogueChange => ({ name, before: before[i], after: after[i] }))
      .filter((change) => !isSameEntry(change.before, change.after));
    const changes = all.slice(0, howManyFit(all.map(deps.store.rowsOf)));
    if (changes.length === 0) return [];
    // Before they are counted: what is counted can be found.
    await deps.store.addParts(changes);
    const changed = changes.reduce((sum, one) => count(count(sum, one.before, -1), one.after, 1), counts);
    const next = { ...changed, changedAt: clock.now() };
    if ((await deps.store.commit(registry, next, version, changes)) === 'conflict') return names;
    await deps.store.removeParts(changes);
    return all.slice(changes.length).map(({ name }) => name);
  }

  async function takeTurn(registry: string, names: readonly ImageName[]): Promise<void> {
    for (const some of inChunks(names, readAtOnce)) {
      let left = some;
      for (let tried = 1; left.length > 0; ) {
        const rest = await attempt(registry, left);
        if (rest !== left) tried = 1;
        else if (++tried > maxAttempts) {
          throw new UpstreamError('conflict', `counts of ${registry}: overtaken by other writers ${maxAttempts} times`);
        } else await clock.sleep(deps.random() * Math.min(1_000, 20 * 2 ** tried));
        left = rest;
      }
    }
  }

  function countAll(names: readonly ImageName[]): Promise<void> {
    const work = turn.then(async () => {
      for (const [registry, some] of Map.groupBy(names, ({ registry }) => registry)) await takeTurn(registry, some);
    });
    // Whoever asked for it has the error; the next turn begins all the same.
    turn = work.catch(() => undefined);
    return work;
  }

  /** Timers that fire together go together, however many there are. */
  let together: { readonly names: ImageName[]; readonly done: Promise<void> } | undefined;
  function countTogether(name: ImageName): Promise<void> {
    if (together === undefined) {
      const names: ImageName[] = [];
      const done = turn.then(() => {
        together = undefined;
        return countAll(names);
      });
      together = { names, done };
    }
    together.names.push(name);
    return together.done;
  }

  function countSoon(name: ImageName): void {
    soon.set(imageKey(name), name);
    if (isWaiting) return;
    isWaiting = true;
    clock
      .sleep(soonMs)
      .then(() => {
        isWaiting = false;
        const names = [...soon.values()];
        soon.clear();
        return countAll(names);
      })
      .catch((error: unknown) => {
        log.warn('images not counted, will retry', { error: describeError(error) });
      });
  }

  function isChanged(before: ImageRecord | undefined, after: ImageRecord): boolean {
    const { set } = deps.decisionContext(deps.registry(after.name));
    return !isSameEntry(entryOf(before, set), entryOf(after, set)) || !isSettled(after, set);
  }

  return {
    async beforeWrite(before, after, { set, now }) {
      // While it is not settled, a timer is set.
      if (known(before) !== undefined && !isSettled(before, set)) return;
      if (isChanged(before, after)) await deps.timer.remind(after.name, now + surelyWrittenMs);
    },
    written(image, before) {
      if (isChanged(before, image)) countSoon(image.name);
    },
    async recount(name) {
      await countTogether(name);
      const record = known(await deps.read(name));
      const { set, now } = deps.decisionContext(deps.registry(name));
      if (record === undefined || isSettled(record, set)) return;
      const pause = Math.min(maxPauseMs, Math.max(surelyWrittenMs, (now - record.changedAt) / 2));
      await deps.timer.remind(name, now + pause);
    },
    recountAll: countAll,
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
