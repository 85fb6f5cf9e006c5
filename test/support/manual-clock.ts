/** A clock that only the test moves: what lasts seconds takes no real time, and nothing happens before its time. */
import type { Clock } from '../../src/core/ports.ts';

export interface ManualClock extends Clock {
  /** Moves the time on, and runs everything that becomes due, in its order. */
  advance(milliseconds: number): Promise<void>;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
}

interface Sleeper {
  readonly dueAt: number;
  readonly wake: () => void;
}

export function manualClock(start = Date.parse('2026-06-01T12:00:00Z')): ManualClock {
  const sleepers = new Set<Sleeper>();
  let now = start;

  async function settle(): Promise<void> {
    // Each turn runs all promise callbacks that are ready; a few turns are enough for chains through timers of the
    // platform.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  return {
    now: () => now,
    sleep(milliseconds, signal) {
      if (signal?.aborted || milliseconds <= 0) return Promise.resolve();
      return new Promise((resolve) => {
        const sleeper: Sleeper = {
          dueAt: now + milliseconds,
          wake() {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake);
      });
    },
    settle,
    async advance(milliseconds) {
      const until = now + milliseconds;
      await settle();
      for (;;) {
        const [next] = [...sleepers].filter(({ dueAt }) => dueAt <= until).sort((a, b) => a.dueAt - b.dueAt);
        if (next === undefined) break;
        now = Math.max(now, next.dueAt);
        next.wake();
        await settle();
      }
      now = until;
    },
  };
}
