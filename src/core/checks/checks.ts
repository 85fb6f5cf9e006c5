/**
 * Deployment checks: accepted durably, followed in memory, finished by a verdict that is called back. Whoever accepts a
 * check or hears its timer follows it for a while; the timer, a row of due work, hands it on when
 * that instance has gone. So a verdict follows the last webhook at once, and a crash costs no more than one ring.
 */

import { clockSkewMs } from '../runtime/clock-skew.ts';
import { describeError, isTemporary, UpstreamError } from '../runtime/errors.ts';
import { withTimeout } from '../runtime/timeout.ts';
import type { AskedText, Check, CheckRequest } from './check.ts';
import { isFinished, isForgettable, newCheck, nextRingAt, sendAnew } from './check.ts';
import { checkRunner } from './check-runner.ts';
import type { JudgingDeps, JudgingTracker } from './evaluate-check.ts';
import type { CheckTimer } from './ports.ts';
import type { ResolvedCheck } from './resolve-question.ts';
import { registriesOfAsked, resolveCheck } from './resolve-question.ts';
import { updateCheck } from './update-check.ts';
import type { VerdictDeliveryDeps } from './verdict-delivery.ts';

interface ChecksDeps extends VerdictDeliveryDeps {
  readonly tracker: JudgingTracker;
  readonly releases: JudgingDeps['releases'];
  readonly timer: CheckTimer;
}

export interface Checks {
  /** What a request asks for, as far as that is known within a moment. */
  read(asked: AskedText): Promise<ResolvedCheck>;
  /**
   * Returns once the check is stored: from then on its verdict will be called back. The same request again changes
   * nothing, unless there is a verdict that was not taken: then the sending of it begins anew. Fails with an `UpstreamError`
   * when it could not be stored, within two seconds.
   */
  accept(request: CheckRequest): Promise<'accepted' | 'sentAnew' | 'known'>;
  /**
   * The check's timer fired: sets the next timer, and has the check judged, followed, and what is to be sent sent.
   * @param aheadMs how far our clock is ahead of the one that the check's own times go by, as far as the row tells
   */
  resume(id: string, turn: number, aheadMs: number): Promise<void>;
  /** Hands every check that is followed here to another instance, or to this one after its restart. */
  close(milliseconds: number): Promise<void>;
}

/** The other side gives up after 3 s; both together stay below. */
const readWithinMs = 700;
const acceptWithinMs = 2_000;
const putBackMs = 30_000;
/** A clock that seems to be ahead by no more than this counts as right. */
const usualDelayMs = 5_000;

/** What is reckoned with: no pipeline may time out early because our clock is ahead, nor much later than it asked for. */
function trustedAhead(aheadMs: number): number {
  return aheadMs > 0 && aheadMs <= usualDelayMs ? 0 : Math.max(-clockSkewMs, Math.min(clockSkewMs, aheadMs));
}

interface Accepted {
  readonly outcome: 'accepted' | 'sentAnew' | 'known';
  readonly check: Check;
}

const acceptedLines = { accepted: 'check accepted', sentAnew: 'verdict sent anew', known: 'check known' } as const;

export function checks(deps: ChecksDeps): Checks {
  const { tracker, store, timer, tokenCipher, clock, log } = deps;
  const following = checkRunner(deps);
  let isClosing = false;

  /** @param at by our clock */
  function ring({ id, turn }: Pick<Check, 'id' | 'turn'>, at: number, aheadMs: number): Promise<void> {
    return timer.ring(id, turn, at, aheadMs);
  }

  /** By our clock. */
  function nextRing(check: Check, aheadMs: number): number {
    return nextRingAt(check, clock.now() - aheadMs) + aheadMs;
  }

  /** First the timer: a check without one would be forgotten in a crash, a timer without a check harms nobody. */
  async function create(check: Check): Promise<Accepted> {
    await ring(check, nextRing(check, 0), 0);
    if ((await store.create(check)) === 'created') return { outcome: 'accepted', check };
    const known = await updateCheck(store, check.id, async (stored) => {
      const again = sendAnew(stored, check.callback ?? '', clock.now());
      if (again !== undefined) await ring(again, nextRing(again, 0), 0);
      return again;
    });
    return known?.isChanged === true ? { outcome: 'sentAnew', check: known.check } : { outcome: 'known', check };
  }

  /** Sets the next timer before the work begins. @returns `undefined` for a ring that no longer counts */
  async function advance(id: string, turn: number, aheadMs: number): Promise<Check | undefined> {
    const stored = await store.read(id);
    if (stored === undefined || turn < stored.check.turn) return undefined;
    if (isForgettable(stored.check, clock.now())) {
      await store.remove(id);
      return undefined;
    }
    const next = stored.check.turn + 1;
    await ring({ id, turn: next }, nextRing(stored.check, aheadMs), aheadMs);
    const changed = await updateCheck(store, id, (check) => (check.turn < next ? { ...check, turn: next } : undefined));
    return changed?.check;
  }

  return {
    async read(asked) {
      const registries = registriesOfAsked(asked, tracker.registries);
      await withTimeout(clock, readWithinMs, Promise.all(registries.map((registry) => tracker.ready(registry))));
      return resolveCheck(asked, tracker.registries, tracker.replicaSet);
    },
    async accept(request) {
      const fresh = newCheck(request, tokenCipher.seal(request.id, request.callback), clock.now());
      const accepted = await withTimeout(clock, acceptWithinMs, create(fresh));
      const { id, kind } = fresh;
      if (accepted === undefined) throw new UpstreamError('unavailable', `check ${id} not stored in time`);
      const [image] = request.images;
      log.info(acceptedLines[accepted.outcome], { check: id, kind, image, images: request.images.length });
      if (accepted.outcome !== 'known') void following.follow(accepted.check, 0);
      return accepted.outcome;
    },
    async resume(id, turn, toldAheadMs) {
      const aheadMs = trustedAhead(toldAheadMs);
      if (isClosing) return ring({ id, turn }, clock.now(), aheadMs);
      try {
        const check = await advance(id, turn, aheadMs);
        // The next timer is set: whoever rang need not wait for a slow answer to the verdict.
        if (check !== undefined && !isFinished(check)) void following.follow(check, aheadMs);
      } catch (error) {
        if (!isTemporary(error)) throw error;
        log.warn('check requeued', { check: id, error: describeError(error) });
        await ring({ id, turn }, clock.now() + putBackMs, aheadMs);
      }
    },
    async close(milliseconds) {
      isClosing = true;
      const { checks: left, sent } = following.stop();
      const handed = left.map((check) => ring(check, clock.now(), check.aheadMs));
      await withTimeout(clock, milliseconds, Promise.allSettled([sent, ...handed]));
    },
  };
}
