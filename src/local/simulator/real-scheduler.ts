/**
 * The scheduler of `npm run simulate` and `npm run demo`: runs actions in real time. Actions are not awaited, since a
 * real registry does not wait for one receiver before it calls the next; their failures are kept and thrown by `idle`,
 * so that a failed run cannot look finished.
 */
import { type Scheduler, TaskQueue } from './scheduler.ts';

export interface RealScheduler extends Scheduler {
  /** Resolves when no action is waiting or running; rejects with the first failure of an action. */
  idle(): Promise<void>;
  /** Drops all actions that have not run yet. */
  stop(): void;
}

export function runInRealTime(): RealScheduler {
  const tasks = new TaskQueue();
  const failures: unknown[] = [];
  let waiters: (() => void)[] = [];
  let running = 0;
  let timer: NodeJS.Timeout | undefined;

  function wake(): void {
    clearTimeout(timer);
    timer = undefined;
    const dueAt = tasks.nextDueAt;
    // A timer may fire up to a millisecond early; waiting at least one prevents a busy loop.
    if (dueAt !== undefined) timer = setTimeout(runDue, Math.max(1, Math.ceil(dueAt - Date.now())));
    else if (running === 0) release();
  }

  function release(): void {
    const released = waiters;
    waiters = [];
    for (const resolve of released) resolve();
  }

  function runDue(): void {
    for (let dueAt = tasks.nextDueAt; dueAt !== undefined && dueAt <= Date.now(); dueAt = tasks.nextDueAt) {
      const task = tasks.take();
      running += 1;
      Promise.resolve()
        .then(() => task?.action())
        .catch((failure: unknown) => failures.push(failure))
        .finally(() => {
          running -= 1;
          wake();
        });
    }
    wake();
  }

  return {
    now: () => Date.now(),
    at(dueAt, action) {
      tasks.add(dueAt, action);
      wake();
    },
    async idle() {
      if (tasks.size > 0 || running > 0) await new Promise<void>((resolve) => waiters.push(resolve));
      if (failures.length > 0) throw failures[0];
    },
    stop() {
      tasks.clear();
      wake();
    },
  };
}
