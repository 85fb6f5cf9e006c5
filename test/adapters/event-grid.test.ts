/** The publisher before it has a client: the first event creates one, and a failed attempt is repeated. */
import { EventGridPublisherClient } from '@azure/eventgrid';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventGridPublisher } from '../../src/adapters/event-grid.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { EventPublisher } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { Service } from '../support/stand-in-service.ts';
import { startService } from '../support/stand-in-service.ts';
import { hurryTimeLimits } from '../support/storage-stand-in.ts';

const event = { id: '1', type: 'a', source: 'b', subject: 'c', time: '2026-06-01T12:00:00Z' } as never;

test('connects at the first event, and once', async () => {
  const sent: number[] = [];
  let connections = 0;
  const publisher = eventGridPublisher(async () => {
    connections++;
    const client: Pick<EventGridPublisherClient<'CloudEvent'>, 'send'> = {
      send: async (events) => void sent.push(events.length),
    };
    return client as EventGridPublisherClient<'CloudEvent'>;
  });
  expect(connections).toBe(0);
  await Promise.all([publisher.publish([event]), publisher.publish([event, event])]);
  await publisher.publish([event]);
  expect([connections, sent]).toEqual([1, [1, 2, 1]]);
});

test('connects again after a failure, which it reports like an unavailable topic', async () => {
  let attempts = 0;
  const publisher = eventGridPublisher(async () => {
    if (++attempts === 1) throw new Error('no such file');
    return { send: async () => undefined } as unknown as EventGridPublisherClient<'CloudEvent'>;
  });
  await expect(publisher.publish([event])).rejects.toBeInstanceOf(UpstreamError);
  await expect(publisher.publish([event])).resolves.toBeUndefined();
  expect(attempts).toBe(2);
});

/** A topic stand-in, called by the real client. */
describe('what the topic answers', () => {
  let service: Service;
  let publisher: EventPublisher;
  beforeAll(async () => {
    service = await startService(() => ({ status: 200, body: '' }));
    const credential = { key: 'a-key-of-the-tests' };
    publisher = eventGridPublisher(async () => {
      const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
      return new EventGridPublisherClient(`${service.origin}/api/events`, 'CloudEvent', credential, options);
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    service.seen.length = 0;
    service.misbehave = () => undefined;
  });
  afterAll(() => service.stop());

  const sized = (id: number, characters: number) => ({
    ...(event as CloudEvent),
    id: String(id),
    data: { text: 'x'.repeat(characters) } as never,
  });
  const idsSent = () => service.seen.map(({ body }) => JSON.parse(body).map(({ id }: { id: string }) => id));

  test.each<[number, string, boolean]>([
    [400, 'invalid', false],
    [401, 'unauthorized', true],
    [403, 'unauthorized', true],
    [404, 'unavailable', true],
    [413, 'invalid', false],
    [429, 'throttled', true],
    [500, 'unavailable', true],
    [503, 'unavailable', true],
  ])('%i is %s', async (status, code, temporary) => {
    service.misbehave = () => ({ status, body: JSON.stringify({ error: { code: 'no', message: 'no' } }) });
    const failure = expect.objectContaining({ name: 'UpstreamError', code, temporary });
    await expect(publisher.publish([event])).rejects.toEqual(failure);
  });

  test.each([
    [
      JSON.stringify({
        error: {
          code: 'Unauthorized',
          message:
            "The key is not that of https://topic.example/?key=secret here. Report '9b0d:3:7/1/2026 1:00:00 PM' to us.",
        },
      }),
      'Event Grid topic (401): The key is not that of … here',
    ],
    [
      JSON.stringify({ error: { code: 'Forbidden', message: 'x'.repeat(1_000) } }),
      `Event Grid topic (401): ${'x'.repeat(160)}`,
    ],
    ['<html>a proxy</html>', 'Event Grid topic (401)'],
    ['', 'Event Grid topic (401)'],
  ])('its reason is in the error, in one line: %j', async (body, message) => {
    service.misbehave = () => ({ status: 401, body });
    await expect(publisher.publish([event])).rejects.toMatchObject({ message });
  });

  test('a batch that is too large for one request goes in parts, each event once and in order', async () => {
    await publisher.publish([sized(1, 400_000), sized(2, 200_000), sized(3, 200_000), sized(4, 10)]);
    expect(idsSent()).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
    for (const { body } of service.seen) expect(Buffer.byteLength(body)).toBeLessThan(1_000_000);
  });

  test('a batch is taken only when its last part is', async () => {
    service.misbehave = ({ body }) => (body.includes('"id":"2"') ? { status: 503, body: '' } : undefined);
    await expect(publisher.publish([sized(1, 400_000), sized(2, 400_000)])).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('times are sent as they are', async () => {
    await publisher.publish([event]);
    expect(JSON.parse(service.seen[0]?.body ?? '')).toMatchObject([{ time: '2026-06-01T12:00:00.000Z' }]);
  });

  test('no answer at all is an outage, in time', async () => {
    hurryTimeLimits();
    service.misbehave = () => 'silence';
    await expect(publisher.publish([event])).rejects.toMatchObject({ code: 'unavailable' });
  }, 5_000);
});
