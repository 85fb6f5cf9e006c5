/**
 * The queues: images to be looked at again at some time, deliveries that the tables could not take, webhooks to be
 * forwarded, checks, steps of replays. Messages are base64, as the Functions host expects, never expire, and have one
 * top-level field of our own: the host merges a message's top-level fields into its metadata, where `id` or
 * `dequeueCount` would replace its own.
 */
import type { QueueClient } from '@azure/storage-queue';
import { RestError } from '@azure/storage-queue';
import type { CheckTimer } from '../core/checks/check-ports.ts';
import { WorldError } from '../core/errors.ts';
import type { ImageName } from '../core/image.ts';
import { imageKey } from '../core/image.ts';
import {
  toCheckMessage,
  toDeliveryMessage,
  toForwardMessage,
  toReplayMessage,
  toWakeMessage,
} from '../core/messages.ts';
import type { Clock, Delivery, DeliveryQueue, ForwardQueue, HealthProbe, WakeTimer } from '../core/ports.ts';
import type { ReplayQueue } from '../core/replay/replay-job.ts';

/** Queue service REST documentation: at most 7 days. */
const longestDelaySeconds = 7 * 86_400 - 60;
const callTimeoutMs = 10_000;
/** Names of the longest legal length must still fit 48 KiB. */
const mostImagesPerMessage = 60;
/** Images due within the same span share a message. */
const spanMs = 5_000;

export function queueDeliveryQueue(queue: QueueClient): DeliveryQueue {
  return {
    defer: (delivery: Delivery, delayMs) => send(queue, toDeliveryMessage(delivery), delayMs),
  };
}

/** @param laidAside where what nobody took ends; nothing reads it but people */
export function queueForwardQueue(queue: QueueClient, laidAside: QueueClient): ForwardQueue {
  return {
    put: (order, attempt, delayMs) => send(queue, toForwardMessage(order, attempt), delayMs),
    bury: (order, reason) => send(laidAside, { forward: { order, reason } }, 0),
  };
}

export function queueReplayQueue(queue: QueueClient): ReplayQueue {
  return {
    send: (message, delayMs) => send(queue, toReplayMessage(message), delayMs),
  };
}

export function queueCheckTimer(queue: QueueClient, clock: Clock): CheckTimer {
  return {
    ring: (id, turn, at, dueAt) => send(queue, toCheckMessage({ id, turn, at: dueAt }), at - clock.now()),
  };
}

/**
 * Images that are to be woken at about the same time, and come while a message is being sent, share the next one; those
 * that are only looked for share one where they were noticed at about the same time.
 */
export function queueWakeTimer(queue: QueueClient, clock: Clock): WakeTimer {
  interface Span {
    readonly key: string;
    readonly at: number;
    readonly noticedAt: number | undefined;
  }
  interface Batch {
    readonly names: Map<string, ImageName>;
    readonly done: PromiseWithResolvers<void>;
    sending: boolean;
  }
  const batches = new Map<string, Batch>();
  const batchFor = ({ key }: Span): Batch => {
    const batch = batches.get(key) ?? { names: new Map(), done: Promise.withResolvers<void>(), sending: false };
    batches.set(key, batch);
    return batch;
  };

  async function run(span: Span, batch: Batch): Promise<void> {
    batch.sending = true;
    const { key, at, noticedAt } = span;
    for (let current = batch; current.names.size > 0; current = batchFor(span)) {
      batches.set(key, { names: new Map(), done: Promise.withResolvers<void>(), sending: true });
      try {
        const names = [...current.names.values()];
        for (let i = 0; i < names.length; i += mostImagesPerMessage) {
          const message = toWakeMessage({ images: names.slice(i, i + mostImagesPerMessage), at, noticedAt });
          await send(queue, message, at - clock.now());
        }
        current.done.resolve();
      } catch (error) {
        current.done.reject(error);
      }
    }
    batches.delete(key);
  }

  return {
    wake(name, due, noticed) {
      const at = Math.ceil(due / spanMs) * spanMs;
      const noticedAt = noticed === undefined ? undefined : Math.floor(noticed / spanMs) * spanMs;
      const span = { key: `${at} ${noticedAt}`, at, noticedAt };
      const batch = batchFor(span);
      batch.names.set(imageKey(name), name);
      if (!batch.sending) void run(span, batch);
      return batch.done.promise;
    },
  };
}

/** Reads the queue's properties. A queue that nobody has needed yet is as good as one that answers. */
export function queueHealth(queue: QueueClient): HealthProbe {
  return {
    name: 'queues',
    async check() {
      await queue.getProperties({ abortSignal: AbortSignal.timeout(callTimeoutMs) }).catch((error: unknown) => {
        if (!(error instanceof RestError && error.statusCode === 404)) throw error;
      });
    },
  };
}

async function send(queue: QueueClient, message: object, delayMs: number): Promise<void> {
  const text = Buffer.from(JSON.stringify(message)).toString('base64');
  const visibilityTimeout = Math.min(longestDelaySeconds, Math.max(0, Math.ceil(delayMs / 1000)));
  const options = () => ({
    visibilityTimeout,
    messageTimeToLive: -1,
    abortSignal: AbortSignal.timeout(callTimeoutMs),
  });
  try {
    await queue.sendMessage(text, options()).catch(async (error: unknown) => {
      if (!(error instanceof RestError && error.statusCode === 404)) throw error;
      await queue.createIfNotExists();
      await queue.sendMessage(text, options());
    });
  } catch (error) {
    const status = error instanceof RestError ? error.statusCode : undefined;
    const code = status === 401 || status === 403 ? 'refused' : 'unavailable';
    throw new WorldError(code, `queue ${queue.name}${status === undefined ? '' : ` (${status})`}`, { cause: error });
  }
}
