import type { DeliveryQueue } from './ports.ts';

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
