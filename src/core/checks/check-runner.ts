/**
 * Follows checks in memory, so that a verdict leaves within a moment of the last webhook. Each is followed for a while
 * only: past its next run somebody else has it, and one check is never watched by every instance there is.
 */

import { describeError } from '../runtime/errors.ts';
import type { Check } from './check.ts';
import { isFinished, nextRingAt } from './check.ts';
import type { JudgingDeps } from './evaluate-check.ts';
import { judge } from './evaluate-check.ts';
import type { VerdictDelivery, VerdictDeliveryDeps } from './verdict-delivery.ts';
import { verdictDelivery } from './verdict-delivery.ts';

interface CheckRunner {
  /**
   * Starts, or goes on for longer.
   * @param aheadMs how far our clock is ahead of the one that the check's deadline goes by
   * @returns once it has been judged, and sent if there was something to send
   */
  follow(check: Check, aheadMs: number): Promise<void>;
  /** Stops, but for calls that are under way. @returns the checks that were followed; `sent` resolves after the calls */
  stop(): { readonly checks: readonly HandedOver[]; readonly sent: Promise<void> };
}

type HandedOver = Pick<Check, 'id' | 'turn'> & { readonly aheadMs: number };

interface Followed {
  untilAt: number;
  turn: number;
  readonly aheadMs: number;
  readonly first: PromiseWithResolvers<void>;
  /** Somebody has called since the last step began: the record may be another by now. */
  isCalled: boolean;
  pause: AbortController;
  sending: Promise<unknown>;
  /** The newest line of progress, and whether one is being told. */
  line: string;
  isTelling: boolean;
}

/** How many regions have it, and when to go on; `undefined`: nothing is left to do here. */
type Next = { readonly seen: number | undefined; readonly at: number } | undefined;

/** The next ring may be late by this much without a gap. */
const overlapMs = 15_000;
const errorPauseMs = 2_000;

export function checkRunner(deps: VerdictDeliveryDeps & JudgingDeps): CheckRunner {
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

  /** Judged by the clock that the deadline goes by. */
  function depsOf({ aheadMs }: Followed): typeof deps {
    return { ...deps, clock: { ...clock, now: () => clock.now() - aheadMs } };
  }

  async function step(id: string, seen: number | undefined, entry: Followed): Promise<Next> {
    const stored = await store.read(id);
    if (stored === undefined || isFinished(stored.check)) return undefined;
    const { check } = stored;
    // Before that, the other side may not have noticed that we took the check.
    if (check.attempts === 0 && check.nextTryAt > clock.now()) return { seen, at: check.nextTryAt };
    const timeoutMs = Math.min(entry.untilAt, check.deadlineAt + entry.aheadMs) - clock.now();
    const evaluation = check.verdict === null ? await judge(depsOf(entry), check, seen, timeoutMs) : undefined;
    if (evaluation !== undefined && evaluation.verdict === undefined) {
      // Beside the watching: a slow answer to a line of progress must not hold up the verdict.
      void tell(check, evaluation.line, entry, sending);
      return { seen: evaluation.have, at: clock.now() };
    }
    const sent = sending.send(id, evaluation?.verdict);
    entry.sending = sent;
    const at = await sent;
    return at === undefined ? undefined : { seen, at };
  }

  return {
    follow(check, aheadMs) {
      const untilAt = nextRingAt(check, clock.now() - aheadMs) + aheadMs + overlapMs;
      const known = followed.get(check.id);
      if (known !== undefined) {
        known.untilAt = Math.max(known.untilAt, untilAt);
        known.turn = check.turn;
        // There may be a verdict to be sent earlier than the record said.
        known.isCalled = true;
        known.pause.abort();
        return known.first.promise;
      }
      const { id, turn } = check;
      const first = Promise.withResolvers<void>();
      const entry: Followed = {
        untilAt,
        turn,
        aheadMs,
        first,
        isCalled: false,
        pause: new AbortController(),
        sending: Promise.resolve(),
        line: '',
        isTelling: false,
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
        checks: [...followed].map(([id, { turn, aheadMs }]) => ({ id, turn, aheadMs })),
        sent: Promise.allSettled(calls).then(() => undefined),
      };
    },
  };
}

/** One line at a time, and of those that come meanwhile only the newest. */
async function tell(check: Check, line: string, entry: Followed, sending: VerdictDelivery): Promise<void> {
  entry.line = line;
  if (entry.isTelling) return;
  entry.isTelling = true;
  for (let told: string | undefined; told !== entry.line; ) {
    told = entry.line;
    await sending.tell(check, told);
  }
  entry.isTelling = false;
}
