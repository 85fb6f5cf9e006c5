/**
 * Time that jumps to whatever is due next, for things that overlap: half an hour of lags, loops and storage takes
 * seconds, and every delay comes out exact. The simulator's own virtual scheduler waits for each action to end before
 * the next one begins; here an action that sleeps lets the others go on, or no two deliveries would ever meet.
 */
import type { Clock } from '../../src/core/ports.ts';
import type { Scheduler } from '../../src/local/simulator/scheduler.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';

export interface VirtualTime {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** Work that needs turns of the platform's loop, but none of this time: nothing else happens before it has ended. */
  meanwhile<T>(work: () => Promise<T>): Promise<T>;
  /** Moves on by so much. Fails with the first failure of anything that was scheduled. */
  pass(milliseconds: number): Promise<void>;
}

const maxSteps = 50_000_000;

export function virtualTime(): VirtualTime {
  const inner = createVirtualScheduler();
  const failures: unknown[] = [];
  let busy = 0;

  /** One turn runs every callback of a promise that is ready. */
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
