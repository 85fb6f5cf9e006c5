/**
 * Requests in simulated time. A request to the app may start the read of an index and not wait for it, and a wait for
 * that read may need time to pass: so time stands still while a request is under way, and continues once none is.
 */
import type { Scheduler } from '../../src/local/simulator/scheduler.ts';

export interface QuietTime {
  readonly fetch: typeof fetch;
  /** Resolves once no request is under way, and everything that follows from the last one is done. */
  quiet(): Promise<void>;
  /** Waits for actions only until no request is under way: they may wait for a later time. */
  scheduler(scheduler: Scheduler): Scheduler;
}

/** @param toUrl where a request is sent instead */
export function quietTime(toUrl: (url: string) => string): QuietTime {
  const underWay = new Set<Promise<unknown>>();

  async function send(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    const response = await fetch(toUrl(String(input)), init);
    const body = await response.arrayBuffer();
    return new Response(body.byteLength === 0 ? null : body, { status: response.status, headers: response.headers });
  }

  async function quiet(): Promise<void> {
    do {
      await Promise.allSettled(underWay);
      for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    } while (underWay.size > 0);
  }

  return {
    quiet,
    fetch(...request) {
      const work = send(...request);
      underWay.add(work);
      work.catch(() => undefined).finally(() => underWay.delete(work));
      return work;
    },
    scheduler: ({ now, at }) => ({
      now,
      at: (dueAt, action) => at(dueAt, () => Promise.race([action(), quiet()])),
    }),
  };
}
