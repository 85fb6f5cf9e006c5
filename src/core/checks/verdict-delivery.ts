/**
 * Sends verdicts and progress. A verdict is stored in the record before it is sent, by whoever takes the lease: were
 * it decided anew for each attempt, a late webhook between two attempts could turn "failed" into "succeeded".
 */

import type { Clock } from '../runtime/clock.ts';
import { describeError, describeForPeople, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { noTelemetry } from '../runtime/telemetry.ts';
import type { Check, SendingFailure, Verdict } from './check.ts';
import { claimSending, claimTelling, finish, isFinished, retryLater } from './check.ts';
import { verdicts } from './instruments.ts';
import type { CheckStore, VerdictSender, VerdictSenders } from './ports.ts';
import type { TokenCipher } from './token-encryption.ts';
import { updateCheck } from './update-check.ts';

export interface VerdictDelivery {
  /**
   * One attempt, unless another instance is at it or it is too early.
   * @param decided the verdict, where none is stored yet
   * @returns when to look again, milliseconds since 1970; `undefined` when there is nothing left to send
   */
  send(id: string, decided: Verdict | undefined): Promise<number | undefined>;
  /** Tells how it is going, each line once. Never fails: the verdict does not depend on it. */
  tell(check: Check, line: string): Promise<void>;
}

export interface VerdictDeliveryDeps {
  readonly store: CheckStore;
  readonly senders: VerdictSenders;
  readonly tokenCipher: TokenCipher;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry?: Telemetry;
}

interface FailedAttempt {
  /** Stored, and shown to whoever may ask about the image. */
  readonly failure: SendingFailure;
  readonly logged: string;
}

export function verdictDelivery(deps: VerdictDeliveryDeps): VerdictDelivery {
  const { store, senders, tokenCipher, clock, log, telemetry = noTelemetry } = deps;

  function senderOf(check: Check): VerdictSender {
    const sender = senders[check.kind];
    // The settings of one kind may have been taken away while its checks were waiting.
    if (sender === undefined) throw new UpstreamError('unauthorized', `no settings for ${check.kind} checks`);
    return sender;
  }

  async function attempt(check: Check, verdict: Verdict): Promise<'taken' | 'dead' | FailedAttempt> {
    try {
      const reply = await senderOf(check).verdict(tokenCipher.open(check.id, check.callback ?? ''), verdict);
      return typeof reply === 'string' ? reply : notYet(`not yet: ${reply.notYet}`);
    } catch (error) {
      const { code, retryAfterMs } =
        error instanceof UpstreamError ? error : { code: undefined, retryAfterMs: undefined };
      const kind = code === 'unauthorized' || code === 'invalid' ? code : 'passing';
      return { failure: { kind, retryAfterMs, reason: describeForPeople(error) }, logged: describeError(error) };
    }
  }

  /** @returns whether it has been taken, by now or by an attempt before */
  async function tellLast(check: Check, { comment }: Verdict): Promise<boolean> {
    if (check.isLastLineTaken === true) return true;
    const sender = senders[check.kind];
    if (sender?.lastLine === undefined) return false;
    try {
      await sender.lastLine(tokenCipher.open(check.id, check.callback ?? ''), comment);
      return true;
    } catch {
      // The next attempt tells it; what is wrong, the answer to the verdict says.
      return false;
    }
  }

  async function conclude(claimed: Check, verdict: Verdict): Promise<Check | undefined> {
    // Before the verdict: a plan that has ended takes no lines.
    const isLastLineTaken = await tellLast(claimed, verdict);
    const told = { check: claimed.id, result: verdict.result, attempt: claimed.attempts };
    const reply = await attempt(claimed, verdict);
    if (typeof reply === 'object') log.warn('verdict delivery failed', { ...told, error: reply.logged });
    else log.info(reply === 'taken' ? 'verdict delivered' : 'nobody waits for the verdict any more', told);
    const random = deps.random();
    const change = (stored: Check) => {
      const check = isLastLineTaken ? { ...stored, isLastLineTaken } : stored;
      return typeof reply === 'object'
        ? retryLater(check, reply.failure, clock.now(), random)
        : finish(check, reply, clock.now());
    };
    const stored = await updateCheck(store, claimed.id, (check) => (isFinished(check) ? undefined : change(check)));
    const isGivenUp = typeof reply === 'object' && stored?.isChanged === true && isFinished(stored.check);
    if (isGivenUp) log.warn('verdict delivery abandoned', told);
    const outcome = stored?.check.outcome ?? 'again';
    telemetry.measure(verdicts, 1, { kind: claimed.kind, result: verdict.result, outcome });
    return stored?.check;
  }

  return {
    async send(id, decided) {
      const claimed = await updateCheck(store, id, (check) => claimSending(check, decided, clock.now()));
      if (claimed === undefined) return undefined;
      let check: Check | undefined = claimed.check;
      if (claimed.isChanged && check.verdict !== null) check = await conclude(check, check.verdict);
      if (check === undefined || isFinished(check)) return undefined;
      return Math.max(check.nextTryAt, check.leasedUntil ?? 0);
    },
    async tell(check, line) {
      try {
        const sender = senderOf(check);
        const claimed = await updateCheck(store, check.id, (stored) => claimTelling(stored, line, sender.maxLines));
        if (claimed?.isChanged !== true) return;
        await sender.progress(tokenCipher.open(check.id, claimed.check.callback ?? ''), line);
      } catch (error) {
        log.warn('progress not delivered', { check: check.id, error: describeError(error) });
      }
    },
  };
}

function notYet(reason: string): FailedAttempt {
  return { failure: { kind: 'notYet', reason }, logged: reason };
}
