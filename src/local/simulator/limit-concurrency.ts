/**
 * Limits how many actions run at once and queues the rest, first in, first out. Without it, a burst of webhook events
 * would open as many connections, and the test would measure this machine's sockets instead of the tracker.
 */
export type Limit = <Result>(run: () => Promise<Result>) => Promise<Result>;

export function limitConcurrency(max: number): Limit {
  const waiting: (() => void)[] = [];
  let free = max;
  return async (run) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      // The place goes directly to the next in the queue, so that no new action can get in between.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
