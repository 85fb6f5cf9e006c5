/** Queue triggers against a real queue: how a message is processed, and what the function gets. */
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Azurite, startAzuriteInProcess } from '../../src/local/azurite.ts';
import { type Host, startHost } from '../../src/local/host/host.ts';
import { nextPause } from '../../src/local/host/queue.ts';
import { decodeMessage } from '../../src/local/host/queue-message.ts';
import { buildApp, collectLog, readWitness } from './build-app.ts';

interface Call {
  message: unknown;
  metadata: Record<string, unknown>;
}

let azurite: Azurite;
let host: Host | undefined;
let queueCount = 0;

beforeAll(async () => {
  azurite = await startAzuriteInProcess();
});
afterEach(async () => {
  await host?.stop({ withinMs: 0 });
  host = undefined;
});
afterAll(() => azurite.stop());

const recording = `
  globalThis.fixtureWitness ??= { calls: [] };
  app.storageQueue('work', {
    queueName: '%QUEUE%',
    connection: 'AzureWebJobsStorage',
    async handler(message, context) {
      globalThis.fixtureWitness.calls.push({ message, metadata: context.triggerMetadata });
      if (message === 'bad' || message.bad) throw new Error('this message is bad');
      if (message === 'held') await new Promise((resolve) => { globalThis.releaseHeld = resolve; });
    },
  });`;

const quick = { maxPollingInterval: '00:00:00.1', visibilityTimeout: '00:00:00' };

/** A host on a queue of its own. */
async function listen(queues: object = {}, existing = true) {
  readWitness().calls.length = 0;
  queueCount += 1;
  const service = QueueServiceClient.fromConnectionString(azurite.connectionString);
  const queue = service.getQueueClient(`work-${queueCount}`);
  if (existing) await queue.create();
  const { entries, onLog } = collectLog();
  host = await startHost({
    appDirectory: await buildApp({ source: recording, extensions: { queues: { ...quick, ...queues } } }),
    settings: { AzureWebJobsStorage: azurite.connectionString, QUEUE: queue.name },
    onLog,
  });
  return { queue, poison: service.getQueueClient(`${queue.name}-poison`), entries };
}

const calls = () => readWitness().calls as Call[];

function send(queue: QueueClient, text: string): Promise<unknown> {
  return queue.sendMessage(Buffer.from(text).toString('base64'));
}

/** Counts hidden messages as well. */
async function countMessages(queue: QueueClient): Promise<number> {
  return (await queue.getProperties()).approximateMessagesCount ?? 0;
}

test('a message is handed over parsed, with its facts, and deleted once it is done', async () => {
  const { queue } = await listen();
  await send(queue, '{"image":"a"}');
  await vi.waitUntil(() => calls().length === 1);
  expect(calls()[0]).toMatchObject({
    message: { image: 'a' },
    metadata: { dequeueCount: 1, queueTrigger: { image: 'a' }, image: 'a' },
  });
  expect(calls()[0]?.metadata.insertionTime).toMatch(/^\d{4}-.*Z$/);
  await vi.waitUntil(async () => (await countMessages(queue)) === 0);
});

test('fields of the message hide the facts of the same name, as on Azure', async () => {
  const { queue } = await listen();
  await send(queue, '{"ID":"mine","dequeueCount":"seven"}');
  await vi.waitUntil(() => calls().length === 1);
  expect(calls()[0]?.metadata).toMatchObject({ id: 'mine', dequeueCount: 'seven' });
});

test('a message that keeps failing is tried as often as allowed, then put aside as it was', async () => {
  const { queue, poison, entries } = await listen({ maxDequeueCount: 3 });
  await send(queue, '{"bad":true}');
  await vi.waitUntil(() => poison.exists(), { timeout: 5_000 });
  await vi.waitUntil(async () => (await countMessages(poison)) === 1);
  expect(calls().map(({ metadata }) => metadata.dequeueCount)).toEqual([1, 2, 3]);
  const [kept] = (await poison.peekMessages()).peekedMessageItems;
  expect(Buffer.from(kept?.messageText ?? '', 'base64').toString()).toBe('{"bad":true}');
  await vi.waitUntil(async () => (await countMessages(queue)) === 0);
  expect(entries.filter(({ message }) => message.includes('this message is bad'))).toHaveLength(3);
});

test('after a failure the message stays hidden for the time host.json says', async () => {
  const { queue } = await listen({ visibilityTimeout: '00:00:01' });
  const startedAt = Date.now();
  await send(queue, 'bad');
  await vi.waitUntil(() => calls().length === 2, { timeout: 5_000 });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(900);
});

test('a message in another encoding is not handed over, nor tried again: it goes to the poison queue at once', async () => {
  const { queue, poison, entries } = await listen({ maxDequeueCount: 5, visibilityTimeout: '00:10:00' });
  await queue.sendMessage('{"plain":true}');
  await vi.waitUntil(() => poison.exists(), { timeout: 5_000 });
  await vi.waitUntil(async () => (await countMessages(poison)) === 1);
  expect(calls()).toEqual([]);
  expect(entries.some(({ message }) => message.includes('given up after 1 tries'))).toBe(true);
});

test('plain text can be the encoding', async () => {
  const { queue } = await listen({ messageEncoding: 'none' });
  await queue.sendMessage('just text');
  await vi.waitUntil(() => calls().length === 1);
  expect(calls()[0]?.message).toBe('just text');
});

test('no more messages run at once than batch and threshold allow', async () => {
  const { queue } = await listen({ batchSize: 2, newBatchThreshold: 1 });
  for (let index = 0; index < 6; index += 1) await send(queue, 'held');
  await vi.waitUntil(() => calls().length === 2);
  // Two run, which is above the threshold of one, so the rest waits in the queue where anyone can see it.
  expect((await queue.peekMessages({ numberOfMessages: 10 })).peekedMessageItems).toHaveLength(4);
});

test('while a message is worked on it is hidden, and a stopping host takes no more', async () => {
  const { queue } = await listen();
  await send(queue, 'held');
  await vi.waitUntil(() => calls().length === 1);
  expect((await queue.peekMessages()).peekedMessageItems).toEqual([]);
  const stopped = host?.stop({ withinMs: 5_000 });
  await send(queue, 'for later');
  (globalThis as { releaseHeld?: () => void }).releaseHeld?.();
  await stopped;
  expect(calls()).toHaveLength(1);
  // The message in work is gone, not hidden: stopping has waited for its deletion, too.
  expect(await countMessages(queue)).toBe(1);
  const left = (await queue.receiveMessages({ numberOfMessages: 10 })).receivedMessageItems;
  expect(left.map(({ messageText }) => Buffer.from(messageText, 'base64').toString())).toEqual(['for later']);
});

test('a queue that does not exist is waited for without a word', async () => {
  const { queue, entries } = await listen({}, false);
  await queue.create();
  await send(queue, 'first');
  await vi.waitUntil(() => calls().length === 1);
  expect(entries.filter(({ level }) => level === 'warning')).toEqual([]);
});

test('storage that is down is reported once, and tried again and again', async () => {
  const other = await startAzuriteInProcess();
  const { entries, onLog } = collectLog();
  await other.stop();
  host = await startHost({
    appDirectory: await buildApp({ source: recording, extensions: { queues: quick } }),
    settings: { AzureWebJobsStorage: other.connectionString, QUEUE: 'absent' },
    onLog,
  });
  const failures = () => entries.filter(({ message }) => message.includes('cannot be read')).map(({ level }) => level);
  await vi.waitUntil(() => failures().length >= 3, { timeout: 10_000 });
  expect(failures().slice(0, 3)).toEqual(['warning', 'debug', 'debug']);
});

test('pauses double from 100 ms to the longest allowed, give or take a fifth', () => {
  expect([1, 2, 3, 10].map((round) => nextPause(round, 2_000, () => 0.5))).toEqual([100, 200, 400, 2_000]);
  expect(nextPause(1, 2_000, () => 0)).toBe(80);
});

test.each(['{"a":1}', 'abc', 'ab=c', 'a b='])('%s is not base64', (text) => {
  expect(() => decodeMessage(text, 'base64')).toThrow(/not base64/);
});
