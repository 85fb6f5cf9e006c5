/**
 * Whether hidden work starts instances: as soon as one message of a queue is visible, the extension's
 * scale metric is the approximate count of all its messages, those included that hide until they are due (Azure SDK for
 * .NET, `QueueMetricsProvider`). So work that is due later must not be on a queue.
 */
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSubject } from '../../bench/subject.ts';
import { deliveryOf, regionsOf } from '../../bench/workload.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzuriteInProcess();
}, 60_000);
afterAll(() => azurite?.stop());

const count = 10_000;
const atOnce = 100;

async function messagesByQueue(): Promise<Map<string, number>> {
  const service = QueueServiceClient.fromConnectionString(azurite.connectionString);
  const counts = new Map<string, number>();
  for await (const { name } of service.listQueues()) {
    const { approximateMessagesCount = 0 } = await service.getQueueClient(name).getProperties();
    counts.set(name, approximateMessagesCount);
  }
  return counts;
}

test('ten thousand images that are not everywhere leave no message on any queue, and each a row that is due', async () => {
  const regions = regionsOf(4);
  const [first] = regions;
  if (first === undefined) throw new Error('no region');
  const subject = openSubject(azurite.connectionString, regions);
  const { tracker, dueWork } = subject;
  for (let from = 0; from < count; from += atOnce) {
    const images = Array.from({ length: atOnce }, (_, i) => deliveryOf('asleep', from + i, first));
    expect(new Set(await Promise.all(images.map(tracker.receive)))).toEqual(new Set(['recorded']));
  }
  const asleep = new Set<string>();
  let cursor: string | undefined;
  do {
    const { items, next } = await dueWork.due({ before: Date.now() + 86_400_000, cursor, limit: 1_000 });
    for (const { work } of items) if (work?.kind === 'image') asleep.add(work.name.digest);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  expect(asleep.size).toBe(count);
  expect([...(await messagesByQueue())].filter(([, messages]) => messages > 0)).toEqual([]);

  // Proves that the test would see a hidden message: a deferred delivery hides for a minute.
  const service = QueueServiceClient.fromConnectionString(azurite.connectionString);
  await service.createQueue('hidden');
  await service.getQueueClient('hidden').sendMessage('later', { visibilityTimeout: 60 });
  expect([...(await messagesByQueue())].filter(([, messages]) => messages > 0)).toEqual([['hidden', 1]]);
  await tracker.close(5_000);
}, 180_000);
