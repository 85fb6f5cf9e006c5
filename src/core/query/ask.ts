/**
 * Answers questions about one image or several, at once or after a wait. Several images are judged together. Each has one poller,
 * which all requests for the image share.
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
 * "Deleted" and "superseded" end a wait only after they have lasted this long: an image that was just pushed again is reported
 * some seconds later.
 */
export const finalAfterMs = 30_000;

/** States that were read within this time count as states of the same time. */
const sameTimeMs = 100;

/** One image with the requirement that it must meet. */
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
  /** Whether it was deleted or superseded for `finalAfterMs` of this wait. */
  readonly isFinal: boolean;
}

interface AskingDeps {
  readonly clock: Clock;
  readonly watch: ImageWatch;
  readonly telemetry: Telemetry;
  /** Images that are read at the same time for answers without a wait. */
  readonly maxReads: number;
  judge(asked: Asked, known: AvailabilitySnapshot): Judged;
  /** Probes the replicas until the signal is aborted. */
  probeWhileWaiting(asked: Asked, watched: WatchedImage, signal: AbortSignal): void;
}

/** Ends a wait early. */
export interface EarlierEnd {
  /** The number of satisfied images that is enough. */
  readonly enough?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Asking {
  /**
   * Fails with an `UpstreamError` if the storage could not be read.
   * @returns one result for each, in their order
   */
  answer(asked: readonly Asked[]): Promise<WaitResult[]>;
  /**
   * Waits until all are satisfied at the same time, or one of them was deleted or superseded for `finalAfterMs`; at most
   * `timeoutMs`. Fails with an `UpstreamError` if the storage could not be read during the whole wait.
   * @returns one result for each, in their order
   */
  wait(asked: readonly Asked[], timeoutMs: number, end?: EarlierEnd): Promise<WaitResult[]>;
  /** Ends every wait now. */
  close(): void;
}

/** One image of a wait. */
interface WaitedFor {
  readonly asked: Asked;
  readonly watched: WatchedImage;
  readonly judgement: Judgement<Judged>;
  last: Judged | undefined;
  /** When `last` was read or written here, milliseconds since 1970. */
  notedAt: number;
  /** Since when it has been deleted or superseded without a break. `what` changes if it was pushed again in between. */
  over: { readonly what: string; readonly since: number } | undefined;
}

export function asking({ clock, watch, telemetry, maxReads, judge, probeWhileWaiting }: AskingDeps): Asking {
  /** One for each wait, to end it. */
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

  /** @param timeoutMs of the wait; 0 for a question without a wait, whose read has the full time of a request */
  function readLast({ asked, watched }: WaitedFor, timeoutMs: number): Promise<Judged> {
    const reading = readNow(asked, watched);
    return timeoutMs === 0 ? reading : readAtEnd(clock, reading);
  }

  function note(waitedFor: WaitedFor, known: AvailabilitySnapshot): void {
    waitedFor.last = waitedFor.judgement.of(known);
    waitedFor.notedAt = clock.now();
    const { outcome } = waitedFor.last;
    const isOver = outcome === 'deleted' || outcome === 'superseded';
    const what = `${outcome} ${timesPushed(waitedFor.asked, known)}`;
    if (!isOver) waitedFor.over = undefined;
    else if (waitedFor.over?.what !== what) waitedFor.over = { what, since: clock.now() };
  }

  const isFinal = ({ over }: WaitedFor) => over !== undefined && clock.now() - over.since >= finalAfterMs;

  /** Follows all images until `enough` of them are satisfied at the same time, one is final, or the signal is aborted. */
  async function followUntilTogether(all: readonly WaitedFor[], enough: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await followUntilDecided(all, enough, signal);
      if (signal.aborted || all.length === 1 || all.some(isFinal)) return;
      // The state of others may be a second old: one may have been deleted before another was pushed. If a read that begins now
      // finds it satisfied as well, it was satisfied at this moment, together with the others.
      const earlier = all.filter((one) => isSatisfied(one) && clock.now() - one.notedAt > sameTimeMs);
      await Promise.all(earlier.map((one) => one.watched.follow((known) => noteNext(one, known), signal)));
      if (signal.aborted || all.filter(isSatisfied).length >= enough) return;
    }
  }

  function noteNext(waitedFor: WaitedFor, known: AvailabilitySnapshot): true {
    note(waitedFor, known);
    return true;
  }

  /**
   * Until `enough` of the last known states are satisfied, one is final, or the signal is aborted. A satisfied image is followed
   * all the same: it may be deleted while others are still missing.
   */
  function followUntilDecided(all: readonly WaitedFor[], enough: number, signal: AbortSignal): Promise<unknown> {
    let stillNeeded = enough - all.filter(isSatisfied).length;
    const isDecided = () => stillNeeded <= 0;
    const answers = all.map((one) =>
      one.watched.follow((known) => {
        if (isDecided()) return true;
        const wasSatisfied = isSatisfied(one);
        note(one, known);
        stillNeeded += Number(wasSatisfied) - Number(isSatisfied(one));
        if (isFinal(one)) stillNeeded = 0;
        return isDecided() || undefined;
      }, signal),
    );
    return Promise.race(answers);
  }

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
    const all = asked.map((one): WaitedFor => {
      const watched = watch.of(one.question);
      const judgement = judgementOf(one, watched.key);
      return { asked: one, watched, judgement, last: undefined, notedAt: 0, over: undefined };
    });
    const decided = followUntilTogether(all, enough, end.signal);
    for (const { asked: one, watched } of all) probeWhileWaiting(one, watched, finished.signal);
    await decided;
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

  /** Counts the wait in the metric, once per registry. @returns ends the count */
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

function isSatisfied({ last }: WaitedFor): boolean {
  return last?.outcome === 'satisfied';
}

/**
 * How often the image and the tag were pushed. It changes if the image was back and gone again while the storage could not be
 * read.
 */
function timesPushed({ question: { tag } }: Asked, { record }: AvailabilitySnapshot): string {
  return record === undefined ? '' : `${record.generation} ${tag === undefined ? 0 : roundOf(record, tag)}`;
}
