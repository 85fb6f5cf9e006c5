/** Bounds how much of something goes on at a time; who comes when all permits are out waits for one, in order. */
interface Semaphore {
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
