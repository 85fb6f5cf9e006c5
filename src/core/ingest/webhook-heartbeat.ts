/**
 * Stores when each region's webhook last called: every ten seconds at most, and the last call of a burst when these are over.
 * Otherwise a webhook that stops would seem to have stopped in the middle of its last burst.
 */

import type { Region } from '../model/region.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { HeartbeatStore } from './ports.ts';

interface WebhookHeartbeat {
  /** A webhook has called, with an event of any action. Never fails: a failed write is logged. */
  seen(registry: string, region: Region): void;
  /** The stored times, or later ones that this instance has seen. */
  last: HeartbeatStore['last'];
  /** Cancels writes that are still to come. */
  close(): void;
}

const betweenNotesMs = 10_000;

interface Heartbeat {
  readonly registry: string;
  readonly region: Region;
  at: number;
  notedAt: number;
  /** Whether a write of the last call of a burst is scheduled. */
  isDue: boolean;
}

export function webhookHeartbeat(deps: {
  readonly webhooks: HeartbeatStore;
  readonly clock: Clock;
  readonly log: Log;
}): WebhookHeartbeat {
  const { webhooks, clock, log } = deps;
  const all = new Map<string, Heartbeat>();
  const closing = new AbortController();

  async function note(heartbeat: Heartbeat, isLate = false): Promise<void> {
    const { registry, region, at } = heartbeat;
    const before = heartbeat.notedAt;
    heartbeat.notedAt = clock.now();
    try {
      // Another instance may have stored a later call.
      const known = isLate ? (await webhooks.last(registry)).get(region) : undefined;
      if (known === undefined || known < at) await webhooks.note(registry, region, at);
    } catch (error) {
      heartbeat.notedAt = before;
      log.warn('webhook heartbeat not stored', { registry, region, error: describeError(error) });
    }
  }

  async function noteLater(heartbeat: Heartbeat, milliseconds: number): Promise<void> {
    heartbeat.isDue = true;
    await clock.sleep(milliseconds, closing.signal);
    heartbeat.isDue = false;
    if (!closing.signal.aborted) await note(heartbeat, true);
  }

  return {
    seen(registry, region) {
      const key = `${registry} ${region}`;
      const heartbeat = all.get(key) ?? { registry, region, at: 0, notedAt: 0, isDue: false };
      all.set(key, heartbeat);
      heartbeat.at = clock.now();
      const pause = heartbeat.notedAt + betweenNotesMs - heartbeat.at;
      if (pause <= 0) void note(heartbeat);
      else if (!heartbeat.isDue) void noteLater(heartbeat, pause);
    },
    async last(registry) {
      const last = new Map(await webhooks.last(registry));
      for (const { region, at } of [...all.values()].filter((heartbeat) => heartbeat.registry === registry)) {
        last.set(region, Math.max(at, last.get(region) ?? 0));
      }
      return last;
    },
    close: () => closing.abort(null),
  };
}
