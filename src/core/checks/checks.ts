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
  /** The check's timer rang: judges it, sends what is to be sent, follows it further, and sets the next timer. */
  wake(id: string, turn: number): Promise<void>;
  /** Hands every check that is followed here to another instance, or to this one after its restart. */
  close(milliseconds: number): Promise<void>;
}

/** The other side gives up after 3 s; both together stay below. */
const readWithinMs = 700;
const acceptWithinMs = 2_000;
const putBackMs = 30_000;

export function checks(parts: ChecksParts): Checks {
  const { tracker, store, timer, sealer, clock, log } = parts;
  const following = checkFollowing(parts);
  let isClosing = false;

  /** First the timer: a check without one would be forgotten in a crash, a timer without a check harms nobody. */
  async function create(check: Check): Promise<'created' | 'exists'> {
    await timer.ring(check.id, check.turn, nextRingAt(check, clock.now()));
    return store.create(check);
  }

  /** Sets the next timer before the work begins. @returns `undefined` for a ring that no longer counts */
  async function advance(id: string, turn: number): Promise<Check | undefined> {
    const stored = await store.read(id);
    if (stored === undefined || turn < stored.check.turn) return undefined;
    if (isForgettable(stored.check, clock.now())) {
      await store.remove(id);
      return undefined;
    }
    const next = stored.check.turn + 1;
    await timer.ring(id, next, nextRingAt(stored.check, clock.now()));
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
      void following.follow(check);
      return 'accepted';
    },
    async wake(id, turn) {
      if (isClosing) return timer.ring(id, turn, clock.now());
      try {
        const check = await advance(id, turn);
        if (check !== undefined && !isFinished(check)) await following.follow(check);
      } catch (error) {
        if (!isTemporary(error)) throw error;
        log.warn('check put back', { check: id, error: describeError(error) });
        await timer.ring(id, turn, clock.now() + putBackMs);
      }
    },
    async close(milliseconds) {
      isClosing = true;
      const { checks: left, sent } = following.stop();
      const handed = left.map(({ id, turn }) => timer.ring(id, turn, clock.now()));
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
