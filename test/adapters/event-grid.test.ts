/** The publisher of events before it has a client: the first event makes one, and an attempt that fails is not the last. */
import type { EventGridPublisherClient } from '@azure/eventgrid';
import { expect, test } from 'vitest';
import { eventGridPublisher } from '../../src/adapters/event-grid.ts';
import { WorldError } from '../../src/core/errors.ts';

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

test('connects anew after it could not, and says so as of a topic that is not there', async () => {
  let attempts = 0;
  const publisher = eventGridPublisher(async () => {
    if (++attempts === 1) throw new Error('no such file');
    return { send: async () => undefined } as unknown as EventGridPublisherClient<'CloudEvent'>;
  });
  await expect(publisher.publish([event])).rejects.toBeInstanceOf(WorldError);
  await expect(publisher.publish([event])).resolves.toBeUndefined();
  expect(attempts).toBe(2);
});
