/** The messages on queues, as the queue service sees them, and what happens when the service refuses them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  queueDeadLetteredForwards,
  queueDeliveryQueue,
  queueHealth,
  queueReplayQueue,
} from '../../src/adapters/queue-storage.ts';
import { queueClient } from '../../src/adapters/storage-clients.ts';
import { parseDeliveryMessage, parseReplayMessage } from '../../src/core/queue-messages.ts';
import { digestOf, pushOf, repositoryOf, tagOf } from '../support/build.ts';
import type { Answer, Seen } from '../support/stand-in-service.ts';
import type { StorageStandIn } from '../support/storage-stand-in.ts';
import { hurryTimeLimits, startStorageStandIn } from '../support/storage-stand-in.ts';

const time = '2026-06-01T12:00:00Z';
const accepted: Answer = {
  status: 201,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="utf-8"?><QueueMessagesList><QueueMessage><MessageId>1</MessageId><InsertionTime>Mon, 01 Jun 2026 12:00:00 GMT</InsertionTime><ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime><PopReceipt>a</PopReceipt><TimeNextVisible>Mon, 01 Jun 2026 12:00:00 GMT</TimeNextVisible></QueueMessage></QueueMessagesList>`,
};
const refusal = (status: number, code: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
  body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
});
const isSend = ({ method, path }: Seen) => method === 'POST' && path.includes('/messages');

let service: StorageStandIn;
beforeAll(async () => {
  service = await startStorageStandIn((seen) =>
    isSend(seen) ? accepted : { status: seen.method === 'PUT' ? 201 : 200 },
  );
});
beforeEach(() => {
  service.seen.length = 0;
  service.misbehave = () => undefined;
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => service.stop());

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const delivery = { name, fact: pushOf('eastus', time, { tag: 'v1' }) };
const order = {
  target: 'cluster',
  name,
  tag: tagOf('v1'),
  mediaType: null,
  pushedAt: time,
  madeAt: Date.parse(time),
  id: 'an-id',
};
const open = (queue: string) => queueClient(service.account, queue);
const deliveries = () => queueDeliveryQueue(open('deliveries'));
const replays = () => queueReplayQueue(open('replays'));
const givenUp = () => queueDeadLetteredForwards(open('forwards-poison'));

/** What was sent, and how. */
function sent() {
  return service.seen.filter(isSend).map(({ path, body }) => {
    const url = new URL(path, service.origin);
    const [, text = ''] = /<MessageText>(.*)<\/MessageText>/s.exec(body) ?? [];
    return {
      queue: url.pathname.split('/')[2],
      visible: url.searchParams.get('visibilitytimeout'),
      life: url.searchParams.get('messagettl'),
      message: JSON.parse(Buffer.from(text, 'base64').toString()),
    };
  });
}

describe('a message', () => {
  test('of a delivery is shown after its pause, and never expires', async () => {
    await deliveries().defer(delivery, 2_500);
    const [one, ...others] = sent();
    expect(others).toEqual([]);
    expect(one).toMatchObject({ queue: 'deliveries', visible: '3', life: '-1' });
    expect(parseDeliveryMessage(one?.message)).toEqual([delivery]);
  });

  test('of a replay keeps its failures and its pause', async () => {
    await replays().send({ id: 'abc-1', failures: 3 }, 5_000);
    const [one] = sent();
    expect(one).toMatchObject({ queue: 'replays', visible: '5', life: '-1' });
    expect(parseReplayMessage(one?.message)).toEqual({ id: 'abc-1', failures: 3 });
  });

  test('that no target accepted is dead-lettered, with the reason', async () => {
    await givenUp().deadLetter(order, 'answered 404');
    expect(sent()).toMatchObject([
      { queue: 'forwards-poison', visible: '0', message: { forward: { order, reason: 'answered 404' } } },
    ]);
  });

  // "Put Message": the visibility time-out cannot be negative. What hides for long would count for the queue's scale metric.
  test.each([
    [-60_000, 0],
    [1, 1],
    [30 * 86_400_000, 60],
  ])('with a pause of %i ms is hidden for %i s', async (delayMs, seconds) => {
    await deliveries().defer(delivery, delayMs);
    expect(sent()).toMatchObject([{ visible: String(seconds), life: '-1' }]);
  });
});

describe('a queue that is missing', () => {
  test('is made, and then has the message', async () => {
    let isMade = false;
    service.misbehave = (seen) => {
      isMade ||= seen.method === 'PUT';
      return isSend(seen) && !isMade ? refusal(404, 'QueueNotFound') : undefined;
    };
    await deliveries().defer(delivery, 0);
    expect(service.seen.map(({ method }) => method)).toEqual(['POST', 'PUT', 'POST']);
  });

  test('is as good as one that answers', async () => {
    service.misbehave = () => refusal(404, 'QueueNotFound');
    await expect(queueHealth(open('deliveries')).check()).resolves.toBeUndefined();
  });
});

describe.each<[number, string, string]>([
  [401, 'AuthenticationFailed', 'unauthorized'],
  [403, 'AuthorizationPermissionMismatch', 'unauthorized'],
  [400, 'InvalidInput', 'unavailable'],
  [500, 'InternalError', 'unavailable'],
  [503, 'ServerBusy', 'unavailable'],
])('a send that is answered %i %s', (status, code, expected) => {
  test(`fails as ${expected}, and no queue is made`, async () => {
    service.misbehave = () => refusal(status, code);
    const failure = expect.objectContaining({ name: 'UpstreamError', code: expected, temporary: true });
    await expect(deliveries().defer(delivery, 0)).rejects.toEqual(failure);
    await expect(replays().send({ id: 'abc-1', failures: 0 }, 0)).rejects.toEqual(failure);
    await expect(givenUp().deadLetter(order, 'no')).rejects.toEqual(failure);
    expect(service.seen.every(isSend)).toBe(true);
  });

  test('is no healthy queue', async () => {
    service.misbehave = () => refusal(status, code);
    await expect(queueHealth(open('deliveries')).check()).rejects.toThrow();
  });
});

test('a send that is never answered fails in time', async () => {
  hurryTimeLimits();
  service.misbehave = () => 'silence';
  await expect(deliveries().defer(delivery, 0)).rejects.toMatchObject({ code: 'unavailable' });
}, 5_000);
