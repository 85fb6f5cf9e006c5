/** Limits how much work runs at the same time. Callers of `acquire()` get permits in their order. */
export interface Semaphore {
  acquire(): Promise<void>;
  release(): void;
}

export function semaphore(permits: number): Semaphore {
  const waiting: (() => void)[] = [];
  let free = permits;
  return {
    acquire() {
      if (free > 0) {
        free--;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    release() {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    },
  };
}
