/**
 * Releases: created once by one pipeline, waited for by name by any number of others. A record has the content and what was
 * published; the availability of the images is asked of the tracker each time.
 */
import type { EventPublisher } from '../outbox/ports.ts';
import type { SeveralResult } from '../query/several-images.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { watch } from '../runtime/shared-poller.ts';
import { withTimeout } from '../runtime/timeout.ts';
import type { Tracker } from '../tracker.ts';
import type { ReleaseEvaluation } from './evaluate-release.ts';
import { releaseEvaluator } from './evaluate-release.ts';
import type { OpenReleases } from './open-releases.ts';
import { maxListAgeMs, openReleases } from './open-releases.ts';
import type { ReleasePlace, ReleaseQueue, ReleaseStore, StoredRelease, TimedRelease } from './ports.ts';
import type { Release, ReleaseContent } from './release.ts';
import { isFinished, isSameContent, makeRevision, nextEvaluationAt } from './release.ts';
import type { ReleaseEventData } from './release-document.ts';
import { resolveRelease } from './resolve-release.ts';
import { waitForRelease } from './wait-for-release.ts';

export interface ReleasesDeps {
  readonly store: ReleaseStore;
  readonly queue: ReleaseQueue;
  readonly tracker: Pick<Tracker, 'registries' | 'ready' | 'replicaSet' | 'answerAll' | 'waitForAll'>;
  readonly publisher: EventPublisher<ReleaseEventData>;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly delayedAfterMs: number;
  /** How long a release is kept after it became available. */
  readonly retentionMs: number;
}

type PutOutcome = 'created' | 'revised' | 'unchanged';

/** Every method that returns a promise fails with an `UpstreamError`. */
export interface Releases extends Pick<OpenReleases, 'evaluateReleasesWith'> {
  /** Returns once it is stored, with its present evaluation; the same content again changes nothing. */
  put(
    name: string,
    content: ReleaseContent,
  ): Promise<{ readonly outcome: PutOutcome; readonly found: ReleaseEvaluation }>;
  read(name: string): Promise<ReleaseEvaluation>;
  /** As the tracker's wait for several images. If another revision is created meanwhile, waits for that instead. */
  wait(name: string, timeoutMs: number): Promise<ReleaseEvaluation>;
  /** Newest first. @param after the last of the page before */
  list(
    limit: number,
    after: ReleasePlace | undefined,
  ): Promise<{ readonly releases: readonly Release[]; readonly next: ReleasePlace | null }>;
  /** @returns whether there was one */
  remove(name: string): Promise<boolean>;
  /** Runs its row of due work. */
  resume(timed: TimedRelease): Promise<void>;
  /** Removes releases whose retention has ended. @returns how many */
  expire(): Promise<number>;
  /** Waits for events that are being published, at most that long. */
  close(milliseconds: number): Promise<void>;
}

const maxAttempts = 20;
const maxPauseMs = 100;
/** How often a record is read while requests wait: this finds revisions that another instance has created. */
const pace = { minPauseMs: 1_000, maxPauseMs: 5_000, maxReads: 4 };
/** A missing record is read again after this time: longer than any write to the storage. */
const missingForMs = 60_000;
const pageSize = 100;

export function releases(deps: ReleasesDeps): Releases {
  const { store, queue, tracker, clock, log, delayedAfterMs } = deps;
  const records = watch<StoredRelease | undefined>(clock, pace);
  const onWritten = (stored: StoredRelease, begunAt: number) => records.publish(stored.release.name, stored, begunAt);
  const evaluator = releaseEvaluator({ ...deps, onWritten });
  const { evaluate } = evaluator;
  const open = openReleases({ ...deps, evaluate });

  async function keep(name: string, content: ReleaseContent): Promise<{ outcome: PutOutcome; release: Release }> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const before = await store.read(name);
      if (before !== undefined && isSameContent(before.release, content)) {
        return { outcome: 'unchanged', release: before.release };
      }
      const begunAt = clock.now();
      const release = makeRevision(name, content, before?.release, begunAt);
      const { revision } = release;
      // Before the record: a release without a row would never be published if this instance died after storing it.
      await queue.add({ name, revision }, nextEvaluationAt(release, begunAt, delayedAfterMs));
      const stored = await (before === undefined ? store.create(release) : store.replace(release, before));
      if (stored !== 'conflict') {
        onWritten(stored, begunAt);
        return { outcome: before === undefined ? 'created' : 'revised', release };
      }
      await clock.sleep(deps.random() * maxPauseMs);
    }
    throw new UpstreamError('conflict', `release ${name} kept changing`);
  }

  /** Follows a new release until every other instance that stores reports must have it on its list. */
  async function followAtFirst(release: Release): Promise<void> {
    const resolved = await resolveRelease(release, tracker);
    if (resolved.kind === 'untracked') return;
    const { outcome } = await tracker.waitForAll(resolved.asked, maxListAgeMs + 1_000);
    if (outcome === 'satisfied') await evaluate(release.name);
  }

  async function read(name: string): Promise<ReleaseEvaluation> {
    const stored = await store.read(name);
    if (stored === undefined) return { kind: 'unknown' };
    const { release } = stored;
    const resolved = await resolveRelease(release, tracker);
    if (resolved.kind === 'untracked') return { ...resolved, release };
    const result: SeveralResult = await tracker.answerAll(resolved.asked);
    const isNew = result.document.satisfied && release.availableAt === null;
    return isNew ? evaluate(name) : { kind: 'evaluated', release, result };
  }

  return {
    evaluateReleasesWith: open.evaluateReleasesWith,
    async put(name, content) {
      const { outcome, release } = await keep(name, content);
      if (outcome === 'unchanged') return { outcome, found: await read(name) };
      open.add(release);
      const found = await evaluate(name);
      if (found.kind === 'evaluated' && found.release.availableAt === null) {
        followAtFirst(release).catch((error: unknown) => {
          log.warn('release not followed, will retry', { release: name, error: describeError(error) });
        });
      }
      return { outcome, found };
    },
    read,
    wait: (name, timeoutMs) => waitForRelease({ ...deps, records, evaluate }, name, timeoutMs),
    async list(limit, after) {
      const { releases: found, next } = await store.page({ limit, after });
      return { releases: found.map(({ release }) => release), next };
    },
    async remove(name) {
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const stored = await store.read(name);
        if (stored === undefined) return false;
        const begunAt = clock.now();
        if ((await store.remove(stored)) === 'conflict') continue;
        records.publish(name, undefined, begunAt);
        return true;
      }
      throw new UpstreamError('conflict', `release ${name} kept changing`);
    },
    async resume({ name, revision, wasMissing }) {
      const found = await evaluate(name);
      if (found.kind === 'unknown' || found.release.revision < revision) {
        if (wasMissing !== true) await queue.add({ name, revision, wasMissing: true }, clock.now() + missingForMs);
        return;
      }
      // A later revision has a row of its own.
      if (found.release.revision > revision || isFinished(found.release)) return;
      await queue.add({ name, revision }, nextEvaluationAt(found.release, clock.now(), delayedAfterMs));
    },
    async expire() {
      const before = clock.now() - deps.retentionMs;
      let forgotten = 0;
      let after: ReleasePlace | undefined;
      do {
        const page = await store.page({ before, after, limit: pageSize });
        for (const stored of page.releases) {
          const { availableAt } = stored.release;
          if (availableAt === null || availableAt >= before || !isFinished(stored.release)) continue;
          if ((await store.remove(stored)) === 'removed') forgotten++;
        }
        after = page.next ?? undefined;
      } while (after !== undefined);
      return forgotten;
    },
    async close(milliseconds) {
      await withTimeout(clock, milliseconds, evaluator.announced());
    },
  };
}
