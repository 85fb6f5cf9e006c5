/**
 * Has the registry send a ping through a webhook, and waits for it: only this proves that address, secret and network all work.
 * The ping may arrive at another instance, so the registry's log of deliveries is read as well.
 */

import type { Registry } from '../model/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import type { WebhookDirectory } from './ports.ts';

interface PingWatch {
  /** Fails when the registry does not accept the request for a ping. @returns whether the ping arrived within a minute */
  send(directory: WebhookDirectory, registry: Registry, webhook: string): Promise<boolean>;
  /** A ping with this id arrived at this instance. */
  arrived(id: string): void;
}

const maxWaitMs = 60_000;
/** Between two reads of the log. */
const logPauseMs = 10_000;
/** Ids of pings that arrived, kept because a ping may arrive before the request for it is answered with its id. */
const maxArrivals = 1_000;

export function pingWatch(clock: Clock): PingWatch {
  const arrivals = new Set<string>();
  const waiting = new Map<string, AbortController>();

  async function isLogged(directory: WebhookDirectory, registry: Registry, webhook: string, id: string) {
    // A log that cannot be read proves nothing, in either direction.
    const logged = await directory.deliveries(registry, webhook).catch(() => []);
    return logged.some(({ id: entry, body, status = 0 }) => {
      const isPing = entry === id || (Object(body) as { id?: unknown }).id === id;
      return isPing && status >= 200 && status <= 299;
    });
  }

  return {
    async send(directory, registry, webhook) {
      const id = await directory.ping(registry, webhook);
      if (arrivals.has(id)) return true;
      const until = clock.now() + maxWaitMs;
      const arrival = new AbortController();
      waiting.set(id, arrival);
      try {
        for (;;) {
          const leftMs = until - clock.now();
          if (leftMs <= 0) return false;
          await clock.sleep(Math.min(logPauseMs, leftMs), arrival.signal);
          if (arrival.signal.aborted || (await isLogged(directory, registry, webhook, id))) return true;
        }
      } finally {
        waiting.delete(id);
      }
    },
    arrived(id) {
      arrivals.add(id);
      const [oldest] = arrivals;
      if (arrivals.size > maxArrivals && oldest !== undefined) arrivals.delete(oldest);
      waiting.get(id)?.abort();
    },
  };
}
