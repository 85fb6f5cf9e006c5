/**
 * Storage whose requests are counted and take virtual time, half of it before and half after the operation, so that
 * requests overlap as in a real storage.
 */
import type { Clock } from '../../src/core/ports.ts';
import { drawLogNormal, openRandom } from '../../src/local/simulator/random.ts';

export interface SlowStorage {
  /** Requests so far. */
  readonly requests: number;
  /** Runs one request. */
  ask<T>(work: () => T | Promise<T>): Promise<T>;
  /** The same port, slow and counted: each call is one request, as in the adapters. */
  slow<Port extends object>(port: Port): Port;
}

/** The median time of a request to tables or queues in the same region. */
const medianMs = 8;
const spread = 0.4;

export function slowStorage(clock: Clock, seed: number): SlowStorage {
  const random = openRandom(seed, 'storage');
  let total = 0;
  const half = () => clock.sleep(drawLogNormal(random, medianMs, spread) / 2);

  async function ask<T>(work: () => T | Promise<T>): Promise<T> {
    total++;
    await half();
    const result = await work();
    await half();
    return result;
  }

  return {
    get requests() {
      return total;
    },
    ask,
    slow: (port) =>
      new Proxy(port, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          const method = member.bind(target) as (...values: unknown[]) => unknown;
          return (...values: unknown[]) => ask(() => method(...values));
        },
      }),
  };
}
