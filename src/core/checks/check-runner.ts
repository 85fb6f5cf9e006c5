/**
 * Follows checks in memory, so that a verdict is sent within a moment of the last webhook. Each is followed only until some
 * seconds after its next row of due work is due: then the instance that runs that row follows it, so that one check is not
 * followed by every instance.
 */

import { describeError } from '../runtime/errors.ts';
import type { Check } from './check.ts';
import { isFinished, nextRunAt } from './check.ts';
import type { EvaluationDeps } from './evaluate-check.ts';
import { evaluate } from './evaluate-check.ts';
import type { VerdictDelivery, VerdictDeliveryDeps } from './verdict-delivery.ts';
import { verdictDelivery } from './verdict-delivery.ts';

interface CheckRunner {
  /**
   * Starts to follow the check, or goes on for longer.
   * @param aheadMs how far our clock is ahead of the clock by which the check's deadline was set
   * @returns once it has been evaluated, and its verdict was sent if there was one
   */
  follow(check: Check, aheadMs: number): Promise<void>;
  /** Stops; calls under way go on. @returns the checks that were followed; `sent` resolves after the calls */
  stop(): { readonly checks: readonly HandedOver[]; readonly sent: Promise<void> };
}

type HandedOver = Pick<Check, 'id' | 'sequence'> & { readonly aheadMs: number };

interface Followed {
  untilAt: number;
  sequence: number;
  readonly aheadMs: number;
  readonly first: PromiseWithResolvers<void>;
  /** `follow()` was called since the last step began: the record may have changed. */
  isCalled: boolean;
  pause: AbortController;
  sending: Promise<unknown>;
  /** The newest line of progress, and whether one is being sent. */
  line: string;
  isSendingLine: boolean;
}

/** How many regions have the image, and when to go on; `undefined` when nothing is left to do here. */
type Next = { readonly seen: number | undefined; readonly at: number } | undefined;

/** The next row may run late by this much, and the check is still followed until then. */
const overlapMs = 15_000;
const errorPauseMs = 2_000;

export function checkRunner(deps: VerdictDeliveryDeps & EvaluationDeps): CheckRunner {
  const { store, clock, log } = deps;
  const sending = verdictDelivery(deps);
  const followed = new Map<string, Followed>();
  let isStopping = false;

  async function run(id: string, entry: Followed): Promise<void> {
    let seen: number | undefined;
    while (!isStopping && clock.now() < entry.untilAt) {
      entry.isCalled = false;
      entry.pause = new AbortController();
      const next = await step(id, seen, entry).catch((error: unknown): Next => {
        log.warn('check not evaluated, will retry', { check: id, error: describeError(error) });
        return { seen, at: clock.now() + errorPauseMs };
      });
      entry.first.resolve();
      seen = next?.seen ?? seen;
      if (entry.isCalled) continue;
      if (next === undefined) return;
      const pauseMs = Math.min(next.at, entry.untilAt) - clock.now();
      if (pauseMs > 0) await clock.sleep(pauseMs, entry.pause.signal);
    }
  }

  /** With the clock by which the deadline was set. */
  function depsOf({ aheadMs }: Followed): typeof deps {
    return { ...deps, clock: { ...clock, now: () => clock.now() - aheadMs } };
  }

  async function step(id: string, seen: number | undefined, entry: Followed): Promise<Next> {
    const stored = await store.read(id);
    if (stored === undefined || isFinished(stored.check)) return undefined;
    const { check } = stored;
    // Before that, the service may not have received our answer that the check was accepted.
    if (check.attempts === 0 && check.nextTryAt > clock.now()) return { seen, at: check.nextTryAt };
    const timeoutMs = Math.min(entry.untilAt, check.deadlineAt + entry.aheadMs) - clock.now();
    const evaluation = check.verdict === null ? await evaluate(depsOf(entry), check, seen, timeoutMs) : undefined;
    if (evaluation !== undefined && evaluation.verdict === undefined) {
      // Not awaited: a slow answer to a line of progress must not delay the verdict.
      void sendNewestLine(check, evaluation.line, entry, sending);
      return { seen: evaluation.have, at: clock.now() };
    }
    const sent = sending.send(id, evaluation?.verdict);
    entry.sending = sent;
    const at = await sent;
    return at === undefined ? undefined : { seen, at };
  }

  return {
    follow(check, aheadMs) {
      const untilAt = nextRunAt(check, clock.now() - aheadMs) + aheadMs + overlapMs;
      const known = followed.get(check.id);
      if (known !== undefined) {
        known.untilAt = Math.max(known.untilAt, untilAt);
        known.sequence = check.sequence;
        // The record may have changed: a verdict may be due earlier.
        known.isCalled = true;
        known.pause.abort();
        return known.first.promise;
      }
      const { id, sequence } = check;
      const first = Promise.withResolvers<void>();
      const entry: Followed = {
        untilAt,
        sequence,
        aheadMs,
        first,
        isCalled: false,
        pause: new AbortController(),
        sending: Promise.resolve(),
        line: '',
        isSendingLine: false,
      };
      followed.set(id, entry);
      void run(id, entry).finally(() => {
        followed.delete(id);
        first.resolve();
      });
      return first.promise;
    },
    stop() {
      isStopping = true;
      for (const entry of followed.values()) entry.pause.abort();
      const calls = [...followed.values()].map((entry) => entry.sending);
      return {
        checks: [...followed].map(([id, { sequence, aheadMs }]) => ({ id, sequence, aheadMs })),
        sent: Promise.allSettled(calls).then(() => undefined),
      };
    },
  };
}

/** Sends one line at a time. Of the lines that come meanwhile, only the newest is sent. */
async function sendNewestLine(check: Check, line: string, entry: Followed, sending: VerdictDelivery): Promise<void> {
  entry.line = line;
  if (entry.isSendingLine) return;
  entry.isSendingLine = true;
  for (let sent: string | undefined; sent !== entry.line; ) {
    sent = entry.line;
    await sending.sendProgress(check, sent);
  }
  entry.isSendingLine = false;
}
