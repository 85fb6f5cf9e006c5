import type { DeliveryQueue } from './ports.ts';

/** A message stays invisible for ten minutes when the instance that handles it is killed. */
const copyAfterMs = 60_000;

/**
 * Queues a webhook's delivery twice, the second time for a minute later: if the instance that handles the first is killed, the
 * second is handled soon. A repeat costs little. A delivery with a delay is queued once: it comes from `process()` after a
 * temporary failure. A webhook's has a copy already; Event Grid's, and one from the log of deliveries, has none.
 */
export function twiceDeferred(queue: DeliveryQueue): DeliveryQueue {
  return {
    async defer(delivery, delayMs) {
      const delays = delayMs > 0 ? [delayMs] : [0, copyAfterMs];
      await Promise.all(delays.map((one) => queue.defer(delivery, one)));
    },
  };
}
