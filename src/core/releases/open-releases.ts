/**
 * Has a release looked at when an image of it changes. Whoever stores an image's report asks here; the list of open releases is
 * read at most every two seconds, and only while reports come, so it costs the same however many there are. Whoever makes a
 * release follows it himself until every other instance must have it on its list.
 *
 * Of each release one missing image is remembered, taken at random: while that one is missing the others need not be read. With
 * each that arrives about half of those that are left turn out to be there as well, so a release of N images is read as a whole
 * some log N times.
 */
import type { ImageName } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import { findRegistryByName } from '../model/registry.ts';
import type { Asked } from '../query/ask.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { semaphore } from '../runtime/semaphore.ts';
import type { Tracker } from '../tracker.ts';
import type { ReleaseStore } from './ports.ts';
import type { Release } from './release.ts';
import { isSameRevision } from './release.ts';
import { resolveRelease } from './resolve-release.ts';

export interface OpenReleases {
  /** Something new is stored of an image. Never fails: it is tried again, and the release's timer is there. */
  imageChanged(name: ImageName): void;
  /** It has just been made here. */
  add(release: Release): void;
}

interface OpenReleasesDeps {
  readonly store: Pick<ReleaseStore, 'open' | 'read' | 'unlist'>;
  readonly tracker: Pick<Tracker, 'registries' | 'ready' | 'replicaSet' | 'answerAll'>;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Every image of it has been seen where it must be. */
  evaluate(name: string): Promise<unknown>;
}

/** How old the list may be. */
export const maxListAgeMs = 2_000;
/** More are left to their timers. */
const maxOpen = 500;
const maxReads = 16;
/** Six tries in a minute; after that, and of more images, the timers. */
const retries = { firstMs: 2_000, maxMs: 30_000 };
const maxRetries = 5;
const maxFailed = 1_000;
/** The registry is asked for what is attached at most every three seconds: what was attached meanwhile is seen after that. */
const againAfterMs = 3_500;

interface Entry {
  readonly release: Release;
  /** `registry/repository` of its images. */
  readonly repositories: ReadonlySet<string>;
  missing: Asked | undefined;
  isRunning: boolean;
  /** Something has come since the last look began. */
  isDue: boolean;
  /** It is looked at again in some seconds. */
  isLookedAtAgain: boolean;
}

export function openReleases(deps: OpenReleasesDeps): OpenReleases {
  const { store, tracker, clock, log } = deps;
  const reads = semaphore(maxReads);
  let entries = new Map<string, Entry>();
  let listedAt = Number.NEGATIVE_INFINITY;
  let listing: Promise<void> | undefined;
  /** What failed, by image or release, and whether it is being tried again. */
  const failed = new Map<string, () => Promise<void>>();
  let isRetrying = false;

  async function list(): Promise<void> {
    const startedAt = clock.now();
    const open = await store.open(maxOpen);
    const listed = await Promise.all(
      open.map(async (one) => {
        const known = entries.get(one.name);
        if (known !== undefined && isSameRevision(known.release, one)) return known;
        await reads.acquire();
        const release = (await store.read(one.name).finally(reads.release))?.release;
        if (release?.createdAt === one.createdAt) return release.availableAt === null ? toEntry(release) : undefined;
        await store.unlist(one);
        return undefined;
      }),
    );
    entries = new Map(listed.flatMap((entry) => (entry === undefined ? [] : [[entry.release.name, entry]])));
    listedAt = startedAt;
  }

  function toEntry(release: Release): Entry {
    const repositories = release.images.map((image) => image.replace(/(:[^/]*)?(@.*)?$/, ''));
    return {
      release,
      repositories: new Set(repositories),
      missing: undefined,
      isRunning: false,
      isDue: false,
      isLookedAtAgain: false,
    };
  }

  async function lookAt(entry: Entry): Promise<void> {
    if (entry.missing !== undefined && !(await tracker.answerAll([entry.missing])).document.satisfied) return;
    const resolved = await resolveRelease(entry.release, tracker);
    if (resolved.kind === 'untracked') return;
    const { images } = (await tracker.answerAll(resolved.asked)).document;
    const missing = resolved.asked.filter((_, i) => images[i]?.satisfied !== true);
    entry.missing = missing[Math.floor(deps.random() * missing.length)];
    if (entry.missing !== undefined) return;
    await deps.evaluate(entry.release.name);
    if (entries.get(entry.release.name) === entry) entries.delete(entry.release.name);
  }

  async function run(entry: Entry): Promise<void> {
    entry.isDue = true;
    if (entry.isRunning) return;
    entry.isRunning = true;
    try {
      while (entry.isDue) {
        entry.isDue = false;
        await lookAt(entry);
      }
    } finally {
      entry.isRunning = false;
    }
  }

  async function lookAtThoseWith(name: ImageName): Promise<void> {
    if (clock.now() - listedAt > maxListAgeMs) {
      listing ??= list().finally(() => {
        listing = undefined;
      });
      await listing;
    }
    const registry = findRegistryByName(tracker.registries, name.registry);
    const repository = `${registry?.loginServer}/${name.repository}`;
    const having = [...entries.values()].filter(({ repositories }) => repositories.has(repository));
    // Each by itself: one that was noted as complete, and of which that was not heard, is on no list any more.
    await Promise.all(having.map((entry) => attempt(entry.release.name, () => run(entry))));
    for (const entry of having) if (entry.release.artifacts !== undefined) void lookAgain(entry);
  }

  async function lookAgain(entry: Entry): Promise<void> {
    if (entry.isLookedAtAgain) return;
    entry.isLookedAtAgain = true;
    await clock.sleep(againAfterMs);
    entry.isLookedAtAgain = false;
    if (entries.get(entry.release.name) === entry) await attempt(entry.release.name, () => run(entry));
  }

  async function attempt(key: string, look: () => Promise<void>): Promise<void> {
    await look().catch((error: unknown) => {
      log.warn('open releases not evaluated, will retry', { error: describeError(error) });
      if (failed.size < maxFailed) failed.set(key, look);
    });
    if (failed.size > 0 && !isRetrying) void retry();
  }

  async function retry(): Promise<void> {
    isRetrying = true;
    for (let failures = 1; failed.size > 0 && failures <= maxRetries; failures++) {
      await clock.sleep(backoff(failures, retries));
      const again = [...failed];
      failed.clear();
      await Promise.all(again.map(([key, look]) => attempt(key, look)));
    }
    failed.clear();
    isRetrying = false;
  }

  return {
    imageChanged(name) {
      void attempt(imageKey(name), () => lookAtThoseWith(name));
    },
    add(release) {
      entries.set(release.name, toEntry(release));
    },
  };
}
