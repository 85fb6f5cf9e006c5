/**
 * A clock that jumps from one action to the next, so that a day of replication is tested in milliseconds. Actions run
 * one after the other and are awaited, so that runs with the same seed are identical. The number of steps is limited: a
 * world that schedules itself forever ends in an error.
 */
import { type Action, type Scheduler, TaskQueue } from './scheduler.ts';

export interface VirtualScheduler extends Scheduler {
  /** Runs actions until none is left, or up to and including the instant `until`, where the clock then stops. */
  run(limits?: { until?: number; maxSteps?: number }): Promise<void>;
  /** Advances the clock by so many milliseconds and runs the actions that become due. */
  advance(milliseconds: number): Promise<void>;
  /** Actions not run yet. */
  readonly waiting: number;
}

/** @param startAt the first time of the clock, milliseconds since 1970 */
export function createVirtualScheduler(startAt = Date.UTC(2026, 5, 1, 12)): VirtualScheduler {
  const tasks = new TaskQueue();
  let now = startAt;

  async function run({ until = Number.POSITIVE_INFINITY, maxSteps = 1_000_000 } = {}): Promise<void> {
    for (let step = 0; ; step += 1) {
      const dueAt = tasks.nextDueAt;
      if (dueAt === undefined || dueAt > until) break;
      if (step === maxSteps) {
        throw new Error(`virtual scheduler: still ${tasks.size} actions waiting after ${maxSteps} steps; pass until`);
      }
      now = Math.max(now, dueAt);
      await tasks.take()?.action();
    }
    if (Number.isFinite(until)) now = Math.max(now, until);
  }

  return {
    now: () => now,
    at: (dueAt: number, action: Action) => tasks.add(Math.max(dueAt, now), action),
    run,
    advance: (milliseconds) => run({ until: now + milliseconds }),
    get waiting() {
      return tasks.size;
    },
  };
}
