import type { DeliveryQueue } from './ports.ts';

/** A message stays invisible for ten minutes when the instance that handles it is killed. */
const copyAfterMs = 60_000;

/**
 * Queues a deferred delivery twice, the second time for a minute later: if the instance that handles the first is killed, the
 * second is handled soon. A repeat costs little. A delivery that is put back has a copy already.
 */
export function twiceDeferred(queue: DeliveryQueue): DeliveryQueue {
  return {
    async defer(delivery, delayMs) {
      const delays = delayMs > 0 ? [delayMs] : [0, copyAfterMs];
      await Promise.all(delays.map((one) => queue.defer(delivery, one)));
    },
  };
}
