/**
 * Answers questions, at once or when there is something to say: one image or several, which are judged together, each by
 * the poller that it shares with whoever else waits for it.
 */

import type { AvailabilityDocument, AvailabilityQuery, AvailabilitySnapshot } from '../image/availability.ts';
import { roundOf } from '../image/tag-progress.ts';
import type { Requirement } from '../model/requirement.ts';
import type { Clock } from '../runtime/clock.ts';
import { semaphore } from '../runtime/semaphore.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { readAtEnd } from '../runtime/timeout.ts';
import type { ImageWatch, WatchedImage } from '../store/image-watch.ts';
import { waiters } from './instruments.ts';
import type { Judgement } from './shared-judgement.ts';
import { sharedJudgements } from './shared-judgement.ts';

/**
 * What was just pushed again is reported some seconds later: "deleted" and "superseded" end a wait only once they have been so
 * for this long.
 */
export const finalAfterMs = 30_000;

/** One image, and what is required of it. */
export interface Asked {
  readonly question: AvailabilityQuery;
  readonly requirement: Requirement;
}

export type WaitOutcome = 'satisfied' | 'waiting' | 'deleted' | 'superseded';

export interface Judged {
  readonly outcome: WaitOutcome;
  readonly document: AvailabilityDocument;
}

export interface WaitResult extends Judged {
  /** Whether it has been deleted or superseded for `finalAfterMs` of this wait. */
  readonly isFinal: boolean;
}

interface AskingDeps {
  readonly clock: Clock;
  readonly watch: ImageWatch;
  readonly telemetry: Telemetry;
  /** Images read at a time for answers at once. */
  readonly maxReads: number;
  judge(asked: Asked, known: AvailabilitySnapshot): Judged;
  /** Looks at the replicas themselves until the signal is aborted. */
  probeWhileWaiting(asked: Asked, watched: WatchedImage, signal: AbortSignal): void;
}

/** What ends a wait before its time, besides that all are satisfied. */
export interface EarlierEnd {
  /** So many satisfied at one time. */
  readonly enough?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Asking {
  /** Fails with an `UpstreamError` when the storage could not be read. @returns one for each, in their order */
  answer(asked: readonly Asked[]): Promise<WaitResult[]>;
  /**
   * Until all are satisfied at one time, or one of them could not be for `finalAfterMs`, at the latest after `timeoutMs`.
   * Fails with an `UpstreamError` when the storage could not be read all the while.
   * @returns one for each, in their order
   */
  wait(asked: readonly Asked[], timeoutMs: number, end?: EarlierEnd): Promise<WaitResult[]>;
  /** Ends every wait now. */
  close(): void;
}

interface Followed {
  readonly asked: Asked;
  readonly watched: WatchedImage;
  readonly judgement: Judgement<Judged>;
  last: Judged | undefined;
  /** Since when it has been deleted or superseded without a break, and what it was that has become of it. */
  over: { readonly what: string; readonly since: number } | undefined;
}

export function asking({ clock, watch, telemetry, maxReads, judge, probeWhileWaiting }: AskingDeps): Asking {
  /** Each ends one. */
  const waits = new Set<AbortController>();
  const reads = semaphore(maxReads);
  const judgementOf = sharedJudgements(judge, clock.now);

  async function readNow(asked: Asked, watched: WatchedImage): Promise<Judged> {
    await reads.acquire();
    try {
      return judge(asked, await watched.read());
    } finally {
      reads.release();
    }
  }

  /** @param timeoutMs of the wait; whoever waits for nothing asks, and has the time of a question */
  function readLast({ asked, watched }: Followed, timeoutMs: number): Promise<Judged> {
    const reading = readNow(asked, watched);
    return timeoutMs === 0 ? reading : readAtEnd(clock, reading);
  }

  function note(followed: Followed, known: AvailabilitySnapshot): void {
    followed.last = followed.judgement.of(known);
    const { outcome } = followed.last;
    const isOver = outcome === 'deleted' || outcome === 'superseded';
    const what = `${outcome} ${timesPushed(followed.asked, known)}`;
    if (!isOver) followed.over = undefined;
    else if (followed.over?.what !== what) followed.over = { what, since: clock.now() };
  }

  const isFinal = ({ over }: Followed) => over !== undefined && clock.now() - over.since >= finalAfterMs;

  async function waitUntil(
    asked: readonly Asked[],
    timeoutMs: number,
    { enough = asked.length, signal }: EarlierEnd,
  ): Promise<WaitResult[]> {
    const end = new AbortController();
    const onAbort = () => end.abort();
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    const finished = new AbortController();
    clock.sleep(timeoutMs, finished.signal).then(() => end.abort());
    waits.add(end);
    const all = asked.map((one): Followed => {
      const watched = watch.of(one.question);
      const judgement = judgementOf(one, watched.key);
      return { asked: one, watched, judgement, last: undefined, over: undefined };
    });
    // What is there already is followed all the same: it may be deleted while others are still missing.
    let waiting = enough;
    const isDecided = () => waiting <= 0;
    const answers = all.map((one) =>
      one.watched.follow((known) => {
        if (isDecided()) return true;
        const before = one.last?.outcome === 'satisfied';
        note(one, known);
        const now = one.last?.outcome === 'satisfied';
        waiting += Number(before) - Number(now);
        if (isFinal(one)) waiting = 0;
        return isDecided() || undefined;
      }, end.signal),
    );
    for (const { asked: one, watched } of all) probeWhileWaiting(one, watched, finished.signal);
    await Promise.race(answers);
    for (const { judgement } of all) judgement.close();
    waits.delete(end);
    signal?.removeEventListener('abort', onAbort);
    finished.abort();
    end.abort();
    return Promise.all(
      all.map(async (one) => ({
        ...(one.last ?? (await readLast(one, timeoutMs))),
        isFinal: isFinal(one),
      })),
    );
  }

  /** Counted while it waits, once for each registry. @returns how to say that it is over */
  function measureWaiting(asked: readonly Asked[]): () => void {
    const registries = new Set(asked.map(({ question }) => question.registry.name));
    const change = (by: number) => {
      for (const registry of registries) telemetry.measure(waiters, by, { registry });
    };
    change(1);
    return () => change(-1);
  }

  return {
    answer: (asked) =>
      Promise.all(asked.map(async (one) => ({ ...(await readNow(one, watch.of(one.question))), isFinal: false }))),
    async wait(asked, timeoutMs, end = {}) {
      const endOfMeasure = measureWaiting(asked);
      try {
        return await waitUntil(asked, timeoutMs, end);
      } finally {
        endOfMeasure();
      }
    },
    close() {
      for (const wait of waits) wait.abort();
    },
  };
}

/** It may have been back, and be gone once more, while the storage could not be read. */
function timesPushed({ question: { tag } }: Asked, { record }: AvailabilitySnapshot): string {
  return record === undefined ? '' : `${record.generation} ${tag === undefined ? 0 : roundOf(record, tag)}`;
}
