/** Webhooks to be forwarded: stored as rows of due work, and sent from memory by the instance that stored them. */
import type { ForwardQueue } from '../outbox/ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { semaphore } from '../runtime/semaphore.ts';
import type { DueWork } from './due-work.ts';
import { leaseMs, sweepEveryMs } from './due-work.ts';
import type { DueItem, DueWorkStore } from './ports.ts';

/** Webhooks that one instance sends at the same time. */
const maxAtOnce = 8;

/**
 * The instance that stores a forward also sends it, from memory, at once or after a short pause. The row is for longer pauses,
 * and for the case that the instance dies. A storage queue would be slower: after a long idle time the host polls it only
 * once in a minute or two.
 * @param run makes one attempt, and adds the next one if it fails
 */
export function dueForwardQueue(deps: {
  readonly dueWork: DueWorkStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadLetter: ForwardQueue['deadLetter'];
  run(work: DueWork & { kind: 'forward' }): Promise<unknown>;
}): ForwardQueue {
  const { dueWork, clock, log } = deps;
  const permits = semaphore(maxAtOnce);

  async function send(work: DueWork & { kind: 'forward' }, item: DueItem): Promise<void> {
    await deps.run(work);
    await dueWork.remove(item);
  }

  /** A forward that cannot be started in time, or fails, is left to the sweep. */
  async function begin(work: DueWork & { kind: 'forward' }, added: DueItem, delayMs: number): Promise<void> {
    const startsAt = clock.now() + delayMs;
    if (delayMs > 0) await clock.sleep(delayMs);
    await permits.acquire();
    try {
      if (clock.now() > startsAt + leaseMs / 2) return;
      // A sweep may have found it meanwhile: then `postpone()` gives it to one of the two.
      const item = delayMs > 0 ? await dueWork.postpone(added, clock.now() + leaseMs, 0) : added;
      if (item !== undefined) await send(work, item);
    } finally {
      permits.release();
    }
  }

  return {
    async put(order, attempt, delayMs) {
      const work = { kind: 'forward', order, attempt } as const;
      // The lease keeps sweeps from sending it while this instance does.
      const item = await dueWork.add(work, clock.now() + (delayMs > 0 ? delayMs : leaseMs));
      if (delayMs >= sweepEveryMs) return;
      begin(work, item, delayMs).catch((error: unknown) => {
        log.warn('webhook not forwarded, will retry', { target: order.target, error: describeError(error) });
      });
    },
    deadLetter: deps.deadLetter,
  };
}
