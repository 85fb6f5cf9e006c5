/**
 * Sends verdicts and progress. The instance that claims the sending stores the verdict in the record before it sends it: if each
 * attempt decided again, a late webhook between two attempts could change "failed" to "succeeded".
 */

import type { Clock } from '../runtime/clock.ts';
import { describeError, describeForPeople, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { noTelemetry } from '../runtime/telemetry.ts';
import type { Check, SendingFailure, Verdict } from './check.ts';
import { claimProgress, claimSending, finish, isFinished, retryLater } from './check.ts';
import { verdicts } from './instruments.ts';
import type { CheckStore, VerdictSender, VerdictSenders } from './ports.ts';
import type { TokenCipher } from './token-encryption.ts';
import { updateCheck } from './update-check.ts';

export interface VerdictDelivery {
  /**
   * One attempt, unless another instance is sending the verdict or the next attempt is not due.
   * @param decided the verdict to store, where none is stored yet
   * @returns when to call again, milliseconds since 1970; `undefined` when there is nothing left to send
   */
  send(id: string, decided: Verdict | undefined): Promise<number | undefined>;
  /** Sends a line of progress, each line once. Never fails: the verdict does not depend on it. */
  sendProgress(check: Check, line: string): Promise<void>;
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
  /** Stored, and shown to every client that may ask about the image: names no internal address. */
  readonly failure: SendingFailure;
  readonly logged: string;
}

export function verdictDelivery(deps: VerdictDeliveryDeps): VerdictDelivery {
  const { store, senders, tokenCipher, clock, log, telemetry = noTelemetry } = deps;

  function senderOf(check: Check): VerdictSender {
    const sender = senders[check.kind];
    // The settings of one kind may have been removed while its checks were waiting.
    if (sender === undefined) throw new UpstreamError('unauthorized', `no settings for ${check.kind} checks`);
    return sender;
  }

  async function attempt(check: Check, verdict: Verdict): Promise<'delivered' | 'dead' | FailedAttempt> {
    try {
      const reply = await senderOf(check).verdict(tokenCipher.decrypt(check.id, check.callback ?? ''), verdict);
      return typeof reply === 'string' ? reply : notYet(`not yet: ${reply.notYet}`);
    } catch (error) {
      const { code, retryAfterMs } =
        error instanceof UpstreamError ? error : { code: undefined, retryAfterMs: undefined };
      const kind = code === 'unauthorized' || code === 'invalid' ? code : 'passing';
      return { failure: { kind, retryAfterMs, reason: describeForPeople(error) }, logged: describeError(error) };
    }
  }

  /** @returns whether the service has accepted the last line, now or in an earlier attempt */
  async function sendLastLine(check: Check, { comment }: Verdict): Promise<boolean> {
    if (check.isLastLineAccepted === true) return true;
    const sender = senders[check.kind];
    if (sender?.lastLine === undefined) return false;
    try {
      await sender.lastLine(tokenCipher.decrypt(check.id, check.callback ?? ''), comment);
      return true;
    } catch {
      // The next attempt sends it again. The answer to the verdict says what is wrong.
      return false;
    }
  }

  async function conclude(claimed: Check, verdict: Verdict): Promise<Check | undefined> {
    // Before the verdict: a plan that has ended accepts no lines.
    const isLastLineAccepted = await sendLastLine(claimed, verdict);
    const fields = { check: claimed.id, result: verdict.result, attempt: claimed.attempts };
    const reply = await attempt(claimed, verdict);
    if (typeof reply === 'object') log.warn('verdict delivery failed', { ...fields, error: reply.logged });
    else log.info(reply === 'delivered' ? 'verdict delivered' : 'nobody waits for the verdict any more', fields);
    const random = deps.random();
    const change = (stored: Check) => {
      const check = isLastLineAccepted ? { ...stored, isLastLineAccepted } : stored;
      return typeof reply === 'object'
        ? retryLater(check, reply.failure, clock.now(), random)
        : finish(check, reply, clock.now());
    };
    const stored = await updateCheck(store, claimed.id, (check) => (isFinished(check) ? undefined : change(check)));
    const isGivenUp = typeof reply === 'object' && stored?.isChanged === true && isFinished(stored.check);
    if (isGivenUp) log.warn('verdict delivery abandoned', fields);
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
    async sendProgress(check, line) {
      try {
        const sender = senderOf(check);
        const claimed = await updateCheck(store, check.id, (stored) => claimProgress(stored, line, sender.maxLines));
        if (claimed?.isChanged !== true) return;
        await sender.progress(tokenCipher.decrypt(check.id, claimed.check.callback ?? ''), line);
      } catch (error) {
        log.warn('progress not delivered', { check: check.id, error: describeError(error) });
      }
    },
  };
}

function notYet(reason: string): FailedAttempt {
  return { failure: { kind: 'notYet', reason }, logged: reason };
}
