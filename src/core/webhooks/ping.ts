/**
 * Sends a ping through a webhook and finds out whether it came: the only proof that address, secret and network are
 * right together. It may come in at another instance than the one that asked for it, so the registry's own log of
 * deliveries is looked at as well.
 */

import type { Registry } from '../model/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import type { WebhookDirectory } from './ports.ts';

interface PingWatch {
  /** Fails when the ping could not even be asked for. @returns whether it came within a minute */
  send(directory: WebhookDirectory, registry: Registry, webhook: string): Promise<boolean>;
  arrived(id: string): void;
}

const patienceMs = 60_000;
const lookMs = 10_000;
/** A ping can come in before we know its id; later than that nobody asks for it. */
const remembered = 1_000;

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
      const until = clock.now() + patienceMs;
      const came = new AbortController();
      waiting.set(id, came);
      try {
        for (;;) {
          const leftMs = until - clock.now();
          if (leftMs <= 0) return false;
          await clock.sleep(Math.min(lookMs, leftMs), came.signal);
          if (came.signal.aborted || (await isLogged(directory, registry, webhook, id))) return true;
        }
      } finally {
        waiting.delete(id);
      }
    },
    arrived(id) {
      arrivals.add(id);
      const [oldest] = arrivals;
      if (arrivals.size > remembered && oldest !== undefined) arrivals.delete(oldest);
      waiting.get(id)?.abort();
    },
  };
}
