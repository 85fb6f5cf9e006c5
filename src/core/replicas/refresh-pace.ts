/**
 * When ARM is asked: by one request at a time, with a pause between two, since ARM limits requests. Calls during the pause
 * share one request, which is sent when the pause is over.
 */
import type { Clock } from '../runtime/clock.ts';

/** The outcome of a request to ARM. */
export type RefreshOutcome = 'answered' | { readonly retryAfterMs: number | undefined };

export interface RefreshPace {
  /** Asks now, or waits for the request under way; does nothing during the pause. */
  now(): Promise<void>;
  /** Sends a request after this call, at once or after the pause; returns at once. */
  soon(): void;
  /** The same, but does nothing if a request is under way. @returns the end of the request under way now, if there is one */
  next(): Promise<void> | undefined;
}

/** From the start of a request that ARM answers. */
const pauseMs = 30_000;
/** After a request that it does not answer; longer each time, up to `pauseMs`. */
const firstPauseMs = 10_000;
/** ARM may ask for a longer pause than `pauseMs`, but not for so long that every run of the timer falls in a pause. */
const maxRetryAfterMs = 120_000;

/** @param ask never fails */
export function refreshPace(clock: Clock, ask: () => Promise<RefreshOutcome>): RefreshPace {
  let freeAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let asking: Promise<void> | undefined;
  let isPostponed = false;

  async function askNow(): Promise<void> {
    const startedAt = clock.now();
    try {
      const outcome = await ask();
      failures = outcome === 'answered' ? 0 : failures + 1;
      freeAt = outcome === 'answered' ? startedAt + pauseMs : clock.now() + pauseAfter(failures, outcome.retryAfterMs);
    } finally {
      asking = undefined;
    }
  }

  async function now(): Promise<void> {
    if (asking === undefined && clock.now() < freeAt) return;
    asking ??= askNow();
    await asking;
  }

  async function askLater(): Promise<void> {
    if (isPostponed) return;
    isPostponed = true;
    await asking;
    const dueAt = freeAt;
    await clock.sleep(dueAt - clock.now());
    // A call from here on needs another request.
    isPostponed = false;
    // `sleep()` may end a moment early, so the time is not compared. If the pause has changed, ARM was asked meanwhile.
    if (freeAt === dueAt) asking ??= askNow();
    await asking;
  }

  function soon(): void {
    if (asking === undefined && clock.now() >= freeAt) void now();
    else void askLater();
  }

  return {
    now,
    soon,
    next() {
      if (asking === undefined) soon();
      return asking;
    },
  };
}

function pauseAfter(failures: number, retryAfterMs = 0): number {
  return Math.max(Math.min(failures * firstPauseMs, pauseMs), Math.min(retryAfterMs, maxRetryAfterMs));
}
