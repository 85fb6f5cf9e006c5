/**
 * Processes one queue with one function: in parallel up to a limit, with every message hidden while it is processed,
 * retried after a failure and moved to `<queue>-poison` when it keeps failing. The app relies on these rules after a
 * crash, so they are the real host's, down to the ten minutes a message stays hidden when its host dies.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { type DequeuedMessageItem, QueueClient, RestError } from '@azure/storage-queue';
import type { RegisteredFunction } from './core-types.ts';
import type { QueueSettings } from './host-json.ts';
import type { Invoker } from './invocation.ts';
import type { Listener } from './listener.ts';
import { logSystem, type OnLog } from './log.ts';
import { createQueueTrigger, decodeMessage } from './queue-message.ts';

export interface QueueListenerOptions {
  readonly target: RegisteredFunction;
  readonly connectionString: string;
  readonly queueName: string;
  readonly settings: QueueSettings;
  readonly invoker: Invoker;
  readonly onLog: OnLog;
}

const HIDDEN_SECONDS = 600;
const RENEW_MS = (HIDDEN_SECONDS / 2) * 1_000;
const FIRST_PAUSE_MS = 100;
/** The listener pauses and retries by itself; the client's own retries would only delay its log line. */
const CLIENT_OPTIONS = { retryOptions: { maxTries: 2, retryDelayInMs: 200 } };

export function startQueueListener(options: QueueListenerOptions): Listener {
  const { target, connectionString, queueName, settings, invoker, onLog } = options;
  const queue = new QueueClient(connectionString, queueName, CLIENT_OPTIONS);
  const poison = queueName.endsWith('-poison')
    ? undefined
    : new QueueClient(connectionString, `${queueName}-poison`, CLIENT_OPTIONS);
  const { name } = target.metadata;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let lastFault: string | undefined;

  async function receive(): Promise<DequeuedMessageItem[]> {
    try {
      const { receivedMessageItems } = await queue.receiveMessages({
        numberOfMessages: settings.batchSize,
        visibilityTimeout: HIDDEN_SECONDS,
      });
      if (lastFault !== undefined) logSystem(onLog, 'information', `queue ${queueName}: reached again`, name);
      lastFault = undefined;
      return receivedMessageItems;
    } catch (failure) {
      // A missing queue is no error: the first sender creates it.
      if (failure instanceof RestError && failure.statusCode === 404) return [];
      const fault = failure instanceof Error ? failure.message : String(failure);
      const level = lastFault === undefined ? 'warning' : 'debug';
      logSystem(onLog, level, `queue ${queueName}: cannot be read, trying on (${fault})`, name);
      lastFault = fault;
      return [];
    }
  }

  async function work(message: DequeuedMessageItem): Promise<void> {
    if (message.dequeueCount > settings.maxDequeueCount) return putAside(message, message.popReceipt);
    const text = decode(message);
    // No retry could read it.
    if (text === undefined) return putAside(message, message.popReceipt);
    const hold = keepHidden(queue, message);
    const isDone = await runOnce(message, text);
    const popReceipt = await hold.release();
    if (isDone) await queue.deleteMessage(message.messageId, popReceipt);
    else if (message.dequeueCount >= settings.maxDequeueCount) await putAside(message, popReceipt);
    else {
      const hiddenSeconds = Math.ceil(settings.visibilityTimeoutMs / 1_000);
      await queue.updateMessage(message.messageId, popReceipt, undefined, hiddenSeconds);
    }
  }

  function decode({ messageText }: DequeuedMessageItem): string | undefined {
    try {
      return decodeMessage(messageText, settings.messageEncoding);
    } catch (failure) {
      logSystem(
        onLog,
        'error',
        `queue ${queueName}: ${failure instanceof Error ? failure.message : String(failure)}`,
        name,
      );
      return undefined;
    }
  }

  /** @returns `false` when it failed; the invoker has logged why */
  function runOnce(message: DequeuedMessageItem, text: string): Promise<boolean> {
    return invoker.invoke(target, createQueueTrigger(text, message)).then(
      () => true,
      () => false,
    );
  }

  async function putAside(message: DequeuedMessageItem, popReceipt: string): Promise<void> {
    if (poison !== undefined) {
      await poison.createIfNotExists();
      await poison.sendMessage(message.messageText);
      logSystem(
        onLog,
        'warning',
        `queue ${queueName}: a message was given up after ${message.dequeueCount} tries, moved to ${poison.name}`,
        name,
      );
    }
    await queue.deleteMessage(message.messageId, popReceipt);
  }

  function start(message: DequeuedMessageItem): void {
    const worked: Promise<void> = work(message)
      .catch((failure: unknown) => {
        // The message becomes visible again by itself; at worst the function gets it twice.
        const reason = failure instanceof Error ? failure.message : String(failure);
        logSystem(
          onLog,
          'warning',
          `queue ${queueName}: the outcome of a message could not be stored (${reason})`,
          name,
        );
      })
      .finally(() => running.delete(worked));
    running.add(worked);
  }

  async function poll(): Promise<void> {
    const stopped = new Promise<void>((resolve) =>
      stopping.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    let emptyRounds = 0;
    while (!stopping.signal.aborted) {
      const messages = await receive();
      if (stopping.signal.aborted) return giveBack(queue, messages);
      for (const message of messages) start(message);
      emptyRounds = messages.length === 0 ? emptyRounds + 1 : 0;
      if (emptyRounds > 0) {
        const pauseMs = nextPause(emptyRounds, settings.maxPollingIntervalMs);
        await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
      while (running.size > settings.newBatchThreshold && !stopping.signal.aborted)
        await Promise.race([stopped, ...running]);
    }
  }

  const polling = poll();
  return {
    async stop() {
      stopping.abort();
      await polling;
      await Promise.all(running);
    },
  };
}

/** Doubles from 100 ms to the maximum, with a random fifth, so that listeners do not poll at the same time. */
export function nextPause(emptyRounds: number, maxMs: number, random: () => number = Math.random): number {
  const doubled = FIRST_PAUSE_MS * 2 ** Math.min(emptyRounds - 1, 20);
  return Math.min(maxMs, doubled * (0.8 + 0.4 * random()));
}

/** Each renewal changes the message's pop receipt. */
function keepHidden(
  queue: QueueClient,
  { messageId, popReceipt }: DequeuedMessageItem,
): { release(): Promise<string> } {
  let receipt = popReceipt;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async () => {
    const renewed = await queue.updateMessage(messageId, receipt, undefined, HIDDEN_SECONDS).catch(() => undefined);
    receipt = renewed?.popReceipt ?? receipt;
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew);
  }, RENEW_MS);
  return {
    async release() {
      clearInterval(timer);
      await renewing;
      return receipt;
    },
  };
}

/** A batch that arrives while the host stops would otherwise stay hidden for ten minutes after the next start. */
async function giveBack(queue: QueueClient, messages: readonly DequeuedMessageItem[]): Promise<void> {
  await Promise.allSettled(
    messages.map(({ messageId, popReceipt }) => queue.updateMessage(messageId, popReceipt, undefined, 0)),
  );
}
