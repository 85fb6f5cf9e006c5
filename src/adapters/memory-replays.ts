/**
 * Replays in memory, for tests. They are stored as JSON, so that no object is shared that real storage would not share.
 */
import type { ReplayQueue, ReplayStore } from '../core/ports.ts';
import type { ReplayJob, ReplayMessage } from '../core/replay/replay-job.ts';

export function memoryReplayStore(): ReplayStore {
  const jobs = new Map<string, { readonly text: string; readonly version: string }>();
  let writes = 0;
  return {
    async load(key) {
      const stored = jobs.get(key);
      return stored === undefined ? undefined : { job: JSON.parse(stored.text), version: stored.version };
    },
    async save(key, job, basedOn) {
      if (jobs.get(key)?.version !== basedOn) return 'conflict';
      const version = `v${++writes}`;
      jobs.set(key, { text: JSON.stringify(job), version });
      return { version };
    },
    async forget(before) {
      for (const [key, { text }] of jobs) {
        const { finishedAt }: ReplayJob = JSON.parse(text);
        if (finishedAt !== null && finishedAt < before) jobs.delete(key);
      }
    },
  };
}

/** @returns the queue, with what was put on it */
export function memoryReplayQueue(): ReplayQueue & {
  readonly sent: { readonly message: ReplayMessage; readonly delayMs: number }[];
} {
  const sent: { message: ReplayMessage; delayMs: number }[] = [];
  return {
    sent,
    async send(message, delayMs) {
      sent.push({ message, delayMs });
    },
  };
}
