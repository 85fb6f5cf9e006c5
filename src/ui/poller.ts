/**
 * Asks again and again while somebody looks: every two seconds, slower where answers take long or nothing changes, at growing
 * pauses while there are none, and not at all in a tab that is not seen.
 */
export interface PollerOptions {
  /** @returns whether an answer came, and another than before; `wait` when there is no use in asking before something is done */
  readonly ask: (signal: AbortSignal) => Promise<'answered' | 'unchanged' | 'failed' | 'wait'>;
  readonly isSeen: () => boolean;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

export interface Poller {
  /** Asks at once, and forgets the question that was under way. */
  poke(): void;
  /** To be called when the tab is shown or hidden. */
  seen(): void;
}

export const everyMs = 2_000;
export const longestPauseMs = 30_000;
/** Where nothing happens. */
export const calmMs = 6_000;
/** Asking must not be what keeps the tracker busy. */
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

/** @param unchanged answers in a row that said nothing new */
export function pauseAfter(failures: number, tookMs: number, unchanged = 0): number {
  const calm = Math.min(calmMs, everyMs * 1.25 ** Math.max(0, unchanged - 3));
  const pause = failures === 0 ? Math.max(calm, tookMs * pausePerAnswer) : everyMs * 2 ** (failures - 1);
  return Math.min(longestPauseMs, pause);
}
