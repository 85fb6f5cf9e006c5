/**
 * Requests in simulated time. What has an index read does not wait for the answer, and what waits for it may wait for
 * time to pass: so time stands still while a request is under way, and goes on once nothing is.
 */
import type { Scheduler } from '../../src/local/simulator/scheduler.ts';

export interface QuietTime {
  readonly fetch: typeof fetch;
  /** Resolves once no request is under way, and what follows from the last has been done. */
  quiet(): Promise<void>;
  /** Waits for actions only until all is quiet: they may wait for what comes later. */
  scheduler(scheduler: Scheduler): Scheduler;
}

/** @param toUrl where a request goes instead */
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
