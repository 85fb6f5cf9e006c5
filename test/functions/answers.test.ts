/** Real answers of the real functions, held to what the description says of them: no field more, none less. */
import { describe, expect, test } from 'vitest';
import { memoryHealthEventLog } from '../../src/adapters/memory.ts';
import { memoryReplayQueue, memoryReplayStore } from '../../src/adapters/memory-replays.ts';
import { replays } from '../../src/core/replay/replay.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { availabilityFunction, describeAvailability } from '../../src/functions/api/availability.ts';
import { describeEvents, eventsFunction } from '../../src/functions/api/events.ts';
import { describeHealth, healthFunction } from '../../src/functions/api/health.ts';
import { describeImages, imagesFunction } from '../../src/functions/api/images.ts';
import { describeRegistries, registriesFunction } from '../../src/functions/api/registries.ts';
import { describeReplayRequest, replayFunction } from '../../src/functions/api/replay.ts';
import { describeReplicas, replicasFunction } from '../../src/functions/api/replicas.ts';
import { describeServiceHealth, serviceHealthFunction } from '../../src/functions/api/service-health.ts';
import { describeWait, waitFunction } from '../../src/functions/api/wait.ts';
import { describeWebhook } from '../../src/functions/api/webhook.ts';
import { digestOf, registryOf } from '../support/build.ts';
import type { CallInput } from '../support/call.ts';
import { call } from '../support/call.ts';
import { expectDescribed } from '../support/described.ts';
import { alertOf } from '../support/health-alert.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver, secrets } from '../support/webhook.ts';

const image = `contoso.azurecr.io/team/app@${digestOf(1)}`;

async function memoryWithEvents() {
  const memory = memoryTracker();
  await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
  await deliver(memory, 'westeurope', bodyOf({ target: { tag: 'v1' } }));
  await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(2), tag: 'v2' } }));
  await deliver(memory, 'centralus', bodyOf({ target: { digest: digestOf(3) } }));
  await memory.clock.advance(60_000);
  return memory;
}

function retold(memory: Awaited<ReturnType<typeof memoryWithEvents>>) {
  const queue = memoryReplayQueue();
  const made = replays({
    registries: memory.tracker.registries,
    images: memory.store,
    jobs: memoryReplayStore(),
    queue,
    publisher: memory.publisher,
    sets: { ready: async () => undefined, current: memory.tracker.replicaSet },
    clock: memory.clock,
    log: { info: () => undefined, warn: () => undefined },
  });
  return { queue, replays: made };
}

describe('availability', () => {
  test.each([
    ['an image that is everywhere', image, 200],
    ['one that is not', `contoso.azurecr.io/team/app@${digestOf(2)}`, 200],
    ['one in a region nobody expects', `contoso.azurecr.io/team/app@${digestOf(3)}`, 200],
    ['a tag', 'contoso.azurecr.io/team/app:v1', 200],
    ['a tag with a digest', `contoso.azurecr.io/team/app:v1@${digestOf(1)}`, 200],
    ['an image that no region has reported', 'contoso.azurecr.io/team/new:v1', 200],
    ['no reference', 'contoso.azurecr.io/team/app@sha256:1', 400],
    ['an unknown registry', 'fabrikam.azurecr.io/team/app', 404],
  ])('%s', async (_what, text, status) => {
    const { tracker } = await memoryWithEvents();
    for (const [query, expected] of [
      ['', status],
      ['&require=1', status],
      ['&regions=eastus&require=any', status],
      ['&regions=mars', status === 200 ? 400 : status],
    ] as const) {
      const answer = await call(availabilityFunction(tracker), { path: `availability?image=${text}${query}` });
      expectDescribed(describeAvailability(), answer, expected);
    }
  });

  test('a storage that is away', async () => {
    const read = () => Promise.reject(new UpstreamError('unavailable', 'away'));
    const { store } = memoryTracker();
    const { tracker } = memoryTracker({ ports: { store: { ...store, read } } });
    const answer = await call(availabilityFunction(tracker), { path: `availability?image=${image}` });
    expectDescribed(describeAvailability(), answer, 503);
  });
});

describe('wait', () => {
  test.each([
    [image, '', 200],
    [`contoso.azurecr.io/team/app@${digestOf(2)}`, '&timeout=0', 202],
    [image, '&timeout=201', 400],
  ] as const)('%s%s: %i', async (text, query, status) => {
    const { tracker } = await memoryWithEvents();
    const answer = await call(waitFunction(tracker), { path: `wait?image=${text}${query}` });
    expectDescribed(describeWait(), answer, status);
  });

  test('a deleted digest: 410; a tag that has moved on: 409', async () => {
    const memory = memoryTracker();
    for (const region of ['eastus', 'westeurope']) {
      await deliver(memory, region, bodyOf({ target: { tag: 'v1' } }));
      const later = { timestamp: '2026-06-01T12:00:05Z' };
      await deliver(memory, region, bodyOf({ ...later, target: { digest: digestOf(2), tag: 'v1' } }));
      const gone = { timestamp: '2026-06-01T12:00:06Z', action: 'delete' };
      await deliver(memory, region, bodyOf({ ...gone, target: { digest: digestOf(3) } }));
    }
    const wait = waitFunction(memory.tracker);
    const moved = await call(wait, { path: `wait?timeout=0&image=contoso.azurecr.io/team/app:v1@${digestOf(1)}` });
    expectDescribed(describeWait(), moved, 409);
    const deleted = await call(wait, { path: `wait?timeout=0&image=contoso.azurecr.io/team/app@${digestOf(3)}` });
    expectDescribed(describeWait(), deleted, 410);
  });
});

test.each([
  ['', 200],
  ['?limit=1', 200],
  ['?state=replicating&region=westeurope&missing=true', 200],
  ['?state=lost', 400],
  ['?registry=fabrikam', 404],
] as const)('images%s: %i', async (query, status) => {
  const { tracker } = await memoryWithEvents();
  expectDescribed(describeImages(), await call(imagesFunction(tracker), { path: `images${query}` }), status);
});

test('replicas, with an open incident', async () => {
  const health = memoryHealthEventLog();
  const noted = { trackingId: 'ABC-123', title: 'Slow pushes', regions: [], isEverywhere: true, isOpen: true };
  const { clock } = memoryTracker();
  await health.note('contoso', { ...noted, startedAt: clock.now(), reportedAt: clock.now() });
  const memory = memoryTracker({ ports: { health } });
  await deliver(memory, 'eastus');
  const answer = await call(replicasFunction(memory.tracker), { path: 'replicas' });
  expect(answer.body).toMatchObject({ likelyCauses: [{ trackingId: 'ABC-123' }] });
  expectDescribed(describeReplicas(), answer, 200);
  const unknown = await call(replicasFunction(memory.tracker), { path: 'replicas?registry=fabrikam' });
  expectDescribed(describeReplicas(), unknown, 404);
});

test('registries', async () => {
  const answer = await call(registriesFunction([registryOf()]), { path: 'registries' });
  expectDescribed(describeRegistries(), answer, 200);
});

test.each([
  ['tables', 200],
  ['broken', 503],
] as const)('health with %s: %i', async (name, status) => {
  const { tracker, clock } = memoryTracker();
  const check = () => (name === 'broken' ? Promise.reject(new Error('away')) : Promise.resolve());
  const answer = await call(healthFunction(tracker, [{ name, check }], clock.now), { path: 'health' });
  expectDescribed(describeHealth(), answer, status);
});

describe('events and replays', () => {
  test('before, while and after an event is published again', async () => {
    const memory = await memoryWithEvents();
    const { queue, replays: made } = retold(memory);
    const events = eventsFunction(memory.tracker, { replays: made });
    const list = () => call(events, { path: `events?image=${image}` });
    expectDescribed(describeEvents(), await list(), 200);
    const replay = replayFunction(memory.tracker, made, memory.clock.now);
    const started = await call(replay, { path: 'events/replay', body: JSON.stringify({ image }) });
    expectDescribed(describeReplayRequest(), started, 202);
    const progress = () => call(events, { path: (started.headers.location ?? '').replace('/api/', '') });
    expectDescribed(describeEvents(), await progress(), 200);
    for (const { message } of queue.sent) await made.step(message);
    expect((await progress()).body).toMatchObject({ replay: { status: 'done' } });
    expectDescribed(describeEvents(), await progress(), 200);
    expect((await list()).body).toMatchObject({ replays: [{ status: 'done' }] });
    expectDescribed(describeEvents(), await list(), 200);
  });

  test('a range, and what is refused', async () => {
    const memory = await memoryWithEvents();
    const { replays: made } = retold(memory);
    const replay = replayFunction(memory.tracker, made, memory.clock.now);
    const ask = (input: Partial<CallInput>) => call(replay, { path: 'events/replay', ...input });
    const range = { registry: 'contoso', since: '2026-06-01T11:00:00Z' };
    expectDescribed(describeReplayRequest(), await ask({ body: JSON.stringify(range) }), 202);
    expectDescribed(describeReplayRequest(), await ask({ body: '{}' }), 400);
    expectDescribed(describeReplayRequest(), await ask({ body: ' '.repeat(20_000) }), 413);
    expectDescribed(describeReplayRequest(), await ask({ path: 'events/replay?registry=mars&since=x' }), 400);
    const events = eventsFunction(memory.tracker, { replays: made });
    const unknown = await call(events, { path: `events?replay=${'0'.repeat(20)}-abc` });
    expectDescribed(describeEvents(), unknown, 404);
  });
});

describe('webhooks', () => {
  test.each([
    ['recorded', bodyOf(), 200],
    ['ignored', bodyOf({ action: 'quarantine' }), 200],
    ['pong', bodyOf({ action: 'ping', target: null }), 200],
    ['refused', '{}', 400],
    ['too large', ' '.repeat(300_000), 413],
  ] as const)('%s', async (_outcome, body, status) => {
    const memory = memoryTracker();
    expectDescribed(describeWebhook(), await deliver(memory, 'eastus', body), status);
    expectDescribed(describeWebhook(), await deliver(memory, 'eastus', body, { headers: {} }), 401);
    expectDescribed(describeWebhook(), await deliver(memory, 'eastus', body, { registry: 'fabrikam' }), 404);
  });

  test('deferred, and not even that', async () => {
    const read = () => Promise.reject(new UpstreamError('unavailable', 'away'));
    const { store } = memoryTracker();
    const deferring = memoryTracker({ ports: { store: { ...store, read } } });
    const deferred = deliver(deferring, 'eastus');
    await deferring.clock.advance(10_000);
    expectDescribed(describeWebhook(), await deferred, 202);
    const failing = memoryTracker({ ports: { store: { ...store, read }, queue: { defer: read } } });
    const failed = deliver(failing, 'eastus');
    await failing.clock.advance(10_000);
    expectDescribed(describeWebhook(), await failed, 503);
  });
});

test.each([
  ['an alert', alertOf(), 200],
  ['an alert about something else', alertOf({ essentials: { monitoringService: 'Platform' } }), 200],
  ['no alert', {}, 400],
] as const)('service health accepts %s', async (_what, alert, status) => {
  const { clock } = memoryTracker();
  const health = memoryHealthEventLog();
  const options = serviceHealthFunction({ registries: [registryOf()], secrets, health, now: clock.now });
  const body = JSON.stringify(alert);
  const ask = (registry: string, authorization: string) =>
    call(options, { path: `service-health/${registry}`, params: { registry }, headers: { authorization }, body });
  expectDescribed(describeServiceHealth(), await ask('contoso', `Bearer ${secrets[0]}`), status);
  expectDescribed(describeServiceHealth(), await ask('contoso', 'Bearer wrong'), 401);
  expectDescribed(describeServiceHealth(), await ask('fabrikam', `Bearer ${secrets[0]}`), 404);
});
