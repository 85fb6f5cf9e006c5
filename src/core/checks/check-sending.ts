/**
 * Sends verdicts and progress. A verdict is settled in the record before it is sent, by whoever takes the lease: were
 * it decided anew for each attempt, a late webhook between two attempts could turn "failed" into "succeeded".
 */

import { describeError, WorldError } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';
import type { Telemetry } from '../telemetry.ts';
import { noTelemetry } from '../telemetry.ts';
import { changeCheck } from './change-check.ts';
import type { Check, CheckOutcome, Verdict } from './check.ts';
import { claimSending, claimTelling, finish, isFinished, retryLater } from './check.ts';
import type { CheckStore, VerdictSender, VerdictSenders } from './check-ports.ts';
import type { Sealer } from './sealing.ts';

export interface CheckSending {
  /**
   * One attempt, unless another instance is at it or it is too early.
   * @param decided the verdict, where none is settled yet
   * @returns when to look again, milliseconds since 1970; `undefined` when there is nothing left to send
   */
  send(id: string, decided: Verdict | undefined): Promise<number | undefined>;
  /** Tells how it is going, each line once. Never fails: the verdict does not depend on it. */
  tell(check: Check, line: string): Promise<void>;
}

export interface SendingParts {
  readonly store: CheckStore;
  readonly senders: VerdictSenders;
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry?: Telemetry;
}

export function checkSending(parts: SendingParts): CheckSending {
  const { store, senders, sealer, clock, log, telemetry = noTelemetry } = parts;

  function senderOf(check: Check): VerdictSender {
    const sender = senders[check.kind];
    // The settings of one kind may have been taken away while its checks were waiting.
    if (sender === undefined) throw new WorldError('refused', `no settings for ${check.kind} checks`);
    return sender;
  }

  async function attempt(check: Check, verdict: Verdict): Promise<CheckOutcome> {
    return senderOf(check).verdict(sealer.open(check.id, check.callback ?? ''), verdict);
  }

  async function conclude(claimed: Check, verdict: Verdict): Promise<Check | undefined> {
    const told = { check: claimed.id, result: verdict.result, attempt: claimed.attempts };
    let change: (check: Check) => Check;
    try {
      const outcome = await attempt(claimed, verdict);
      log.info(outcome === 'taken' ? 'verdict taken' : 'nobody waits for the verdict any more', told);
      change = (check) => finish(check, outcome, clock.now());
    } catch (error) {
      const failure = {
        isRefusal: error instanceof WorldError && error.code === 'refused',
        retryAfterMs: error instanceof WorldError ? error.retryAfterMs : undefined,
      };
      const random = parts.random();
      log.warn('verdict not taken', { ...told, error: describeError(error) });
      change = (check) => retryLater(check, failure, clock.now(), random);
    }
    const stored = await changeCheck(store, claimed.id, (check) => (isFinished(check) ? undefined : change(check)));
    if (stored?.check.outcome === 'givenUp' || (stored?.check.outcome === 'dead' && stored.check.refusedSince)) {
      log.warn('verdict given up', told);
    }
    const outcome = stored?.check.outcome ?? 'again';
    telemetry.measure('verdicts', 1, { kind: claimed.kind, result: verdict.result, outcome });
    return stored?.check;
  }

  return {
    async send(id, decided) {
      const claimed = await changeCheck(store, id, (check) => claimSending(check, decided, clock.now()));
      if (claimed === undefined) return undefined;
      let check: Check | undefined = claimed.check;
      if (claimed.isChanged && check.verdict !== null) check = await conclude(check, check.verdict);
      if (check === undefined || isFinished(check)) return undefined;
      return Math.max(check.nextTryAt, check.leasedUntil ?? 0);
    },
    async tell(check, line) {
      try {
        const sender = senderOf(check);
        const claimed = await changeCheck(store, check.id, (stored) => claimTelling(stored, line, sender.mostLines));
        if (claimed?.isChanged !== true) return;
        await sender.progress(sealer.open(check.id, claimed.check.callback ?? ''), line);
      } catch (error) {
        log.warn('progress not told', { check: check.id, error: describeError(error) });
      }
    },
  };
}
