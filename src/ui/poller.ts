/**
 * Polls while the page is visible: every two seconds, slower where answers take long or nothing changes, with growing
 * pauses after failures, and not at all in a hidden tab.
 */
export interface PollerOptions {
  /** @returns the outcome of one poll; `wait` when no poll makes sense before the reader has done something */
  readonly ask: (signal: AbortSignal) => Promise<'answered' | 'unchanged' | 'failed' | 'wait'>;
  readonly isSeen: () => boolean;
  /** Milliseconds; only differences matter. */
  readonly now: () => number;
}

export interface Poller {
  /** Polls at once, and drops the answer of a poll in flight. */
  poke(): void;
  /** Call it when the tab is shown or hidden. */
  seen(): void;
}

export const everyMs = 2_000;
export const maxPauseMs = 30_000;
/** The interval while nothing changes. */
export const calmMs = 6_000;
/** The pause is at least this many times the time of the last answer, so that polling never overloads the tracker. */
const pausePerAnswer = 4;

export function createPoller({ ask, isSeen, now }: PollerOptions): Poller {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | undefined;
  let failures = 0;
  let unchanged = 0;

  async function run(): Promise<void> {
    clearTimeout(timer);
    running?.abort();
    const mine = new AbortController();
    running = mine;
    const startedAt = now();
    const outcome = await ask(mine.signal);
    if (running !== mine) return;
    running = undefined;
    if (outcome === 'wait') return;
    failures = outcome === 'failed' ? failures + 1 : 0;
    unchanged = outcome === 'unchanged' ? unchanged + 1 : 0;
    if (isSeen()) timer = setTimeout(run, pauseAfter(failures, now() - startedAt, unchanged));
  }

  return {
    poke() {
      unchanged = 0;
      void run();
    },
    seen() {
      unchanged = 0;
      if (isSeen()) void run();
      else clearTimeout(timer);
    },
  };
}

/** @param unchanged the number of unchanged answers in a row */
export function pauseAfter(failures: number, tookMs: number, unchanged = 0): number {
  const calm = Math.min(calmMs, everyMs * 1.25 ** Math.max(0, unchanged - 3));
  const pause = failures === 0 ? Math.max(calm, tookMs * pausePerAnswer) : everyMs * 2 ** (failures - 1);
  return Math.min(maxPauseMs, pause);
}
