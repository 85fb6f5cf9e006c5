/**
 * Brings what is to be forwarded from the image's record to the queue. Like announcements it is durable before it
 * leaves: when this process dies in between, the image's timer has another one do it, with the same ids.
 */
import { describeError } from '../errors.ts';
import type { ImageRecord } from '../image.ts';
import { imageKey } from '../image.ts';
import type { ImageWriter } from '../image-writer.ts';
import type { Clock, ForwardQueue, Log } from '../ports.ts';
import { toOrder } from './forward.ts';

export interface Forwarding {
  /** In the background; what is on its way already does not go twice. */
  offer(record: ImageRecord): void;
  /** Fails with a `WorldError` when the queue does not take them. */
  handOver(record: ImageRecord): Promise<void>;
}

export function forwarding(parts: {
  readonly queue: ForwardQueue;
  readonly writer: () => ImageWriter;
  readonly clock: Clock;
  readonly log: Log;
}): Forwarding {
  const { queue, clock, log } = parts;
  const onTheirWay = new Set<string>();

  async function handOver(record: ImageRecord): Promise<void> {
    const wayOf = (key: string) => `${imageKey(record.name)} ${key}`;
    const due = record.forwards.filter(({ key, queuedAt }) => queuedAt === null && !onTheirWay.has(wayOf(key)));
    if (due.length === 0) return;
    const keys = due.map(({ key }) => key);
    for (const key of keys) onTheirWay.add(wayOf(key));
    try {
      await Promise.all(due.map((entry) => queue.put(toOrder(record, entry), 0, 0)));
      await parts.writer().submit(record.name, { kind: 'forwarded', keys, at: clock.now() });
    } finally {
      for (const key of keys) onTheirWay.delete(wayOf(key));
    }
  }

  return {
    handOver,
    offer(record) {
      handOver(record).catch((error: unknown) => {
        log.warn('webhooks not queued, later again', { image: imageKey(record.name), error: describeError(error) });
      });
    },
  };
}
