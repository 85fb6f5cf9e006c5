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

/** Durable: some instance resumes the check at about that time, at least once. */
export interface CheckQueue {
  /**
   * @param sequence numbers the rows of a check, from 1
   * @param at milliseconds since 1970; past times mean now
   * @param aheadMs how far the clock that `at` was read from is ahead of the clock by which the check's times were set; stored
   *   with the row
   */
  add(id: string, sequence: number, at: number, aheadMs: number): Promise<void>;
}

/** Sends verdicts to the service that asked. `callback` is what came with the request, decrypted. */
export interface VerdictSender {
  /** How many lines of progress the service accepts for one check. */
  readonly maxLines: number;
  progress(callback: string, line: string): Promise<void>;
  /** Where a verdict has no room for its comment: sends the comment as a last line before it. Fails as `progress` does. */
  lastLine?(callback: string, line: string): Promise<void>;
  /** Fails with `unauthorized` when credentials are refused, with `invalid` when it would never be accepted; all else may pass. */
  verdict(callback: string, verdict: Verdict): Promise<VerdictReply>;
}

/**
 * `taken`: the service accepted the verdict. `dead`: it no longer waits for it. `notYet`: it does not wait for it now. Both
 * services answer the same before they begin to wait and after they have ended, so only time shows which it was; the text is
 * their answer.
 */
export type VerdictReply = 'delivered' | 'dead' | { readonly notYet: string };

export type VerdictSenders = Readonly<Partial<Record<CheckKind, VerdictSender>>>;
