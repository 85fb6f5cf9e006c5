/** Deliveries on the queue: those deferred together share a message, as large as the service allows. */
import { randomBytes } from 'node:crypto';
import type { QueueClient } from '@azure/storage-queue';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deliveryOf, regionsOf } from '../../bench/workload.ts';
import { queueDeliveryQueue } from '../../src/adapters/queue-storage.ts';
import { queueClient } from '../../src/adapters/storage-clients.ts';
import { twiceDeferred } from '../../src/core/ingest/twice-deferred.ts';
import type { Delivery, Received } from '../../src/core/ports.ts';
import { parseDeliveryMessage } from '../../src/core/queue-messages.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzuriteInProcess();
}, 60_000);
afterAll(() => azurite?.stop());

const [region] = regionsOf(1);

function deliveryWith(image: number, mediaType = 'application/vnd.oci.image.manifest.v1+json'): Delivery {
  if (region === undefined) throw new Error('no region');
  const { name, fact } = deliveryOf('queued', image, region);
  return { name, fact: { ...fact, mediaType } };
}

function openQueue(): QueueClient {
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  return queueClient(account, `deferred-${randomBytes(4).toString('hex')}`);
}

/** Its visible messages. */
async function messagesOn(queue: QueueClient): Promise<(readonly Received[])[]> {
  const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 600 });
  return receivedMessageItems.map(({ messageText }) =>
    parseDeliveryMessage(JSON.parse(Buffer.from(messageText, 'base64').toString())),
  );
}

const byDigest = (one: Received, other: Received) =>
  'name' in one && 'name' in other ? one.name.digest.localeCompare(other.name.digest) : 0;
const sorted = (deliveries: readonly Received[]) => [...deliveries].sort(byDigest);

describe('deliveries that are deferred', () => {
  test('one by one have a message each', async () => {
    const queue = openQueue();
    const { defer } = queueDeliveryQueue(queue);
    for (const image of [1, 2]) await defer(deliveryWith(image), 0);
    expect(await messagesOn(queue)).toEqual([[deliveryWith(1)], [deliveryWith(2)]].map((one) => one.map(asSent)));
  });

  test('at once share messages, and their copies a minute later do', async () => {
    const queue = openQueue();
    const { defer } = twiceDeferred(queueDeliveryQueue(queue));
    const deliveries = Array.from({ length: 500 }, (_, image) => deliveryWith(image));
    // Each by a timer of its own, as when a time limit is reached.
    await Promise.all(
      deliveries.map(async (delivery) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return defer(delivery, 0);
      }),
    );
    const { approximateMessagesCount = 0 } = await queue.getProperties();
    const messages = await messagesOn(queue);
    expect(sorted(messages.flat())).toEqual(sorted(deliveries.map(asSent)));
    expect(messages.length).toBeLessThan(12);
    expect(approximateMessagesCount).toBeLessThan(24);
  });

  test('fill a message to what the service takes, and no further', async () => {
    const queue = openQueue();
    const { defer } = queueDeliveryQueue(queue);
    const deliveries = [1, 2, 3, 4, 5].map((image) => deliveryWith(image, `é${'é'.repeat(11_800)}`));
    await Promise.all(deliveries.map((delivery) => defer(delivery, 0)));
    const messages = await messagesOn(queue);
    expect(sorted(messages.flat())).toEqual(sorted(deliveries.map(asSent)));
    expect(messages.map(({ length }) => length).sort()).toEqual([1, 2, 2]);
  });

  test('with one that is too large are stored, but for that one', async () => {
    const queue = openQueue();
    const { defer } = queueDeliveryQueue(queue);
    const sent = [deliveryWith(1), deliveryWith(2, 'x'.repeat(60_000)), deliveryWith(3)];
    const results = await Promise.allSettled(sent.map((delivery) => defer(delivery, 0)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(sorted((await messagesOn(queue)).flat())).toEqual(sorted([deliveryWith(1), deliveryWith(3)].map(asSent)));
  });
});

/** Without the time of receipt, which is that of the test's delivery. */
function asSent(delivery: Delivery) {
  return { ...delivery, fact: { ...delivery.fact, receivedAt: expect.any(Number) as number } };
}
