/** What replays need from the world. Every method fails with an `UpstreamError`, as in ../ports.ts. */
import type { Version } from '../runtime/version.ts';
import type { ReplayJob, ReplayMessage } from './replay-job.ts';

interface StoredReplay {
  readonly job: ReplayJob;
  readonly version: Version;
}

/** The jobs, one per thing that was asked for: the newest. */
export interface ReplayStore {
  load(key: string): Promise<StoredReplay | undefined>;
  /** @param basedOn the version it was derived from; `undefined` for one that must be new */
  save(key: string, job: ReplayJob, basedOn: Version | undefined): Promise<{ readonly version: Version } | 'conflict'>;
  /** Forgets those that finished before that time. At most some hundred a time. */
  forget(before: number): Promise<void>;
}

/** Durable; a message comes back until its step is done. */
export interface ReplayQueue {
  send(message: ReplayMessage, delayMs: number): Promise<void>;
}
