/** What deployment checks need from the world. Every method fails with a `WorldError`, as in ports.ts. */

import type { Version } from '../ports.ts';
import type { Check, CheckKind, Verdict } from './check.ts';

export interface StoredCheck {
  readonly check: Check;
  readonly version: Version;
}

/** The truth about checks, one record each. */
export interface CheckStore {
  read(id: string): Promise<StoredCheck | undefined>;
  /** `exists`: there is one with that id, which stays as it is. */
  create(check: Check): Promise<'created' | 'exists'>;
  /** `conflict`: another writer was first, or it is gone; read again and decide again. */
  replace(check: Check, basedOn: Version): Promise<'replaced' | 'conflict'>;
  /** Not finding it is fine. */
  remove(id: string): Promise<void>;
}

/** A durable timer: somebody, on whatever instance, will look at the check at about that time. At least once. */
export interface CheckTimer {
  /**
   * @param at milliseconds since 1970; past times mean now
   * @param dueAt handed back with the ring: the same time by the clock that the check's own times go by
   */
  ring(id: string, turn: number, at: number, dueAt: number): Promise<void>;
}

/** Speaks to whoever asked. `callback` is what came with the request, opened. */
export interface VerdictSender {
  /** Lines of progress that one check may be told. */
  readonly mostLines: number;
  progress(callback: string, line: string): Promise<void>;
  /**
   * `dead`: nobody waits for it any more, and never will. Every failure may pass; `refused` are our credentials.
   */
  verdict(callback: string, verdict: Verdict): Promise<'taken' | 'dead'>;
}

export type VerdictSenders = Readonly<Partial<Record<CheckKind, VerdictSender>>>;
