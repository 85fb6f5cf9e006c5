/** What deployment checks need from the world. Every method fails with an `UpstreamError`, as in ports.ts. */
import type { Version } from '../runtime/version.ts';
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
  /** All of them, finished ones included, in no particular order, at most so many. */
  list(limit: number): Promise<readonly Check[]>;
}

/** A durable timer: somebody, on whatever instance, will look at the check at about that time. At least once. */
export interface CheckTimer {
  /**
   * @param at milliseconds since 1970; past times mean now
   * @param aheadMs how far the clock that `at` goes by is ahead of the one that the check's own times go by; kept with the ring
   */
  ring(id: string, turn: number, at: number, aheadMs: number): Promise<void>;
}

/** Answers whoever asked. `callback` is what came with the request, decrypted. */
export interface VerdictSender {
  /** Lines of progress that one check may be sent. */
  readonly maxLines: number;
  progress(callback: string, line: string): Promise<void>;
  /** Before a verdict that has no room for its comment: a last line, which must not hold it up. Fails like `progress`. */
  lastLine?(callback: string, line: string): Promise<void>;
  /** Fails with `unauthorized` when our credentials are refused, with `invalid` when it would never be taken; all else may pass. */
  verdict(callback: string, verdict: Verdict): Promise<VerdictReply>;
}

/**
 * `dead`: nobody waits for it any more, and never will. `notYet`: nobody waits for it now. Both sides say that before they
 * begin to wait as well as after the end, and only time tells which it was. The text says what they answered.
 */
export type VerdictReply = 'taken' | 'dead' | { readonly notYet: string };

export type VerdictSenders = Readonly<Partial<Record<CheckKind, VerdictSender>>>;
