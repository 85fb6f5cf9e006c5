/** The webhook that Event Grid delivers to, with the answers that make it deliver again or stop. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Host, startHost } from '../../src/local/host/host.ts';
import { buildApp, readWitness } from './build-app.ts';

let host: Host;
beforeAll(async () => {
  host = await startHost({ appDirectory: await buildApp() });
});
afterAll(() => host.stop());
beforeEach(() => {
  readWitness().calls.length = 0;
});

const cloudEvent = {
  specversion: '1.0',
  id: '1',
  source: '/r',
  type: 't',
  subject: 'good',
  data: { repository: 'team/app' },
};
const gridEvent = {
  id: '2',
  topic: '/r',
  subject: 'good',
  eventType: 't',
  eventTime: '2026-06-01T12:00:00Z',
  dataVersion: '1',
  data: {},
};

function deliver(body: unknown, eventType = 'Notification', name = 'takeEvent', method = 'POST'): Promise<Response> {
  return fetch(`${host.url}/runtime/webhooks/eventgrid?functionName=${name}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(eventType === '' ? {} : { 'aeg-event-type': eventType }),
    },
    ...(method !== 'OPTIONS' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
  });
}

test.each([
  ['an array, as in the Event Grid schema', [{ id: 'x', data: { validationCode: 'c-1' } }]],
  ['an object, as CloudEvents', { id: 'x', data: { validationCode: 'c-1' } }],
  ['an object whose data is JSON in a text', { id: 'x', data: '{"validationCode":"c-1"}' }],
])('the handshake is answered for %s', async (_, body) => {
  const response = await deliver(body, 'SubscriptionValidation');
  expect([response.status, await response.json()]).toEqual([200, { validationResponse: 'c-1' }]);
});

test.each([
  ['a handshake without a code', [{ data: {} }], 'SubscriptionValidation', 500],
  ['a notification that is not JSON', 'no json', 'Notification', 500],
  ['a notification of something else than events', ['text'], 'Notification', 500],
  ['an unsubscription', {}, 'Unsubscribe', 202],
  ['an unknown kind', {}, 'Whatever', 400],
  ['no kind at all', {}, '', 400],
])('%s gives its status', async (_, body, eventType, status) => {
  expect((await deliver(body, eventType)).status).toBe(status);
  expect(readWitness().calls).toEqual([]);
});

test('the handshake of CloudEvents, by OPTIONS, is answered', async () => {
  const answer = await deliver({}, '', 'takeEvent', 'OPTIONS');
  expect([answer.status, answer.headers.get('webhook-allowed-origin')]).toEqual([200, 'eventgrid.azure.net']);
  expect((await deliver({}, '', 'nobody', 'OPTIONS')).status).toBe(404);
});

test('PUT is taken like POST', async () => {
  expect((await deliver(cloudEvent, 'Notification', 'takeEvent', 'PUT')).status).toBe(202);
  expect(readWitness().calls).toMatchObject([{ event: cloudEvent }]);
});

test('a function is found by its exact name only', async () => {
  const response = await deliver(cloudEvent, 'Notification', 'TakeEvent');
  expect([response.status, await response.text()]).toEqual([404, "cannot find function: 'TakeEvent'"]);
  expect((await deliver(cloudEvent, 'Notification', 'echo')).status).toBe(404);
});

test('each event is an invocation of its own, whatever its schema', async () => {
  expect((await deliver(cloudEvent)).status).toBe(202);
  expect((await deliver([gridEvent, { ...gridEvent, id: '3' }])).status).toBe(202);
  expect(readWitness().calls).toEqual([
    { event: cloudEvent, metadata: expect.objectContaining({ id: 1, data: { repository: 'team/app' } }) },
    { event: gridEvent, metadata: expect.objectContaining({ eventType: 't' }) },
    { event: { ...gridEvent, id: '3' }, metadata: expect.objectContaining({ subject: 'good' }) },
  ]);
});

test('one bad event fails the batch, although the others have run', async () => {
  const response = await deliver([gridEvent, { ...gridEvent, subject: 'bad' }, gridEvent]);
  expect([response.status, await response.text()]).toEqual([
    500,
    'Exception while executing function: Functions.takeEvent',
  ]);
  expect(readWitness().calls).toHaveLength(3);
});

test('with cardinality many the batch is one invocation', async () => {
  const other = await startHost({
    appDirectory: await buildApp({
      source: `import { trigger } from '@azure/functions';
        app.generic('all', {
          trigger: trigger.generic({ type: 'eventGridTrigger', cardinality: 'many' }),
          handler: (events) => { globalThis.fixtureWitness.calls.push(events.map(({ id }) => id)); },
        });`,
    }),
  });
  const response = await fetch(`${other.url}/runtime/webhooks/eventgrid?functionName=all`, {
    method: 'POST',
    headers: { 'aeg-event-type': 'Notification' },
    body: JSON.stringify([gridEvent, { ...gridEvent, id: '3' }]),
  });
  await other.stop();
  expect(response.status).toBe(202);
  expect(readWitness().calls).toEqual([['2', '3']]);
});
