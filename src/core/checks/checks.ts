/**
 * Deployment checks: accepted durably, followed in memory, finished by sending a verdict. The instance that accepts a check, or
 * runs its row of due work, follows it until some seconds after the next row is due; then the instance that runs that row
 * follows it. So the verdict follows the last webhook at once, and a crash delays it until the next row at most.
 */

import { clockSkewMs } from '../runtime/clock-skew.ts';
import { describeError, isTemporary, UpstreamError } from '../runtime/errors.ts';
import { withTimeout } from '../runtime/timeout.ts';
import type { AskedText, Check, CheckRequest } from './check.ts';
import { isFinished, isForgettable, newCheck, nextRunAt, sendAgain } from './check.ts';
import { checkRunner } from './check-runner.ts';
import type { EvaluationDeps, EvaluationTracker } from './evaluate-check.ts';
import type { CheckQueue } from './ports.ts';
import type { ResolvedCheck } from './resolve-question.ts';
import { registriesOfAsked, resolveCheck } from './resolve-question.ts';
import { updateCheck } from './update-check.ts';
import type { VerdictDeliveryDeps } from './verdict-delivery.ts';

interface ChecksDeps extends VerdictDeliveryDeps {
  readonly tracker: EvaluationTracker;
  readonly releases: EvaluationDeps['releases'];
  readonly queue: CheckQueue;
}

export interface Checks {
  /** What a request asks for, as far as that is known within a moment. */
  read(asked: AskedText): Promise<ResolvedCheck>;
  /**
   * Returns once the check is stored: from then on its verdict will be sent. The same request again changes nothing, unless
   * there is a verdict that was not accepted: then it is sent again. Fails with an `UpstreamError` when the check could not
   * be stored within two seconds.
   */
  accept(request: CheckRequest): Promise<'accepted' | 'sentAgain' | 'known'>;
  /**
   * Runs the check's row of due work: adds the next row, and follows the check in the background.
   * @param sequence of the row; one that was replaced is ignored
   * @param aheadMs how far our clock is ahead of the clock by which the check's times were set, as the row says
   */
  resume(id: string, sequence: number, aheadMs: number): Promise<void>;
  /** Stops following, and adds a row that is due now for each check that was followed: another instance goes on. */
  close(milliseconds: number): Promise<void>;
}

/** The service waits 3 s for our answer; both limits together stay below. */
const readWithinMs = 700;
const acceptWithinMs = 2_000;
const requeueMs = 30_000;
/** A clock that seems to be ahead by no more than this counts as correct. */
const usualDelayMs = 5_000;

/** The difference used: no pipeline may time out early because our clock is ahead, nor much later than it asked for. */
function trustedAhead(aheadMs: number): number {
  return aheadMs > 0 && aheadMs <= usualDelayMs ? 0 : Math.max(-clockSkewMs, Math.min(clockSkewMs, aheadMs));
}

interface Accepted {
  readonly outcome: 'accepted' | 'sentAgain' | 'known';
  readonly check: Check;
}

const acceptedLines = { accepted: 'check accepted', sentAgain: 'verdict sent again', known: 'check known' } as const;

export function checks(deps: ChecksDeps): Checks {
  const { tracker, store, queue, tokenCipher, clock, log } = deps;
  const following = checkRunner(deps);
  let isClosing = false;

  /** @param at by our clock */
  function addRow({ id, sequence }: Pick<Check, 'id' | 'sequence'>, at: number, aheadMs: number): Promise<void> {
    return queue.add(id, sequence, at, aheadMs);
  }

  /** By our clock. */
  function nextRun(check: Check, aheadMs: number): number {
    return nextRunAt(check, clock.now() - aheadMs) + aheadMs;
  }

  /** The row first: after a crash, a check without a row would be forgotten, and a row without a check does nothing. */
  async function create(check: Check): Promise<Accepted> {
    await addRow(check, nextRun(check, 0), 0);
    if ((await store.create(check)) === 'created') return { outcome: 'accepted', check };
    const known = await updateCheck(store, check.id, async (stored) => {
      const again = sendAgain(stored, check.callback ?? '', clock.now());
      if (again !== undefined) await addRow(again, nextRun(again, 0), 0);
      return again;
    });
    return known?.isChanged === true ? { outcome: 'sentAgain', check: known.check } : { outcome: 'known', check };
  }

  /** Adds the next row before the work begins. @returns `undefined` for a row that was replaced, or whose check is gone */
  async function advance(id: string, sequence: number, aheadMs: number): Promise<Check | undefined> {
    const stored = await store.read(id);
    if (stored === undefined || sequence < stored.check.sequence) return undefined;
    if (isForgettable(stored.check, clock.now())) {
      await store.remove(id);
      return undefined;
    }
    const next = stored.check.sequence + 1;
    await addRow({ id, sequence: next }, nextRun(stored.check, aheadMs), aheadMs);
    const changed = await updateCheck(store, id, (check) =>
      check.sequence < next ? { ...check, sequence: next } : undefined,
    );
    return changed?.check;
  }

  return {
    async read(asked) {
      const registries = registriesOfAsked(asked, tracker.registries);
      await withTimeout(clock, readWithinMs, Promise.all(registries.map((registry) => tracker.ready(registry))));
      return resolveCheck(asked, tracker.registries, tracker.replicaSet);
    },
    async accept(request) {
      const fresh = newCheck(request, tokenCipher.encrypt(request.id, request.callback), clock.now());
      const accepted = await withTimeout(clock, acceptWithinMs, create(fresh));
      const { id, kind } = fresh;
      if (accepted === undefined) throw new UpstreamError('unavailable', `check ${id} not stored in time`);
      const [image] = request.images;
      log.info(acceptedLines[accepted.outcome], { check: id, kind, image, images: request.images.length });
      if (accepted.outcome !== 'known') void following.follow(accepted.check, 0);
      return accepted.outcome;
    },
    async resume(id, sequence, measuredAheadMs) {
      const aheadMs = trustedAhead(measuredAheadMs);
      if (isClosing) return addRow({ id, sequence }, clock.now(), aheadMs);
      try {
        const check = await advance(id, sequence, aheadMs);
        // Not awaited: the next row is stored, and the sweep need not wait for a slow answer to the verdict.
        if (check !== undefined && !isFinished(check)) void following.follow(check, aheadMs);
      } catch (error) {
        if (!isTemporary(error)) throw error;
        log.warn('check requeued', { check: id, error: describeError(error) });
        await addRow({ id, sequence }, clock.now() + requeueMs, aheadMs);
      }
    },
    async close(milliseconds) {
      isClosing = true;
      const { checks: left, sent } = following.stop();
      const handed = left.map((check) => addRow(check, clock.now(), check.aheadMs));
      await withTimeout(clock, milliseconds, Promise.allSettled([sent, ...handed]));
    },
  };
}
