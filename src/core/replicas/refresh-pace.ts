/**
 * When ARM is asked: by one request at a time, and after a pause at the earliest. Whoever wants it asked during the pause has
 * it asked once the pause is over, by one request for all of them: ARM limits how often it may be asked.
 */
import type { Clock } from '../runtime/clock.ts';

/** What became of asking. */
export type Asked = 'answered' | { readonly retryAfterMs: number | undefined };

export interface RefreshPace {
  /** Asks now, or waits for what is under way; does nothing during the pause. */
  now(): Promise<void>;
  /** Asks after this call, and returns at once. */
  soon(): void;
  /** The same, where a request that is under way will do. @returns its end, if one is under way now */
  next(): Promise<void> | undefined;
}

/** From the beginning of a request that ARM answers. */
const pauseMs = 30_000;
/** After one that it does not answer; longer each time, up to `pauseMs`. */
const firstPauseMs = 10_000;
/** ARM may ask for a longer pause. The timer comes in any case, and must not find each of its turns in a pause. */
const longestPauseMs = 120_000;

/** @param ask never fails */
export function refreshPace(clock: Clock, ask: () => Promise<Asked>): RefreshPace {
  let freeAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let asking: Promise<void> | undefined;
  let isPostponed = false;

  async function askNow(): Promise<void> {
    const startedAt = clock.now();
    try {
      const asked = await ask();
      failures = asked === 'answered' ? 0 : failures + 1;
      freeAt = asked === 'answered' ? startedAt + pauseMs : clock.now() + pauseAfter(failures, asked.retryAfterMs);
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
    // What is wanted from here on is too late for this request.
    isPostponed = false;
    // A timer may ring a moment early. Where the pause is another one, ARM has been asked meanwhile.
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
  return Math.max(Math.min(failures * firstPauseMs, pauseMs), Math.min(retryAfterMs, longestPauseMs));
}
