/** What replays need from outside the core. Every method fails with an `UpstreamError`, as in ../ports.ts. */
import type { Version } from '../runtime/version.ts';
import type { ReplayJob, ReplayMessage } from './replay-job.ts';

interface StoredReplay {
  readonly job: ReplayJob;
  readonly version: Version;
}

/** The jobs, the newest one for each key. */
export interface ReplayStore {
  load(key: string): Promise<StoredReplay | undefined>;
  /** @param basedOn the version that was read; `undefined` where none may be stored */
  save(key: string, job: ReplayJob, basedOn: Version | undefined): Promise<{ readonly version: Version } | 'conflict'>;
  /** Removes jobs that finished before that time, some hundred in one call at most. */
  forget(before: number): Promise<void>;
}

/** Durable: a message is handed back until its step is done. */
export interface ReplayQueue {
  send(message: ReplayMessage, delayMs: number): Promise<void>;
}
