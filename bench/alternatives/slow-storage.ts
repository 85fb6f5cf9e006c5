/**
 * Storage whose requests are counted and take virtual time, half of it on the way there and half on the way back, so
 * that what overlaps in a real one overlaps here as well.
 */
import type { Clock } from '../../src/core/ports.ts';
import { drawLogNormal, openRandom } from '../../src/local/simulator/random.ts';

export interface SlowStorage {
  /** Requests so far. */
  readonly requests: number;
  /** One request. */
  ask<T>(work: () => T | Promise<T>): Promise<T>;
  /** The same port, slow and counted: each of its calls is one request, as it is in the adapters. */
  slow<Port extends object>(port: Port): Port;
}

/** What a request to tables or queues takes from a neighbour in the same region, in the middle. */
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
