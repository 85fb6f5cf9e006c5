/**
 * The queues of work that is due now: deliveries that the tables could not store, steps of replays, and dead-lettered
 * forwards. Work that is due later is in a table (see core/due-work). Messages are base64, as the Functions host
 * expects, never expire, and have a single top-level field: the host merges a message's top-level fields into its
 * metadata, where `id` or `dequeueCount` would replace its own.
 */
import { setImmediate } from 'node:timers/promises';
import type { QueueClient } from '@azure/storage-queue';
import { RestError } from '@azure/storage-queue';
import type { DeliveryQueue, ForwardQueue, HealthProbe, Received, ReplayQueue } from '../core/ports.ts';
import { toDeliveryMessage, toReplayMessage, toSharedMessage } from '../core/queue-messages.ts';
import { UpstreamError } from '../core/runtime/errors.ts';

/** A hidden message counts for the queue's scale metric, so work that is due later than this goes to the table. */
const maxDelaySeconds = 60;
const callTimeoutMs = 10_000;

/**
 * A message may have 64 KiB (Queue service REST documentation), 48 KiB before base64; a little is left for the
 * enclosing field.
 */
const maxMessageBytes = 48 * 1024 - 100;
/** Requests in flight with the same delay; what is deferred meanwhile shares the next ones. */
const maxSending = 4;

interface Deferred {
  readonly received: Received;
  readonly bytes: number;
  readonly done: PromiseWithResolvers<void>;
}

interface Line {
  readonly waiting: Deferred[];
  sending: number;
}

/**
 * Deliveries that are deferred together share a message: a burst reaches its time limit all at once, with the least
 * time left.
 */
export function queueDeliveryQueue(queue: QueueClient): DeliveryQueue {
  /** By seconds of delay. */
  const lines = new Map<number, Line>();

  async function run(line: Line, delaySeconds: number): Promise<void> {
    line.sending++;
    // Wait for the other deliveries deferred in this turn of the event loop, each by its own timer: they share the
    // message.
    await setImmediate();
    while (line.waiting.length > 0) {
      const together = takeBatch(line.waiting);
      const sent = send(queue, toSharedMessage(together.map(({ received }) => received)), delaySeconds);
      for (const { done } of together) sent.then(done.resolve, done.reject);
      // Each caller gets the error from its own promise; the deliveries behind them are sent all the same.
      await sent.catch(() => undefined);
    }
    line.sending--;
    if (line.sending === 0) lines.delete(delaySeconds);
  }

  return {
    defer(received, delayMs) {
      const delaySeconds = toSeconds(delayMs);
      const line = lines.get(delaySeconds) ?? { waiting: [], sending: 0 };
      lines.set(delaySeconds, line);
      const bytes = Buffer.byteLength(JSON.stringify(toDeliveryMessage(received))) + 1;
      const done = Promise.withResolvers<void>();
      line.waiting.push({ received, bytes, done });
      if (line.sending < maxSending) void run(line, delaySeconds);
      return done.promise;
    },
  };
}

/** At least one delivery. */
function takeBatch(waiting: Deferred[]): Deferred[] {
  let bytes = 0;
  const count = waiting.findIndex((one) => {
    bytes += one.bytes;
    return bytes > maxMessageBytes;
  });
  return waiting.splice(0, count === -1 ? waiting.length : Math.max(1, count));
}

/** @param queue where forwards end that no target accepted; only people read it */
export function queueDeadLetteredForwards(queue: QueueClient): Pick<ForwardQueue, 'deadLetter'> {
  return {
    deadLetter: (order, reason) => send(queue, { forward: { order, reason } }, 0),
  };
}

export function queueReplayQueue(queue: QueueClient): ReplayQueue {
  return {
    send: (message, delayMs) => send(queue, toReplayMessage(message), toSeconds(delayMs)),
  };
}

/** Reads the queue's properties. A queue that was not needed yet, and does not exist, counts as healthy. */
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

function toSeconds(delayMs: number): number {
  return Math.min(maxDelaySeconds, Math.max(0, Math.ceil(delayMs / 1000)));
}

async function send(queue: QueueClient, message: object, delaySeconds: number): Promise<void> {
  const text = Buffer.from(JSON.stringify(message)).toString('base64');
  const options = () => ({
    visibilityTimeout: delaySeconds,
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
    const code = status === 401 || status === 403 ? 'unauthorized' : 'unavailable';
    throw new UpstreamError(code, `queue ${queue.name}${status === undefined ? '' : ` (${status})`}`, { cause: error });
  }
}
