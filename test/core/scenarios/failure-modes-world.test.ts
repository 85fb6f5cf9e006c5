/**
 * Failures around the tracker, one test each: lost webhooks, a control plane or replicas that do not answer, invalid requests, a
 * crash at the worst moment, two workers at once, and waiters at any moment.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { memoryImageStore, memoryPublisher, memoryReplicaSetStore } from '../../../src/adapters/memory.ts';
import { ociManifestProbe } from '../../../src/adapters/oci-registry/manifest-probe.ts';
import type { AvailabilityDocument } from '../../../src/core/image/availability.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ImageStore, ManifestProbe, ProbeAnswer } from '../../../src/core/ports.ts';
import { replicaSets } from '../../../src/core/replicas/replica-set-cache.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { deliveryRecovery } from '../../../src/core/webhooks/delivery-recovery.ts';
import { waitFunction } from '../../../src/functions/api/wait.ts';
import {
  deleteOf,
  digestOf,
  eventTimeOf,
  regionsOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
} from '../../support/build.ts';
import type { Answer } from '../../support/call.ts';
import { call } from '../../support/call.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryReplicas } from '../../support/memory-replicas.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';
import { memoryLog, memoryWebhooks, publicUrl } from '../../support/memory-webhooks.ts';
import { bodyOf, deliver, secrets } from '../../support/webhook.ts';

const repository = repositoryOf('team/app');
const name = { registry: 'contoso', repository, digest: digestOf(1) };
const minute = 60_000;
const probing = registryOf({ regionalEndpoints: true });
const probePolicy = { probeAfterMs: minute };
const present: ProbeAnswer = { kind: 'present', digest: digestOf(1), mediaType: undefined, isWhole: false };
const publishedWhenComplete = [
  'ImageAvailableInRegion eastus',
  'ImageAvailableInRegion westeurope',
  'ImageAvailableInAllReplicas',
];

function payload(file: string): string {
  return readFileSync(new URL(`../../fixtures/payloads/${file}.json`, import.meta.url), 'utf8');
}

function documentOf({ tracker }: Pick<MemoryTracker, 'tracker'>): Promise<AvailabilityDocument> {
  const [registry] = tracker.registries;
  if (registry === undefined) throw new Error('the tracker has a registry');
  const question = { registry, repository, tag: undefined, digest: digestOf(1) };
  return tracker.answer(question, defaultRequirement(tracker.replicaSet(registry)));
}

/** State and evidence by region. */
function statesOf(document: AvailabilityDocument): Record<string, string> {
  return Object.fromEntries(
    document.regions.map(({ region, state, evidence }) => [region, [state, ...evidence].join(' ')]),
  );
}

async function publishedBy(memory: Pick<MemoryTracker, 'publisher' | 'clock'>): Promise<string[]> {
  await memory.clock.advance(15_000);
  return memory.publisher.published.map(({ type, data }) =>
    [type.replace('AcrReplication.', ''), data.region].filter(Boolean).join(' '),
  );
}

/** One port fulfilled by the test's own replicas. */
function replicasThat(answer: (region: string) => ProbeAnswer | Promise<ProbeAnswer>) {
  const asked: string[] = [];
  const probe: ManifestProbe = {
    async ask(_registry, region) {
      asked.push(region);
      return answer(region);
    },
  };
  return { probe, asked };
}

describe('a webhook that was lost', () => {
  test('is made up for by asking the replica; when it comes after all it changes nothing', async () => {
    const { probe, asked } = replicasThat(() => present);
    const memory = memoryTracker({ registries: [probing], probe, policy: probePolicy });
    await deliver(memory, 'eastus');
    await passTime(memory, 50_000);
    expect(asked).toEqual([]);
    expect(await documentOf(memory)).toMatchObject({ state: 'replicating' });
    await passTime(memory, 30_000);
    expect(asked).toEqual(['westeurope']);
    const document = await documentOf(memory);
    expect(document).toMatchObject({ state: 'available', satisfied: true });
    expect(statesOf(document)).toEqual({ eastus: 'available webhook', westeurope: 'available probe' });
    await deliver(memory, 'westeurope');
    await passTime(memory, 20 * minute, 10_000);
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
  });

  test('is made up for with its tag', async () => {
    const { probe } = replicasThat(() => present);
    const memory = memoryTracker({ registries: [probing], probe, policy: probePolicy });
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    await passTime(memory, 60 * minute, 10_000);
    expect(await documentOf(memory)).toMatchObject({ state: 'available', tags: ['v1'] });
    expect(await publishedBy(memory)).toContain('TagConverged');
  });

  test('is made up for where it reported that a deleted image is back', async () => {
    const { probe } = replicasThat(() => present);
    const memory = memoryTracker({ registries: [probing], probe, policy: probePolicy });
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    const name = { registry: 'contoso', repository, digest: digestOf(1) };
    const deleted = deleteOf('eastus', new Date(memory.clock.now() + 1_000).toISOString());
    await memory.tracker.receive({ name, fact: deleted });
    expect(await documentOf(memory)).toMatchObject({ state: 'deleting' });
    // A replica that has just reported a push may not serve the manifest yet.
    await passTime(memory, 50_000);
    expect(await documentOf(memory)).toMatchObject({ state: 'deleting' });
    await passTime(memory, 30_000);
    expect(await documentOf(memory)).toMatchObject({ state: 'available' });
  });

  test('is made up for where it reported that a tag is back, with the image', async () => {
    const { probe } = replicasThat(() => present);
    const memory = memoryTracker({ registries: [probing], probe, policy: probePolicy });
    const tagged = (region: string) => deliver(memory, region, bodyOf({ target: { tag: 'v1' } }));
    await tagged('eastus');
    await tagged('westeurope');
    const deleted = deleteOf('eastus', new Date(memory.clock.now() + 1_000).toISOString());
    await memory.tracker.receive({ name, fact: deleted });
    const question = { registry: probing, repository, tag: tagOf('v1'), digest: undefined };
    const answer = () => memory.tracker.answer(question, defaultRequirement(memory.tracker.replicaSet(probing)));
    expect(await answer()).toMatchObject({ tag: { state: 'converging' } });
    await passTime(memory, 10 * minute, 10_000);
    expect(await answer()).toMatchObject({ satisfied: true, tag: { state: 'converged' } });
  });

  test('is made up for where it reported a delete of an image that was seen there just after', async () => {
    let isGone = false;
    const { probe } = replicasThat(() => (isGone ? { kind: 'absent' } : present));
    const memory = memoryTracker({ registries: [probing], probe, policy: probePolicy });
    await deliver(memory, 'eastus');
    const deletedAt = memory.clock.now() + 30_000;
    // The replicas are asked at the end of the first minute; reported late, the delete is older than their answers.
    await passTime(memory, 80_000);
    expect(await documentOf(memory)).toMatchObject({ state: 'available' });
    const deleted = deleteOf('eastus', new Date(memory.clock.now()).toISOString());
    const eventTime = eventTimeOf(new Date(deletedAt).toISOString());
    await memory.tracker.receive({ name, fact: { ...deleted, eventTime } });
    expect(statesOf(await documentOf(memory))).toEqual({ eastus: 'deleted webhook', westeurope: 'available probe' });
    isGone = true;
    await passTime(memory, 10 * minute, 10_000);
    expect(await documentOf(memory)).toMatchObject({ state: 'deleted' });
    expect(await publishedBy(memory)).toContain('ImageDeletedInAllReplicas');
  });

  test('in a replica added later is made up for when a request waits', async () => {
    const { probe, asked } = replicasThat(() => present);
    let regions = regionsOf('eastus', 'westeurope');
    const memory = memoryTracker({
      registries: [probing],
      probe,
      policy: probePolicy,
      replicaSet: (registry) => replicaSetOf({ ...registry, regions }, 0),
    });
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    await publishedBy(memory);
    regions = regionsOf('eastus', 'northeurope', 'westeurope');
    const path = `wait?image=contoso.azurecr.io/team/app@${digestOf(1)}&timeout=90`;
    const waiting = call(waitFunction(memory.tracker), { path });
    await memory.clock.advance(90_000);
    expect(await waiting).toMatchObject({ status: 200, body: { satisfied: true, state: 'available' } });
    expect(asked).toEqual(['northeurope']);
    const events = await publishedBy(memory);
    expect(events.slice(3)).toEqual(['ImageAvailableInRegion northeurope', 'ImageAvailableInAllReplicas']);
  });

  test('is made up for from the registry’s own log of deliveries', async () => {
    const registry = registryOf({ resourceId: '/registries/contoso' });
    const memory = memoryTracker({ registries: [registry] });
    const directory = memoryWebhooks();
    const body: unknown = JSON.parse(bodyOf());
    directory.add('east', 'eastus', { deliveries: [{ id: 'a', status: 200, body }] });
    directory.add('west', 'westeurope', { deliveries: [{ id: 'b', status: undefined, body }] });
    await deliver(memory, 'eastus');
    const log = deliveryRecovery({
      registries: [registry],
      directory,
      publicUrl,
      maxAgeMs: 86_400_000,
      clock: memory.clock,
      log: memoryLog(),
      replicaSet: memory.tracker.replicaSet,
      process: memory.tracker.process,
    });
    expect([await log.run(), await log.run()]).toEqual([1, 0]);
    const document = await documentOf(memory);
    expect(document).toMatchObject({ state: 'available', satisfied: true });
    expect(statesOf(document)).toEqual({ eastus: 'available webhook', westeurope: 'available deliveryLog' });
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
  });
});

/** A registry whose replicas ARM lists, as one of two instances sees it. */
function trackedByArm() {
  const clock = manualClock();
  const registry = registryOf({ regions: undefined, resourceId: '/registries/contoso' });
  const arm = { isDown: false, regions: ['eastus', 'westeurope'], asked: 0 };
  const store = memoryReplicaSetStore();
  const stored = { store, isDown: false };
  const directory = memoryReplicas(() => {
    if (arm.isDown) throw new UpstreamError('unavailable', 'ARM (503)');
    return arm.regions.map((region) => ({ region }));
  });
  const list: typeof directory.list = (of) => {
    arm.asked++;
    return directory.list(of);
  };
  const parts = { registries: [registry], directory: { ...directory, list }, clock, log: memoryLog() };
  const sets = replicaSets({
    ...parts,
    store: {
      ...store,
      async load(of) {
        if (stored.isDown) throw new UpstreamError('unavailable', 'table (503)');
        return store.load(of);
      },
    },
    onChange: (changed) => void memory.tracker.reconcileOpen(changed),
  });
  /** What another instance does meanwhile. */
  const elsewhere = replicaSets({ ...parts, store, onChange: () => undefined });
  const memory: MemoryTracker = memoryTracker({ registries: [registry], clock, ports: { sets } });
  async function refresh(): Promise<void> {
    await clock.advance(minute);
    await memory.tracker.refreshReplicas(registry);
    await clock.settle();
  }
  return { ...memory, registry, arm, stored, refresh, elsewhere };
}

describe('while ARM does not answer', () => {
  test('the last known replicas are waited for, all of them, and the answer says so', async () => {
    const memory = trackedByArm();
    await memory.tracker.ready(memory.registry);
    memory.arm.isDown = true;
    await memory.refresh();
    await memory.clock.advance(2 * 60 * minute);
    await deliver(memory, 'eastus');
    expect(await documentOf(memory)).toMatchObject({
      state: 'replicating',
      missing: ['westeurope'],
      replicas: { source: 'remembered', stale: true },
    });
    await deliver(memory, 'westeurope');
    expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true });
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
  });

  test('and never has, reports are kept and nothing is complete before the replicas are known', async () => {
    const memory = trackedByArm();
    memory.arm.isDown = true;
    const answers = [await deliver(memory, 'eastus'), await deliver(memory, 'westeurope')];
    expect(answers.map(({ body }) => body)).toEqual([{ outcome: 'recorded' }, { outcome: 'recorded' }]);
    expect(await documentOf(memory)).toMatchObject({ state: 'replicating', satisfied: false });
    expect(await publishedBy(memory)).not.toContain('ImageAvailableInAllReplicas');
    const asked = await call(waitFunction(memory.tracker), { path: `wait?image=contoso.azurecr.io/${repository}` });
    expect(asked.status).toBe(503);

    memory.arm.isDown = false;
    await memory.refresh();
    expect(await documentOf(memory)).toMatchObject({ state: 'available', replicas: { source: 'arm', stale: false } });
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
  });

  test('and never has, questions have it asked again, at the pace at which they come themselves', async () => {
    const memory = trackedByArm();
    memory.arm.isDown = true;
    const ask = () =>
      call(waitFunction(memory.tracker), { path: `wait?image=contoso.azurecr.io/${repository}&timeout=0` });
    const first = await Promise.all(Array.from({ length: 20 }, ask));
    expect(new Set(first.map(({ status, headers }) => `${status} ${headers['retry-after']}`))).toEqual(
      new Set(['503 10']),
    );
    expect(memory.arm.asked).toBe(1);
    memory.arm.isDown = false;
    await memory.clock.advance(10_000);
    expect(await ask()).toMatchObject({ status: 202, body: { replicas: { source: 'arm' } } });
    expect(memory.arm.asked).toBe(2);
  });

  test('and did an hour ago, questions have it asked again', async () => {
    const memory = trackedByArm();
    await memory.elsewhere.ready(memory.registry);
    await memory.clock.advance(60 * minute + 1_000);
    memory.arm.isDown = true;
    memory.arm.regions = ['eastus', 'northeurope', 'westeurope'];
    const ask = () =>
      call(waitFunction(memory.tracker), { path: `wait?image=contoso.azurecr.io/${repository}&timeout=0` });
    expect(await ask()).toMatchObject({ status: 202, body: { missing: ['eastus', 'westeurope'] } });
    memory.arm.isDown = false;
    await memory.clock.advance(10_000);
    await ask();
    await memory.clock.settle();
    expect(await ask()).toMatchObject({
      status: 202,
      body: { missing: ['eastus', 'northeurope', 'westeurope'], replicas: { source: 'arm', stale: false } },
    });
  });

  test('and never has, lists come without it, and have it asked again', async () => {
    const memory = trackedByArm();
    memory.arm.isDown = true;
    expect(await memory.tracker.replicas(memory.registry)).toMatchObject({ regions: [] });
    memory.arm.isDown = false;
    await memory.clock.advance(10_000);
    expect(await memory.tracker.replicas(memory.registry)).toMatchObject({ source: 'arm' });
  });

  test('and never has, events of its webhooks have it asked no more often than that', async () => {
    const memory = trackedByArm();
    memory.arm.isDown = true;
    for (let second = 0; second < 60; second++) {
      await deliver(memory, 'eastus');
      await memory.clock.advance(1_000);
    }
    expect(memory.arm.asked).toBeLessThan(5);
  });
});

describe('while what is stored of the replicas cannot be read', () => {
  /** Asleep for hours, during which a replica was added. */
  async function asleep() {
    const memory = trackedByArm();
    await memory.tracker.ready(memory.registry);
    await memory.clock.advance(5 * 60 * minute);
    memory.arm.regions = ['eastus', 'northeurope', 'westeurope'];
    await memory.elsewhere.ready(memory.registry);
    await memory.elsewhere.refresh(memory.registry);
    memory.stored.isDown = true;
    return memory;
  }

  test('an instance that slept does not decide with the set of hours ago', async () => {
    const memory = await asleep();
    const answers = [await deliver(memory, 'eastus'), await deliver(memory, 'westeurope')];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [202, { outcome: 'deferred' }],
      [202, { outcome: 'deferred' }],
    ]);
    await expect(memory.tracker.reconcile(name)).rejects.toMatchObject({ temporary: true });
    const [first, second] = memory.queue.deferred.splice(0);
    if (first === undefined || second === undefined) throw new Error('both are on the queue');
    expect(await memory.tracker.process(first)).toBe('deferred');
    expect(memory.queue.deferred).toEqual([first]);
    expect(await publishedBy(memory)).toEqual([]);

    memory.stored.isDown = false;
    for (const delivery of [first, second]) expect(await memory.tracker.process(delivery)).toBe('recorded');
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete.slice(0, 2));
    expect(await documentOf(memory)).toMatchObject({ missing: ['northeurope'], replicas: { stale: false } });
  });

  test('questions are answered, and the answer says how old the set is', async () => {
    const memory = await asleep();
    const asked = await call(waitFunction(memory.tracker), {
      path: `wait?image=contoso.azurecr.io/${repository}&timeout=0`,
    });
    expect(asked).toMatchObject({ status: 202, body: { replicas: { source: 'remembered', stale: true } } });
    expect(await memory.tracker.replicas(memory.registry)).toMatchObject({ stale: true });
  });

  test('an instance that read it a minute ago goes on', async () => {
    const memory = trackedByArm();
    await memory.tracker.ready(memory.registry);
    memory.stored.isDown = true;
    await memory.clock.advance(minute);
    expect((await deliver(memory, 'eastus')).body).toEqual({ outcome: 'recorded' });
  });
});

describe('a replica that is asked and answers', () => {
  /** Really asked, over the distribution API; only the network is the test's. */
  function askedOverHttp(status: number, headers: Record<string, string> = {}) {
    const clock = manualClock();
    const replica = { status, headers, requests: 0 };
    const probe = ociManifestProbe({
      clock,
      credential: { getToken: () => Promise.reject(new Error('must not be asked')) },
      async fetch() {
        replica.requests++;
        return new Response(null, { status: replica.status, headers: replica.headers });
      },
    });
    const memory = memoryTracker({ registries: [probing], clock, probe, policy: probePolicy });
    return { ...memory, replica };
  }

  test.each<[number, Record<string, string>]>([
    [401, {}],
    [403, {}],
    [404, {}],
    [429, { 'retry-after': '30' }],
    [500, {}],
    [503, { 'retry-after': '30' }],
  ])('%i is missing, never deleted, and available when it says so', async (status, headers) => {
    const memory = askedOverHttp(status, headers);
    await deliver(memory, 'eastus');
    await passTime(memory, 10 * minute);
    expect(memory.replica.requests).toBeGreaterThan(1);
    expect(memory.replica.requests).toBeLessThan(20);
    const document = await documentOf(memory);
    expect(document).toMatchObject({ state: 'replicating', satisfied: false, missing: ['westeurope'] });
    expect(statesOf(document)).toEqual({ eastus: 'available webhook', westeurope: 'missing' });
    expect(await publishedBy(memory)).toEqual(['ImageAvailableInRegion eastus']);

    memory.replica.status = 200;
    const contentType = 'application/vnd.oci.image.manifest.v1+json';
    memory.replica.headers = { 'docker-content-digest': digestOf(1), 'content-type': contentType };
    await passTime(memory, 60 * minute, 10_000);
    expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true });
    const events = await publishedBy(memory);
    expect(events.filter((one) => one !== 'ReplicationDelayed')).toEqual(publishedWhenComplete);
  });
});

describe('a replica that is asked whether it still has what the others delete', () => {
  const remove = bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:05Z' });

  test.each(['401', '403', '429', '500', 'timeout'])('and answers %s keeps it', async (reason) => {
    const { probe, asked } = replicasThat(() => ({ kind: 'unclear', reason, retryAfterMs: undefined }));
    const memory = memoryTracker({ registries: [probing], probe, policy: probePolicy });
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    await deliver(memory, 'eastus', remove);
    await passTime(memory, 10 * minute);
    // Where it was, whether it is gone; where it was deleted, whether it is back.
    expect(new Set(asked)).toEqual(new Set(['westeurope', 'eastus']));
    expect(statesOf(await documentOf(memory))).toMatchObject({ westeurope: 'available webhook' });
    expect(await publishedBy(memory)).toEqual([...publishedWhenComplete, 'ImageDeletedInRegion eastus']);
  });

  test('and answers 404 has deleted it', async () => {
    const { probe } = replicasThat(() => ({ kind: 'absent' }));
    const memory = memoryTracker({ registries: [probing], probe, policy: probePolicy });
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    await deliver(memory, 'eastus', remove);
    await passTime(memory, 10 * minute);
    const document = await documentOf(memory);
    expect(document).toMatchObject({ state: 'deleted' });
    expect(statesOf(document)).toEqual({ eastus: 'deleted webhook', westeurope: 'deleted probe' });
    expect((await publishedBy(memory)).slice(-2)).toEqual([
      'ImageDeletedInRegion westeurope',
      'ImageDeletedInAllReplicas',
    ]);
  });
});

test('an index that is there without its child is unverified, and counts once it is whole', async () => {
  let isWhole = false;
  const deep = { ...probing, verify: 'deep' as const };
  const { probe } = replicasThat((region) => ({ ...present, isWhole: isWhole || region === 'eastus' }));
  const memory = memoryTracker({ registries: [deep], probe, policy: probePolicy });
  await deliver(memory, 'eastus');
  await deliver(memory, 'westeurope');
  await passTime(memory, 5 * minute);
  const broken = await documentOf(memory);
  expect(broken).toMatchObject({ state: 'replicating', satisfied: false, missing: ['westeurope'] });
  expect(statesOf(broken)).toEqual({ eastus: 'available webhook deepProbe', westeurope: 'unverified webhook' });
  expect(await publishedBy(memory)).toEqual(['ImageAvailableInRegion eastus']);

  isWhole = true;
  await passTime(memory, 5 * minute);
  expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true });
  expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
});

describe.each([
  ['an image that is only in quarantine', [payload('webhook-quarantine-documented'), bodyOf({ action: 'quarantine' })]],
  [
    'a chart',
    [
      payload('webhook-chart-push-documented'),
      payload('webhook-chart-delete-documented'),
      bodyOf({ action: 'chart_push' }),
    ],
  ],
])('%s', (_what, bodies) => {
  test('is nowhere, and nothing is published about it', async () => {
    const memory = memoryTracker();
    for (const region of ['eastus', 'westeurope']) {
      for (const body of bodies) {
        expect(await deliver(memory, region, body)).toMatchObject({ status: 200, body: { outcome: 'ignored' } });
      }
    }
    expect(await documentOf(memory)).toMatchObject({ state: 'unknown', satisfied: false, firstSeenAt: null });
    expect((await memory.lists.page({ registry: 'contoso', list: 'all', limit: 1 })).entries).toEqual([]);
    expect(await publishedBy(memory)).toEqual([]);
  });

  test('changes nothing for an image that is available', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    for (const body of bodies) await deliver(memory, 'eastus', body);
    expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true });
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
  });
});

/** Nothing recorded, received, deferred or published. */
async function expectUntouched(memory: MemoryTracker): Promise<void> {
  expect(await publishedBy(memory)).toEqual([]);
  expect((await memory.lists.page({ registry: 'contoso', list: 'all', limit: 1 })).entries).toEqual([]);
  expect((await memory.webhooks.last('contoso')).size).toBe(0);
  expect(memory.queue.deferred).toEqual([]);
}

describe('a body', () => {
  test.each<[string, string | Uint8Array, number]>([
    ['that is not JSON', 'action=push&digest=sha256', 400],
    ['that is empty', '', 400],
    ['of more than 256 KiB', bodyOf().padEnd(256 * 1024 + 1), 413],
    ['in another encoding', new Uint8Array(Buffer.from(bodyOf(), 'utf16le')), 400],
  ])('%s is refused, and leaves no trace', async (_what, body, status) => {
    const memory = memoryTracker();
    const answer = await deliver(memory, 'eastus', body);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    await expectUntouched(memory);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/cloudevents+json', ''])(
    'of the wrong content type is an event all the same: %j',
    async (type) => {
      const memory = memoryTracker();
      const headers = { authorization: `Bearer ${secrets[0]}`, ...(type !== '' && { 'content-type': type }) };
      expect(await deliver(memory, 'eastus', bodyOf(), { headers })).toMatchObject({ body: { outcome: 'recorded' } });
      expect(statesOf(await documentOf(memory))).toEqual({ eastus: 'available webhook', westeurope: 'missing' });
    },
  );
});

describe('at the endpoint', () => {
  test.each<[string, string, { registry?: string; headers?: Record<string, string> }, number]>([
    ['no key', 'eastus', { headers: {} }, 401],
    ['a wrong key', 'eastus', { headers: { authorization: 'Bearer another-secret-of-tests' } }, 401],
    ['what is no region', 'east-us', {}, 400],
    ['a registry that is not tracked', 'eastus', { registry: 'fabrikam' }, 404],
    ['a wrong key and a registry that is not tracked', 'eastus', { registry: 'fabrikam', headers: {} }, 401],
  ])('%s is refused, and leaves no trace', async (_what, region, changes, status) => {
    const memory = memoryTracker();
    const answer = await deliver(memory, region, bodyOf(), changes);
    expect(answer).toMatchObject({ status, body: { status } });
    expect(answer.text).not.toContain(secrets[0]);
    await expectUntouched(memory);
  });
});

describe('a crash', () => {
  test('after the topic accepted the events and before that was stored publishes them again with the same ids', async () => {
    const clock = manualClock();
    const store = memoryImageStore();
    const publisher = memoryPublisher();
    let isLast = false;
    const dying: ImageStore = {
      ...store,
      async commit(change) {
        if (isLast) throw new UpstreamError('unavailable', 'the process is dying');
        isLast = change.record.availableAt !== null;
        return store.commit(change);
      },
    };
    const first = memoryTracker({ clock, ports: { store: dying, publisher } });
    await deliver(first, 'eastus');
    await deliver(first, 'westeurope');
    expect(await publishedBy({ clock, publisher })).toEqual(publishedWhenComplete);
    expect(await documentOf(first)).toMatchObject({ state: 'available', announcedAt: null });
    const due = first.timer.set.filter(({ at }) => at >= clock.now());
    expect(due).toEqual([{ name, at: expect.any(Number) }]);

    const second = memoryTracker({ clock, ports: { store, publisher } });
    await second.tracker.reconcile(name);
    await clock.settle();
    const ids = publisher.published.map(({ id }) => id);
    expect(ids.slice(3)).toEqual(ids.slice(1, 3));
    expect((await documentOf(second)).announcedAt).not.toBeNull();
    await second.tracker.reconcile(name);
    await clock.settle();
    expect(publisher.published).toHaveLength(5);
  });

  test('before the topic accepted the events loses none of them', async () => {
    const clock = manualClock();
    const store = memoryImageStore();
    const never = { publish: () => new Promise<never>(() => {}) };
    const first = memoryTracker({ clock, ports: { store, publisher: never } });
    await deliver(first, 'eastus');
    await deliver(first, 'westeurope');
    const second = memoryTracker({ clock, ports: { store } });
    for (const { name: due } of first.timer.set) await second.tracker.reconcile(due);
    expect(await publishedBy(second)).toEqual(publishedWhenComplete);
  });
});

describe('two workers', () => {
  /** Two trackers on one store; on request, two commits based on the same version meet. */
  function twoWorkers(...regions: string[]) {
    const clock = manualClock();
    const registries = [registryOf({ regions: regionsOf(...regions) })];
    const store = memoryImageStore();
    const publisher = memoryPublisher();
    const outcomes: string[] = [];
    let held: (() => void)[] | undefined;
    const meeting: ImageStore = {
      ...store,
      async commit(change) {
        const mine = held;
        if (mine !== undefined) {
          const both = new Promise<void>((resolve) => mine.push(resolve));
          if (mine.length === 2) {
            held = undefined;
            for (const go of mine) go();
          }
          await both;
        }
        const outcome = await store.commit(change);
        outcomes.push(outcome === 'conflict' ? 'conflict' : 'stored');
        return outcome;
      },
    };
    const worker = () => memoryTracker({ registries, clock, ports: { store: meeting, publisher } });
    function meet(): void {
      held = [];
      outcomes.length = 0;
    }
    return { clock, publisher, outcomes, meet, one: worker(), other: worker() };
  }

  test('that complete an image at once publish that once', async () => {
    const { clock, publisher, outcomes, meet, one, other } = twoWorkers('eastus', 'northeurope', 'westeurope');
    await deliver(one, 'eastus');
    await clock.advance(15_000);
    meet();
    const answers = await Promise.all([deliver(one, 'northeurope'), deliver(other, 'westeurope')]);
    expect(answers.map(({ body }) => body)).toEqual([{ outcome: 'recorded' }, { outcome: 'recorded' }]);
    expect(outcomes.slice(0, 2).toSorted()).toEqual(['conflict', 'stored']);
    expect(await documentOf(one)).toMatchObject({ state: 'available', satisfied: true, missing: [] });
    const events = await publishedBy({ publisher, clock });
    expect(events.filter((event) => event === 'ImageAvailableInAllReplicas')).toHaveLength(1);
    expect(new Set(publisher.published.map(({ id }) => id)).size).toBe(4);
    expect(events).toHaveLength(4);
  });

  test('that receive the same last event at once publish one event, however often', async () => {
    const { clock, publisher, outcomes, meet, one, other } = twoWorkers('eastus', 'westeurope');
    await deliver(one, 'eastus');
    await clock.advance(15_000);
    meet();
    const answers = await Promise.all([deliver(one, 'westeurope'), deliver(other, 'westeurope')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(outcomes).toContain('conflict');
    expect(answers.map(({ body }) => JSON.stringify(body)).toSorted()).toEqual([
      '{"outcome":"duplicate"}',
      '{"outcome":"recorded"}',
    ]);
    // A repeat publishes what is still pending: perhaps twice, but with one id, by which consumers deduplicate.
    const events = await publishedBy({ publisher, clock });
    const ids = publisher.published.map(({ id }) => id);
    expect(new Set(events)).toEqual(new Set(publishedWhenComplete));
    expect(new Set(ids).size).toBe(3);
  });
});

describe('a waiter that comes', () => {
  const path = `wait?image=contoso.azurecr.io/team/app@${digestOf(1)}&timeout=30`;

  function wait(memory: MemoryTracker): { answer: Answer | undefined } {
    const asked: { answer: Answer | undefined } = { answer: undefined };
    void call(waitFunction(memory.tracker), { path }).then((answer) => {
      asked.answer = answer;
    });
    return asked;
  }

  test('after the image was complete is answered at once', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    const asked = wait(memory);
    await memory.clock.settle();
    expect(asked.answer).toMatchObject({ status: 200, body: { satisfied: true, state: 'available' } });
  });

  test('before the first event is answered with the last', async () => {
    const memory = memoryTracker();
    const asked = wait(memory);
    await memory.clock.advance(10_000);
    await deliver(memory, 'eastus');
    await memory.clock.settle();
    expect(asked.answer).toBeUndefined();
    await deliver(memory, 'westeurope');
    await memory.clock.settle();
    expect(asked.answer).toMatchObject({ status: 200, body: { satisfied: true, missing: [] } });
  });

  test('for what was never pushed gets that answer when the time is up, and may ask again', async () => {
    const memory = memoryTracker();
    const asked = wait(memory);
    await memory.clock.advance(29_000);
    expect(asked.answer).toBeUndefined();
    await memory.clock.advance(1_000);
    expect(asked.answer).toMatchObject({ status: 202, body: { state: 'unknown', satisfied: false } });
    expect(asked.answer?.headers).toHaveProperty('retry-after');
    expect(await memory.store.read(name)).toBeUndefined();
    expect(await publishedBy(memory)).toEqual([]);
  });

  test('for what was never pushed has each replica asked a few times, and no absence noted', async () => {
    const { probe, asked } = replicasThat(() => ({ kind: 'absent' }));
    const memory = memoryTracker({ registries: [probing], probe, policy: probePolicy });
    const waiter = wait(memory);
    await memory.clock.advance(30_000);
    expect(waiter.answer).toMatchObject({ status: 202, body: { state: 'unknown' } });
    expect(new Set(asked)).toEqual(new Set(['eastus', 'westeurope']));
    expect(asked.length).toBeLessThanOrEqual(2 * 7);
    expect(await memory.store.read(name)).toBeUndefined();
  });

  test('for what every replica has and none has reported is answered from the replicas', async () => {
    const { probe } = replicasThat(() => present);
    const memory = memoryTracker({ registries: [probing], probe, policy: probePolicy });
    const waiter = wait(memory);
    await memory.clock.advance(1_000);
    expect(waiter.answer).toMatchObject({ status: 200, body: { satisfied: true } });
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
  });
});
