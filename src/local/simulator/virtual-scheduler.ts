/**
 * A clock that jumps from one event to the next, so that a day of replication is tested in milliseconds. Actions run
 * one after the other and are awaited, which makes every run with the same seed the same down to its last line. The
 * number of steps is bounded: a world that keeps scheduling itself ends in an error instead of a test that hangs.
 */
import { type Action, type Scheduler, TaskQueue } from './scheduler.ts';

export interface VirtualScheduler extends Scheduler {
  /** Runs what is due until nothing is left, or up to and including the instant `until` (the clock then stands there). */
  run(limits?: { until?: number; maxSteps?: number }): Promise<void>;
  /** Moves the clock on by so many milliseconds and runs what falls due meanwhile. */
  advance(milliseconds: number): Promise<void>;
  /** Actions not run yet. */
  readonly waiting: number;
}

/** @param startAt milliseconds since 1970 that the clock shows first */
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
