/**
 * Waits for a release by its name. A request follows the images with the pollers that all requests share, and the record with
 * another one: when a new revision is stored, it waits for that from then on.
 */
import type { SeveralResult } from '../query/several-images.ts';
import type { Clock } from '../runtime/clock.ts';
import { UpstreamError } from '../runtime/errors.ts';
import type { Watch } from '../runtime/shared-poller.ts';
import { readAtEnd } from '../runtime/timeout.ts';
import type { Tracker } from '../tracker.ts';
import type { ReleaseEvaluation } from './evaluate-release.ts';
import type { ReleaseStore, StoredRelease } from './ports.ts';
import type { Release } from './release.ts';
import { isSameRevision } from './release.ts';
import { resolveRelease } from './resolve-release.ts';

interface WaitForReleaseDeps {
  readonly store: Pick<ReleaseStore, 'read'>;
  readonly tracker: Pick<Tracker, 'registries' | 'ready' | 'replicaSet' | 'waitForAll'>;
  readonly records: Watch<StoredRelease | undefined>;
  readonly clock: Clock;
  evaluate(name: string): Promise<ReleaseEvaluation>;
}

interface Round {
  readonly result: SeveralResult;
  /** The record as last read. */
  readonly release: Release;
  /** What replaced the revision, if it was replaced or removed. */
  readonly moved: { readonly stored: StoredRelease | undefined } | undefined;
}

/** Fails with an `UpstreamError` when the storage could not be read during the whole wait. */
export async function waitForRelease(
  deps: WaitForReleaseDeps,
  name: string,
  timeoutMs: number,
): Promise<ReleaseEvaluation> {
  const { store, tracker, records, clock } = deps;
  const endsAt = clock.now() + timeoutMs;
  const subject = { key: name, read: () => store.read(name) };

  async function readFirst(): Promise<StoredRelease | undefined> {
    if (timeoutMs <= 0) return store.read(name);
    const end = new AbortController();
    const done = new AbortController();
    clock.sleep(timeoutMs, done.signal).then(() => end.abort());
    const read = await records.follow(subject, (stored) => ({ stored }), end.signal);
    done.abort();
    return read === undefined ? readAtEnd(clock, store.read(name)) : read.stored;
  }

  async function waitFor(waited: Release, asked: Parameters<Tracker['waitForAll']>[0]): Promise<Round> {
    const moving = new AbortController();
    const done = new AbortController();
    let release = waited;
    const following = records.follow(
      subject,
      (stored) => {
        if (stored === undefined || !isSameRevision(stored.release, waited)) return { stored };
        release = stored.release;
        return undefined;
      },
      done.signal,
    );
    following.then((moved) => moved !== undefined && moving.abort());
    const result = await tracker.waitForAll(asked, Math.max(0, endsAt - clock.now()), {
      signal: moving.signal,
    });
    done.abort();
    return { result, release, moved: await following };
  }

  for (let current = await readFirst(); current !== undefined; ) {
    const resolved = await resolveRelease(current.release, tracker);
    if (resolved.kind === 'untracked') return { ...resolved, release: current.release };
    const { result, release, moved } = await waitFor(current.release, resolved.asked);
    if (moved !== undefined) {
      current = moved.stored;
      continue;
    }
    const waited = { kind: 'evaluated', release, result } as const;
    if (result.outcome !== 'satisfied') return waited;
    // Stored before the answer, which says since when it is available.
    const evaluated = await deps.evaluate(name).catch((error: unknown) => {
      if (error instanceof UpstreamError) return waited;
      throw error;
    });
    if (evaluated.kind !== 'evaluated' || evaluated.result.outcome === 'satisfied' || clock.now() >= endsAt)
      return evaluated;
    current = await store.read(name);
  }
  return { kind: 'unknown' };
}
