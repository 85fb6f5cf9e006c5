/** The ports of those who want something done later, on the table of due work. */

import type { CatalogueTimer } from '../catalogue/ports.ts';
import type { CheckTimer } from '../checks/ports.ts';
import type { DeliveryQueue } from '../ingest/ports.ts';
import type { ForwardQueue } from '../outbox/ports.ts';
import type { ReleaseTimer } from '../releases/ports.ts';
import type { ReplayQueue } from '../replay/ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { semaphore } from '../runtime/semaphore.ts';
import type { ReconcileQueue } from '../store/ports.ts';
import type { DueWork } from './due-work.ts';
import { leaseMs, sweepEveryMs } from './due-work.ts';
import type { DueItem, DueWorkStore } from './ports.ts';

const maxJitterMs = 1_000;

/**
 * The time of a timer is its name, by which it is called off: one that is set again must not be called off with the one
 * before it.
 * @param random from 0 up to 1
 */
export function dueReconcileQueue(dueWork: DueWorkStore, random: () => number): ReconcileQueue {
  return {
    async add(name, due, firstNoticedAt) {
      const at = due + random() * maxJitterMs;
      await dueWork.add({ kind: 'image', name, ...(firstNoticedAt === undefined ? {} : { firstNoticedAt }) }, at);
      return at;
    },
    cancel: (name, at) => dueWork.cancel({ kind: 'image', name }, at),
  };
}

export function dueCatalogueTimer(dueWork: DueWorkStore): CatalogueTimer {
  return {
    async remind(name, at) {
      await dueWork.add({ kind: 'count', name }, at);
    },
  };
}

export function dueCheckTimer(dueWork: DueWorkStore): CheckTimer {
  return {
    async ring(id, turn, at, aheadMs) {
      await dueWork.add({ kind: 'check', id, turn, aheadMs }, at);
    },
  };
}

export function dueReleaseTimer(dueWork: DueWorkStore): ReleaseTimer {
  return {
    async add({ name, revision, wasMissing }, at) {
      await dueWork.add({ kind: 'release', name, revision, ...(wasMissing && { wasMissing }) }, at);
    },
  };
}

/** @param queue takes what is due now */
export function dueReplayQueue(dueWork: DueWorkStore, queue: ReplayQueue, clock: Clock): ReplayQueue {
  return {
    async send(message, delayMs) {
      if (delayMs <= 0) return queue.send(message, 0);
      await dueWork.add({ kind: 'replay', message }, clock.now() + delayMs);
    },
  };
}

/** The host hides a message for ten minutes when whoever works on it is killed. */
const copyAfterMs = 60_000;

/**
 * What is deferred is said twice, the second time a minute later: the tables do not answer just then, and a repeat is a
 * cheap duplicate. What is put back has been said twice already.
 */
export function twiceDeferred(queue: DeliveryQueue): DeliveryQueue {
  return {
    async defer(delivery, delayMs) {
      const delays = delayMs > 0 ? [delayMs] : [0, copyAfterMs];
      await Promise.all(delays.map((one) => queue.defer(delivery, one)));
    },
  };
}

/** Webhooks sent at once by whoever found them due. */
const maxAtOnce = 8;

/**
 * Forwards are sent by the instance that found them due, from memory, and as soon as a short pause is over; the row is there
 * for when it dies, and for longer pauses. A queue that had nothing to do for long would begin a minute or two later.
 * @param run one try, which adds the next itself
 */
export function dueForwardQueue(deps: {
  readonly dueWork: DueWorkStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadLetter: ForwardQueue['deadLetter'];
  run(work: DueWork & { kind: 'forward' }): Promise<unknown>;
}): ForwardQueue {
  const { dueWork, clock, log } = deps;
  const turns = semaphore(maxAtOnce);

  async function send(work: DueWork & { kind: 'forward' }, item: DueItem): Promise<void> {
    await deps.run(work);
    await dueWork.remove(item);
  }

  /** What cannot be begun in time, or fails, is left to the sweep. */
  async function begin(work: DueWork & { kind: 'forward' }, added: DueItem, delayMs: number): Promise<void> {
    const startsAt = clock.now() + delayMs;
    if (delayMs > 0) await clock.sleep(delayMs);
    await turns.acquire();
    try {
      if (clock.now() > startsAt + leaseMs / 2) return;
      // A sweep may have found it by now.
      const item = delayMs > 0 ? await dueWork.postpone(added, clock.now() + leaseMs, 0) : added;
      if (item !== undefined) await send(work, item);
    } finally {
      turns.release();
    }
  }

  return {
    async put(order, attempt, delayMs) {
      const work = { kind: 'forward', order, attempt } as const;
      // Nobody else takes it while it is being sent from here.
      const item = await dueWork.add(work, clock.now() + (delayMs > 0 ? delayMs : leaseMs));
      if (delayMs >= sweepEveryMs) return;
      begin(work, item, delayMs).catch((error: unknown) => {
        log.warn('webhook not forwarded, will retry', { target: order.target, error: describeError(error) });
      });
    },
    deadLetter: deps.deadLetter,
  };
}
