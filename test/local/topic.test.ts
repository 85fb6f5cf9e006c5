/** The topic stand-in, called by the client that publishes in production. */
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findEventFault } from '../../src/local/cloud-event.ts';
import { createTopic, type RunningTopic, startTopic } from '../../src/local/topic.ts';

let topic: RunningTopic;
const accepted: string[] = [];
beforeAll(async () => {
  topic = await startTopic({ key: 'the-key', keep: 3, onEvent: ({ id }) => void accepted.push(id) });
});
afterAll(() => topic.stop());

const good = {
  id: '1',
  source: '/r',
  type: 'T',
  specversion: '1.0',
  subject: 's',
  time: '2026-06-01T12:00:00.000Z',
  data: {},
};

const fact = { id: '1', source: '/r', type: 'T', subject: 's', data: {} };

function publisher(key = 'the-key') {
  return new EventGridPublisherClient(topic.endpoint, 'CloudEvent', new AzureKeyCredential(key), {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
  });
}

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  const all = { 'aeg-sas-key': 'the-key', 'content-type': 'application/cloudevents-batch+json', ...headers };
  return fetch(topic.endpoint, { method: 'POST', body, headers: all });
}

test('the publisher of the SDK is understood, and the newest events are kept in order', async () => {
  for (const id of ['a', 'b', 'c', 'd'])
    await publisher().send([{ id, source: '/r', type: 'T', subject: 's', data: { n: 1 } }]);
  expect(accepted).toEqual(['a', 'b', 'c', 'd']);
  expect(topic.events.map(({ id }) => id)).toEqual(['b', 'c', 'd']);
  expect(topic.events[0]).toMatchObject({ specversion: '1.0', type: 'T', subject: 's', data: { n: 1 } });
});

test('a wrong key is a 401 the SDK can read', async () => {
  await expect(publisher('wrong').send([fact])).rejects.toMatchObject({ statusCode: 401, code: 'Unauthorized' });
});

test.each([
  ['no key', JSON.stringify([good]), { 'aeg-sas-key': '' }, 401, 'Unauthorized'],
  ['another content type', JSON.stringify([good]), { 'content-type': 'application/json' }, 415, 'UnsupportedMediaType'],
  ['no JSON', 'nope', {}, 400, 'BadRequest'],
  ['one event outside of an array', JSON.stringify(good), {}, 400, 'BadRequest'],
  ['one bad event among good ones', JSON.stringify([good, { ...good, source: '' }]), {}, 400, 'BadRequest'],
  [
    'more than a megabyte',
    JSON.stringify([{ ...good, data: 'x'.repeat(1024 * 1024) }]),
    {},
    413,
    'RequestEntityTooLarge',
  ],
])('%s is refused as Event Grid refuses it', async (_, body, headers, status, code) => {
  const before = topic.events.length;
  const response = await post(body, headers);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error: { code, message: expect.stringMatching(/./) } });
  expect(topic.events).toHaveLength(before);
});

test('a megabyte is counted where the length is not announced, too', async () => {
  const body = new Blob([JSON.stringify([{ ...good, data: 'x'.repeat(1024 * 1024) }])]).stream();
  const headers = { 'aeg-sas-key': 'the-key', 'content-type': 'application/cloudevents-batch+json' };
  const init = { method: 'POST', body, headers, duplex: 'half' };
  expect((await fetch(topic.endpoint, init as RequestInit)).status).toBe(413);
});

test('it fails for the requested time, and accepts nothing meanwhile', async () => {
  const before = [...accepted];
  topic.failWith(503, 60);
  await expect(publisher().send([fact])).rejects.toMatchObject({ statusCode: 503 });
  topic.failWith(429, 60);
  expect((await post(JSON.stringify([good]))).status).toBe(429);
  expect(accepted).toEqual(before);
  topic.failWith(503, 0);
  expect((await post(JSON.stringify([good]))).status).toBe(200);
});

test('it can be slow', async () => {
  topic.delayBy(60_000);
  const impatient = fetch(topic.endpoint, { method: 'POST', body: '[]', signal: AbortSignal.timeout(50) });
  await expect(impatient).rejects.toThrow(/timeout/i);
  topic.delayBy(0);
  expect((await post('[]')).status).toBe(200);
});

test('another path is no topic, and without a key of one’s own there is a random one', async () => {
  expect((await fetch(new URL('/other', topic.endpoint), { method: 'POST' })).status).toBe(404);
  expect(createTopic().key).not.toBe(createTopic().key);
});

test.each([
  [good, undefined],
  [{ id: '1', source: 's', type: 't', specversion: '1.0', myextension: 1 }, undefined],
  [{ id: '1', source: 's', type: 't', specversion: '1.0', data_base64: 'AA==' }, undefined],
  ['text', /must be a JSON object/],
  [{ ...good, id: '' }, /\[0\]\.id/],
  [{ ...good, type: undefined }, /\[0\]\.type/],
  [{ ...good, specversion: '0.3' }, /specversion/],
  [{ ...good, subject: 1 }, /subject/],
  [{ ...good, time: 'today' }, /time/],
  [{ ...good, time: '2026-13-01T00:00:00Z' }, /time/],
  [{ ...good, data_base64: 'AA==' }, /both data and data_base64/],
  [{ ...good, myExtension: 1 }, /myExtension/],
])('the event %o is faulty: %s', (event, fault) => {
  const found = findEventFault(event, '[0]');
  if (fault === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(fault);
});
