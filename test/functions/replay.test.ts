import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { eventsFunction } from '../../src/functions/api/events.ts';
import { replayFunction } from '../../src/functions/api/replay.ts';
import { replayStepsFunction } from '../../src/functions/triggers/replay-steps.ts';
import { digestOf, registryOf } from '../support/build.ts';
import type { CallInput } from '../support/call.ts';
import { call } from '../support/call.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { memoryReplays } from '../support/replays.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const digest = digestOf(1);
const image = `contoso.azurecr.io/team/app@${digest}`;

/** Two registries; one image becomes available in all replicas at noon. */
async function publishOne() {
  const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
  const memory = memoryTracker({ registries });
  for (const region of ['eastus', 'westeurope']) await deliver(memory, region, bodyOf({ target: { tag: 'v1' } }));
  await memory.clock.advance(3_600_000);
  const published = memory.publisher.published.splice(0).map(({ id }) => id);
  const made = memoryReplays(memory);
  const options = replayFunction(memory.tracker, made.replays, memory.clock.now);
  const ask = (input: Partial<CallInput> | object) =>
    'path' in input
      ? call(options, input as CallInput)
      : call(options, { path: 'events/replay', body: JSON.stringify(input) });
  const events = eventsFunction(memory.tracker, { replays: made.replays });
  return { ...made, memory, published, ask, options, events };
}

describe('what is asked', () => {
  test('needs the master key', async () => {
    const { options } = await publishOne();
    expect(options).toMatchObject({ authLevel: 'admin', methods: ['POST'], route: 'api/events/replay' });
  });

  test.each<[string, object]>([
    ['an image by digest', { image }],
    ['an image by tag', { image: 'contoso.azurecr.io/team/app:v1' }],
    ['an image by a regional name', { image: 'contoso.eastus.geo.azurecr.io/team/app:v1' }],
    ['a range until now', { registry: 'contoso', since: '2026-06-01T11:00:00Z' }],
    ['a range with both ends', { registry: 'contoso', since: '2026-06-01T11:00:00Z', until: '2026-06-01T12:30:00Z' }],
    ['a registry by its login server', { registry: 'Contoso.azurecr.io', since: '2026-06-01T13:00:00+02:00' }],
    [
      'an end that is ahead of our clock',
      { registry: 'contoso', since: '2026-06-01T12:00:00Z', until: '2026-06-01T13:00:01Z' },
    ],
    ['fields nobody knows', { image, because: 'we lost our notes' }],
    ['the query', { path: `events/replay?image=${image}` }],
    ['a range in the query', { path: 'events/replay?registry=contoso&since=2026-06-01T11:00:00Z' }],
  ])('%s: 202, and its events are published again with the same ids', async (_what, input) => {
    const { ask, finish, published, memory, events } = await publishOne();
    const answer = await ask(input);
    expect(answer).toMatchObject({
      status: 202,
      body: { replay: expect.any(String), status: 'running', imagesExamined: 0, eventsPublished: 0, finishedAt: null },
    });
    const { replay } = answer.body as { replay: string };
    expect(answer.headers.location).toBe(`/api/events?replay=${replay}`);
    const progress = () => call(events, { path: `events?replay=${replay}` });
    expect((await progress()).body).toMatchObject({ replay: { id: replay, status: 'running' } });
    await finish();
    expect(memory.publisher.published.map(({ id }) => id).sort()).toEqual([...published].sort());
    expect((await progress()).body).toMatchObject({
      replay: {
        id: replay,
        status: 'done',
        imagesExamined: 1,
        eventsPublished: published.length,
        finishedAt: expect.any(String),
      },
    });
  });

  test('the answer says what it understood', async () => {
    const { ask } = await publishOne();
    expect((await ask({ image: 'contoso.azurecr.io/team/app:v1' })).body).toMatchObject({ image });
    const range = { registry: 'contoso', since: '2026-06-01T14:00:00+02:00' };
    expect((await ask(range)).body).toMatchObject({
      registry: 'contoso.azurecr.io',
      since: '2026-06-01T12:00:00.000Z',
      until: '2026-06-01T13:00:00.000Z',
      requestedAt: '2026-06-01T13:00:00.000Z',
    });
  });

  test('the registry may be left out while there is only one', async () => {
    const memory = memoryTracker();
    const options = replayFunction(memory.tracker, memoryReplays(memory).replays, memory.clock.now);
    const body = JSON.stringify({ since: '2026-06-01T11:00:00Z' });
    expect((await call(options, { path: 'events/replay', body })).status).toBe(202);
  });
});

describe('what is refused', () => {
  const since = '2026-06-01T11:00:00Z';
  test.each<[string, object, string]>([
    ['nothing', {}, 'image'],
    ['an empty body', { path: 'events/replay' }, 'body'],
    ['no JSON', { path: 'events/replay', body: 'image' }, 'body'],
    ['no object', { path: 'events/replay', body: '["image"]' }, 'body'],
    ['no reference', { image: 'https://contoso.azurecr.io/app' }, 'image'],
    ['an image that is no text', { image: 7 }, 'image'],
    ['an image and a registry', { image, registry: 'contoso' }, 'image'],
    ['an image and a range', { image, since }, 'image'],
    ['two registries and no name', { since }, 'registry'],
    ['no beginning', { registry: 'contoso' }, 'since'],
    ['a beginning that is no time', { registry: 'contoso', since: 'yesterday' }, 'since'],
    ['a time without an offset', { registry: 'contoso', since: '2026-06-01T11:00:00' }, 'since'],
    ['a day that does not exist', { registry: 'contoso', since: '2026-02-30T11:00:00Z' }, 'since'],
    ['an end that is no time', { registry: 'contoso', since, until: 12 }, 'until'],
    ['an end before the beginning', { registry: 'contoso', since, until: '2026-06-01T10:59:59Z' }, 'since'],
    ['a beginning in the future', { registry: 'contoso', since: '2026-06-01T13:00:01Z' }, 'since'],
    [
      'more than a day',
      { registry: 'contoso', since: '2026-05-31T10:00:00Z', until: '2026-06-01T10:00:00.001Z' },
      'until',
    ],
    ['more than a day until now', { registry: 'contoso', since: '2026-05-31T12:59:59.999Z' }, 'until'],
  ])('%s: 400, naming the field', async (_what, input, field) => {
    const { ask, queue } = await publishOne();
    const answer = await ask(input);
    expect(answer).toMatchObject({ status: 400, body: { status: 400, errors: [{ field }] } });
    expect(queue.sent).toEqual([]);
  });

  test('a whole day is not too much', async () => {
    const { ask } = await publishOne();
    expect((await ask({ registry: 'contoso', since: '2026-05-31T13:00:00Z' })).status).toBe(202);
  });

  test.each<[string, object]>([
    ['an unknown registry', { registry: 'nobody', since }],
    ['an image of an unknown registry', { image: 'nobody.azurecr.io/team/app:v1' }],
    ['an image that no region has reported', { image: 'contoso.azurecr.io/team/new:v1' }],
  ])('%s: 404', async (_what, input) => {
    const { ask } = await publishOne();
    expect(await ask(input)).toMatchObject({ status: 404, body: { status: 404 } });
  });

  test('a body that is too large: 413', async () => {
    const { ask } = await publishOne();
    expect((await ask({ path: 'events/replay', body: ' '.repeat(17_000) })).status).toBe(413);
  });

  test('while the storage is away: 503 with Retry-After', async () => {
    const { memory } = await publishOne();
    const send = () => Promise.reject(new UpstreamError('unavailable', 'queue replication-replays'));
    const { replays } = memoryReplays(memory, { queue: { send } });
    const options = replayFunction(memory.tracker, replays, memory.clock.now);
    const answer = await call(options, { path: 'events/replay', body: JSON.stringify({ image }) });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': expect.any(String) } });
  });
});

describe('how far it is', () => {
  test('stands beside the events of the image', async () => {
    const { ask, events, finish } = await publishOne();
    const list = async () => (await call(events, { path: `events?image=${image}` })).body;
    expect(await list()).not.toHaveProperty('replays');
    await ask({ image });
    expect(await list()).toMatchObject({ replays: [{ status: 'running', image }] });
    await finish();
    expect(await list()).toMatchObject({ replays: [{ status: 'done' }] });
  });

  test.each([
    ['nonsense', 400, 'replay'],
    [`${'0'.repeat(20)}-abc&image=${image}`, 400, 'replay'],
    [`${'0'.repeat(20)}-abc`, 404, undefined],
  ])('of %s: %i', async (id, status, field) => {
    const { events } = await publishOne();
    const answer = await call(events, { path: `events?replay=${id}` });
    expect(answer.status).toBe(status);
    if (field !== undefined) expect(answer.body).toMatchObject({ errors: [{ field }] });
  });
});

describe('the steps', () => {
  test('are done from the queue', async () => {
    const { ask, queue, replays, memory, published } = await publishOne();
    await ask({ image });
    const { handler, queueName } = replayStepsFunction(replays, 'replication-replays');
    expect(queueName).toBe('replication-replays');
    const [sent] = queue.sent;
    await handler({ replay: sent?.message }, {} as Parameters<typeof handler>[1]);
    expect(memory.publisher.published).toHaveLength(published.length);
  });

  test('of a message that is not ours fail', async () => {
    const { replays } = await publishOne();
    const { handler } = replayStepsFunction(replays, 'replication-replays');
    const context = {} as Parameters<typeof handler>[1];
    await expect(handler({ wake: {} }, context)).rejects.toThrow();
  });
});
