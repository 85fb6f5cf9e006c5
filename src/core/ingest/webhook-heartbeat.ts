/**
 * When each replica's webhook last spoke. Noted every ten seconds at most, and the last of a burst once these are over:
 * else a replica that has fallen silent would seem to have done so in the middle of what it said.
 */

import type { Region } from '../model/region.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { HeartbeatStore } from './ports.ts';

interface WebhookHeartbeat {
  /** A webhook spoke, whatever it said. Never fails: only a note. */
  seen(registry: string, region: Region): void;
  /** What is noted, and what this instance has heard since. */
  last: HeartbeatStore['last'];
  /** Notes nothing more of what is still to come. */
  close(): void;
}

const betweenNotesMs = 10_000;

interface Heard {
  readonly registry: string;
  readonly region: Region;
  at: number;
  notedAt: number;
  /** Whether the last of a burst will be noted. */
  isDue: boolean;
}

export function webhookHeartbeat(deps: {
  readonly webhooks: HeartbeatStore;
  readonly clock: Clock;
  readonly log: Log;
}): WebhookHeartbeat {
  const { webhooks, clock, log } = deps;
  const all = new Map<string, Heard>();
  const closing = new AbortController();

  async function note(heard: Heard, isLate = false): Promise<void> {
    const { registry, region, at } = heard;
    const before = heard.notedAt;
    heard.notedAt = clock.now();
    try {
      // Another instance may have heard and noted it later than this one heard it.
      const known = isLate ? (await webhooks.last(registry)).get(region) : undefined;
      if (known === undefined || known < at) await webhooks.note(registry, region, at);
    } catch (error) {
      heard.notedAt = before;
      log.warn('webhook heartbeat not stored', { registry, region, error: describeError(error) });
    }
  }

  async function noteLater(heard: Heard, milliseconds: number): Promise<void> {
    heard.isDue = true;
    await clock.sleep(milliseconds, closing.signal);
    heard.isDue = false;
    if (!closing.signal.aborted) await note(heard, true);
  }

  return {
    seen(registry, region) {
      const key = `${registry} ${region}`;
      const heard = all.get(key) ?? { registry, region, at: 0, notedAt: 0, isDue: false };
      all.set(key, heard);
      heard.at = clock.now();
      const pause = heard.notedAt + betweenNotesMs - heard.at;
      if (pause <= 0) void note(heard);
      else if (!heard.isDue) void noteLater(heard, pause);
    },
    async last(registry) {
      const last = new Map(await webhooks.last(registry));
      for (const { region, at } of [...all.values()].filter((heard) => heard.registry === registry)) {
        last.set(region, Math.max(at, last.get(region) ?? 0));
      }
      return last;
    },
    close: () => closing.abort(null),
  };
}
