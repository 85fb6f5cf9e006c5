/** Counts work in flight, so that a stopping host can wait for it. */
export interface InFlight {
  /** Failed work has ended, too. */
  add(work: Promise<unknown>): void;
  /** Resolves when all work that is in flight now has ended. */
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
