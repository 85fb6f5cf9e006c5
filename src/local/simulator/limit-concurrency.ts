/**
 * Lets so many run at once and queues the rest, first come first served. Without it, a flood of webhook events would
 * open a flood of connections, and the test would measure this machine's sockets instead of the tracker.
 */
export type Limit = <Result>(run: () => Promise<Result>) => Promise<Result>;

export function limitConcurrency(most: number): Limit {
  const waiting: (() => void)[] = [];
  let free = most;
  return async (run) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      // A place is handed straight to the next in line, so that nobody can slip in between.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
