/**
 * When an image changes, evaluates the open releases that contain it. `evaluateReleasesWith()` is called by the instance that stores
 * a report or makes an event due, and by the one that runs the image's timer. It reads the list of open releases at most every two
 * seconds, and only while images change, so the cost does not grow with the number of reports. A release that was just created
 * may not be on the list of another instance yet: the instance that created it follows it for three seconds (`followAtFirst()` in
 * `releases.ts`).
 *
 * For each release one missing image is remembered, chosen at random: while it is missing, the others need not be read. When it
 * arrives, about half of the other missing images have arrived as well, so all images of a release of N are read about log N
 * times.
 *
 * A release is evaluated again in three cases:
 * 1. An image changes during the evaluation (`run()`, `isDue`): the evaluation may have read the image before the change, so it
 *    is repeated at once.
 * 2. The release requires attached artifacts (`evaluateLater()`, `isScheduled`): the registry is asked for them at most every
 *    three seconds, so this evaluation may not see an artifact that was just attached, and there is no other report. It is
 *    repeated once, 3.5 seconds later.
 * 3. Reading or writing fails (`attempt()`, `retry()`): it is repeated up to five times, with growing pauses. After that it is
 *    evaluated when an image changes again, by a request for it, and by its row of due work.
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
  /** Evaluates the open releases that have the image. Never fails: a failure is retried, and each release has a row of due work. */
  evaluateReleasesWith(name: ImageName): void;
  /** This instance has just created the release, or a revision of it. */
  add(release: Release): void;
}

interface OpenReleasesDeps {
  readonly store: Pick<ReleaseStore, 'open' | 'read' | 'unlist'>;
  readonly tracker: Pick<Tracker, 'registries' | 'ready' | 'replicaSet' | 'answerAll'>;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Called when every image satisfies the release's requirement. */
  evaluate(name: string): Promise<unknown>;
}

/** How old the list may be. */
export const maxListAgeMs = 2_000;
/** Further open releases are left to their rows of due work. */
const maxOpen = 500;
const maxReads = 16;
/** Six attempts in about a minute. After that, and for more than `maxFailed`, the rows of due work are enough. */
const retries = { firstMs: 2_000, maxMs: 30_000 };
const maxRetries = 5;
const maxFailed = 1_000;
/** The registry is asked for attached artifacts at most every three seconds: after this time a new answer is read. */
const evaluateAgainMs = 3_500;

interface OpenRelease {
  readonly release: Release;
  /** `registry/repository` of its images. */
  readonly repositories: ReadonlySet<string>;
  /** A missing image, chosen at random; `undefined` before the first evaluation. */
  missing: Asked | undefined;
  isRunning: boolean;
  /** An image has changed since the last evaluation began. */
  isDue: boolean;
  /** Another evaluation is scheduled in some seconds, for attached artifacts. */
  isScheduled: boolean;
}

export function openReleases(deps: OpenReleasesDeps): OpenReleases {
  const { store, tracker, clock, log } = deps;
  const reads = semaphore(maxReads);
  let entries = new Map<string, OpenRelease>();
  let listedAt = Number.NEGATIVE_INFINITY;
  let listing: Promise<void> | undefined;
  /** Failed work, by image or release. */
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

  function toEntry(release: Release): OpenRelease {
    const repositories = release.images.map((image) => image.replace(/(:[^/]*)?(@.*)?$/, ''));
    return {
      release,
      repositories: new Set(repositories),
      missing: undefined,
      isRunning: false,
      isDue: false,
      isScheduled: false,
    };
  }

  async function evaluateEntry(entry: OpenRelease): Promise<void> {
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

  async function run(entry: OpenRelease): Promise<void> {
    entry.isDue = true;
    if (entry.isRunning) return;
    entry.isRunning = true;
    try {
      while (entry.isDue) {
        entry.isDue = false;
        await evaluateEntry(entry);
      }
    } finally {
      entry.isRunning = false;
    }
  }

  async function evaluateThoseWith(name: ImageName): Promise<void> {
    if (clock.now() - listedAt > maxListAgeMs) {
      listing ??= list().finally(() => {
        listing = undefined;
      });
      await listing;
    }
    const registry = findRegistryByName(tracker.registries, name.registry);
    const repository = `${registry?.loginServer}/${name.repository}`;
    const affected = [...entries.values()].filter(({ repositories }) => repositories.has(repository));
    // Retried one by one: a release may be stored as available although the write got no answer. Then the list no longer has it.
    // Its own retry publishes that soon; otherwise its row of due work does, or a request for it.
    await Promise.all(affected.map((entry) => attempt(entry.release.name, () => run(entry))));
    for (const entry of affected) if (entry.release.artifacts !== undefined) void evaluateLater(entry);
  }

  async function evaluateLater(entry: OpenRelease): Promise<void> {
    if (entry.isScheduled) return;
    entry.isScheduled = true;
    await clock.sleep(evaluateAgainMs);
    entry.isScheduled = false;
    if (entries.get(entry.release.name) === entry) await attempt(entry.release.name, () => run(entry));
  }

  async function attempt(key: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => {
      log.warn('open releases not evaluated, will retry', { error: describeError(error) });
      if (failed.size < maxFailed) failed.set(key, work);
    });
    if (failed.size > 0 && !isRetrying) void retry();
  }

  async function retry(): Promise<void> {
    isRetrying = true;
    for (let failures = 1; failed.size > 0 && failures <= maxRetries; failures++) {
      await clock.sleep(backoff(failures, retries));
      const again = [...failed];
      failed.clear();
      await Promise.all(again.map(([key, work]) => attempt(key, work)));
    }
    failed.clear();
    isRetrying = false;
  }

  return {
    evaluateReleasesWith(name) {
      void attempt(imageKey(name), () => evaluateThoseWith(name));
    },
    add(release) {
      entries.set(release.name, toEntry(release));
    },
  };
}
