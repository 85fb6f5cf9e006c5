/** Webhooks to be forwarded: kept as rows of due work, and sent from memory by the instance that put them there. */
import type { ForwardQueue } from '../outbox/ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { semaphore } from '../runtime/semaphore.ts';
import type { DueWork } from './due-work.ts';
import { leaseMs, sweepEveryMs } from './due-work.ts';
import type { DueItem, DueWorkStore } from './ports.ts';

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
