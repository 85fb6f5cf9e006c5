/**
 * Queues the forwards that an image's record has. Like events, they are stored in the record first: if this process dies before
 * it has queued them, the image's timer has another one do it, with the same ids.
 */

import { toOrder } from '../image/forward-entry.ts';
import type { ImageRecord } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { ForwardQueue } from './ports.ts';

export interface ForwardRelay {
  /** In the background; forwards that are being queued are not queued twice. */
  offer(record: ImageRecord): void;
  /** Fails with an `UpstreamError` when the queue does not accept all; those it accepts are noted, and not queued again. */
  handOver(record: ImageRecord): Promise<void>;
}

export function forwardRelay(deps: {
  readonly queue: ForwardQueue;
  readonly writer: ImageWriter;
  readonly clock: Clock;
  readonly log: Log;
}): ForwardRelay {
  const { queue, clock, log } = deps;
  const inFlight = new Set<string>();

  async function handOver(record: ImageRecord): Promise<void> {
    const forwardKey = (key: string) => `${imageKey(record.name)} ${key}`;
    const due = record.forwards.filter(({ key, queuedAt }) => queuedAt === null && !inFlight.has(forwardKey(key)));
    if (due.length === 0) return;
    const keys = due.map(({ key }) => key);
    for (const key of keys) inFlight.add(forwardKey(key));
    try {
      const answers = await Promise.allSettled(due.map((entry) => queue.put(toOrder(record, entry), 0, 0)));
      const accepted = keys.filter((_, i) => answers[i]?.status === 'fulfilled');
      if (accepted.length > 0)
        await deps.writer.submit(record.name, { kind: 'forwardsQueued', keys: accepted, at: clock.now() });
      const refused = answers.find((answer) => answer.status === 'rejected');
      if (refused !== undefined) throw refused.reason;
    } finally {
      for (const key of keys) inFlight.delete(forwardKey(key));
    }
  }

  return {
    handOver,
    offer(record) {
      handOver(record).catch((error: unknown) => {
        log.warn('webhooks not queued, will retry', { image: imageKey(record.name), error: describeError(error) });
      });
    },
  };
}
