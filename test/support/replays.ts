/** Replays over a tracker in memory, and a runner for their steps. */
import { memoryReplayQueue, memoryReplayStore } from '../../src/adapters/memory-replays.ts';
import type { ReplayPorts } from '../../src/core/replay/replay.ts';
import { replays } from '../../src/core/replay/replay.ts';
import type { MemoryTracker } from './memory-tracker.ts';

export function memoryReplays(memory: MemoryTracker, ports: Partial<ReplayPorts> = {}) {
  const queue = memoryReplayQueue();
  const jobs = memoryReplayStore();
  const note = (message: string, fields?: object) => void memory.lines.push(`${message} ${JSON.stringify(fields)}`);
  const made = replays({
    registries: memory.tracker.registries,
    images: memory.store,
    jobs,
    queue,
    publisher: memory.publisher,
    sets: { ready: async () => undefined, current: memory.tracker.replicaSet },
    clock: memory.clock,
    log: { info: note, warn: note },
    ...ports,
  });

  /** Lets every message be done at its time, until none is left. */
  async function finish(maxSteps = 100): Promise<void> {
    for (let step = 0; queue.sent.length > 0; step++) {
      if (step >= maxSteps) throw new Error(`still at work after ${maxSteps} steps`);
      // The one that is due first.
      queue.sent.sort((a, b) => a.delayMs - b.delayMs);
      const [next] = queue.sent.splice(0, 1);
      if (next === undefined) return;
      await memory.clock.advance(next.delayMs);
      const done = made.step(next.message);
      // An event that is sent in several batches waits between them.
      await memory.clock.advance(5_000);
      await done;
    }
  }

  return { replays: made, queue, jobs, finish };
}
