/**
 * Virtual time for overlapping work: it jumps to the next due action, so that half an hour of lags, loops and storage
 * takes seconds, with exact delays. The simulator's own virtual scheduler waits for each action to end before the next
 * begins; here an action that sleeps lets the others go on, since otherwise no two deliveries would overlap.
 */
import type { Clock } from '../../src/core/ports.ts';
import type { Scheduler } from '../../src/local/simulator/scheduler.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';

export interface VirtualTime {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** Runs work that needs the event loop but no virtual time: nothing else runs before it has ended. */
  meanwhile<T>(work: () => Promise<T>): Promise<T>;
  /** Advances the time. Fails with the first failure of a scheduled action. */
  pass(milliseconds: number): Promise<void>;
}

const maxSteps = 50_000_000;

export function virtualTime(): VirtualTime {
  const inner = createVirtualScheduler();
  const failures: unknown[] = [];
  let busy = 0;

  /** One turn of the event loop runs the callbacks of all resolved promises. */
  async function settle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (busy > 0);
  }

  const scheduler: Scheduler = {
    now: inner.now,
    at(dueAt, action) {
      inner.at(dueAt, () => {
        Promise.resolve()
          .then(action)
          .catch((failure: unknown) => failures.push(failure));
        return settle();
      });
    },
  };

  function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || milliseconds <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      let isOver = false;
      const wake = () => {
        isOver = true;
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      signal?.addEventListener('abort', wake);
      inner.at(inner.now() + milliseconds, () => {
        if (isOver) return undefined;
        wake();
        return settle();
      });
    });
  }

  return {
    scheduler,
    clock: { now: inner.now, sleep },
    async meanwhile(work) {
      busy++;
      try {
        return await work();
      } finally {
        busy--;
      }
    },
    async pass(milliseconds) {
      await inner.run({ until: inner.now() + milliseconds, maxSteps: maxSteps });
      if (failures.length > 0) throw failures[0];
    },
  };
}
