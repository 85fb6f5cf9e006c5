/**
 * Deployment checks: accepted durably, followed in memory, finished by a verdict that is called back. Whoever accepts a
 * check or hears its timer follows it for a while; the timer, a message that becomes visible later, hands it on when
 * that instance has gone. So a verdict follows the last webhook at once, and a crash costs no more than one ring.
 */

import { describeError, isTemporary, WorldError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { changeCheck } from './change-check.ts';
import type { AskedText, Check, CheckRequest } from './check.ts';
import { isFinished, isForgettable, newCheck, nextRingAt } from './check.ts';
import { checkFollowing } from './check-following.ts';
import type { JudgingTracker } from './check-judge.ts';
import type { CheckTimer } from './check-ports.ts';
import type { Asked } from './check-question.ts';
import { readAsked, registryOfAsked } from './check-question.ts';
import type { SendingParts } from './check-sending.ts';

export interface ChecksParts extends SendingParts {
  readonly tracker: JudgingTracker;
  readonly timer: CheckTimer;
}

export interface Checks {
  /** What a request asks for, as far as that is known within a moment. */
  read(asked: AskedText): Promise<Asked>;
  /**
   * Returns once the check is stored: from then on its verdict will be called back. The same request again changes
   * nothing. Fails with a `WorldError` when it could not be stored, within two seconds.
   */
  accept(request: CheckRequest): Promise<'accepted' | 'known'>;
  /**
   * The check's timer rang: judges it, sends what is to be sent, follows it further, and sets the next timer.
   * @param dueAt when the ring was due, by the clock that the check's own times go by
   */
  wake(id: string, turn: number, dueAt?: number): Promise<void>;
  /** Hands every check that is followed here to another instance, or to this one after its restart. */
  close(milliseconds: number): Promise<void>;
}

/** The other side gives up after 3 s; both together stay below. */
const readWithinMs = 700;
const acceptWithinMs = 2_000;
const putBackMs = 30_000;
/** Rings come as late as this where all clocks agree. */
const usualDelayMs = 5_000;
/** Clocks of two instances differ by less. */
const clockSkewMs = 60_000;

/**
 * How far our clock is ahead of the one that the check's own times go by, for all its ring tells: nobody's pipeline may
 * time out early because of it. A ring that is late by more than usual looks the same; then a check that times out on an
 * instance that has only now heard of it does so by that much later, a minute at most.
 */
function clockAhead(now: number, dueAt: number | undefined): number {
  const aheadMs = dueAt === undefined ? 0 : now - dueAt;
  return aheadMs > 0 && aheadMs <= usualDelayMs ? 0 : Math.max(-clockSkewMs, Math.min(clockSkewMs, aheadMs));
}

export function checks(parts: ChecksParts): Checks {
  const { tracker, store, timer, sealer, clock, log } = parts;
  const following = checkFollowing(parts);
  let isClosing = false;

  /** @param at by our clock */
  function ring({ id, turn }: Pick<Check, 'id' | 'turn'>, at: number, aheadMs: number): Promise<void> {
    return timer.ring(id, turn, at, at - aheadMs);
  }

  /** By our clock. */
  function nextRing(check: Check, aheadMs: number): number {
    return nextRingAt(check, clock.now() - aheadMs) + aheadMs;
  }

  /** First the timer: a check without one would be forgotten in a crash, a timer without a check harms nobody. */
  async function create(check: Check): Promise<'created' | 'exists'> {
    await ring(check, nextRing(check, 0), 0);
    return store.create(check);
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
    const changed = await changeCheck(store, id, (check) => (check.turn < next ? { ...check, turn: next } : undefined));
    return changed?.check;
  }

  return {
    async read(asked) {
      const registry = registryOfAsked(asked, tracker.registries);
      if (registry !== undefined) await within(clock, readWithinMs, tracker.ready(registry));
      return readAsked(asked, tracker.registries, tracker.replicaSet);
    },
    async accept(request) {
      const check = newCheck(request, sealer.seal(request.id, request.callback), clock.now());
      const outcome = await within(clock, acceptWithinMs, create(check));
      const { id, kind, image } = check;
      if (outcome === undefined) throw new WorldError('unavailable', `check ${id} not stored in time`);
      log.info(outcome === 'created' ? 'check accepted' : 'check known', { check: id, kind, image });
      if (outcome === 'exists') return 'known';
      void following.follow(check, 0);
      return 'accepted';
    },
    async wake(id, turn, dueAt) {
      const aheadMs = clockAhead(clock.now(), dueAt);
      if (isClosing) return ring({ id, turn }, clock.now(), aheadMs);
      try {
        const check = await advance(id, turn, aheadMs);
        if (check !== undefined && !isFinished(check)) await following.follow(check, aheadMs);
      } catch (error) {
        if (!isTemporary(error)) throw error;
        log.warn('check put back', { check: id, error: describeError(error) });
        await ring({ id, turn }, clock.now() + putBackMs, aheadMs);
      }
    },
    async close(milliseconds) {
      isClosing = true;
      const { checks: left, sent } = following.stop();
      const handed = left.map((check) => ring(check, clock.now(), check.aheadMs));
      await within(clock, milliseconds, Promise.allSettled([sent, ...handed]));
    },
  };
}

/** @returns `undefined` when it did not come in time; a failure in time is passed on */
async function within<T>(clock: Clock, milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  work.catch(() => undefined);
  try {
    return await Promise.race([work, clock.sleep(milliseconds, done.signal).then(() => undefined)]);
  } finally {
    done.abort();
  }
}
