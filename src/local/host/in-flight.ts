/**
 * Counts what has begun and not ended, so that a stopping host knows what it is waiting for.
 */
export interface InFlight {
  /** Work that fails has ended, too. */
  add(work: Promise<unknown>): void;
  /** Resolves when everything that is under way now has ended. */
  idle(): Promise<void>;
}

export function createInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  return {
    add(work) {
      const tracked = work.catch(() => undefined).finally(() => running.delete(tracked));
      running.add(tracked);
    },
    async idle() {
      await Promise.all(running);
    },
  };
}
