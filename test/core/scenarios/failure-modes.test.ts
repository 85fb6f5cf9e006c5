/**
 * Failures of reports, one test each: repeated, crossed, late, incomplete or meaningless ones. Each uses the real tracker, mostly
 * through the webhook function, and checks its answers and events.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { memoryReplicaSetStore } from '../../../src/adapters/memory.ts';
import type { AvailabilityDocument } from '../../../src/core/image/availability.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import { replicaSets } from '../../../src/core/replicas/replica-set-cache.ts';
import { waitFunction } from '../../../src/functions/api/wait.ts';
import { digestOf, regionOf, regionsOf, registryOf, repositoryOf, tagOf } from '../../support/build.ts';
import { call } from '../../support/call.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryReplicas } from '../../support/memory-replicas.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';
import { bodyOf, deliver } from '../../support/webhook.ts';

const repository = repositoryOf('team/app');
const three = registryOf({ regions: regionsOf('eastus', 'northeurope', 'westeurope') });
const name = { registry: 'contoso', repository, digest: digestOf(1) };
const minute = 60_000;
const time = (seconds: number) => `2026-06-01T12:00:${String(seconds).padStart(2, '0')}Z`;
const push = (seconds: number, target: Record<string, unknown> = {}) => bodyOf({ timestamp: time(seconds), target });
const remove = (seconds: number, target: Record<string, unknown> = {}) =>
  bodyOf({ action: 'delete', timestamp: time(seconds), target });

function payload(file: string): string {
  return readFileSync(new URL(`../../fixtures/payloads/${file}.json`, import.meta.url), 'utf8');
}

/** The answer about `team/app`, by digest 1 by default. */
function documentOf(
  { tracker }: Pick<MemoryTracker, 'tracker'>,
  asked: { readonly digest?: number; readonly tag?: string } = { digest: 1 },
): Promise<AvailabilityDocument> {
  const [registry] = tracker.registries;
  if (registry === undefined) throw new Error('the tracker has a registry');
  const digest = asked.digest === undefined ? undefined : digestOf(asked.digest);
  const tag = asked.tag === undefined ? undefined : tagOf(asked.tag);
  return tracker.answer({ registry, repository, tag, digest }, defaultRequirement(tracker.replicaSet(registry)));
}

/** State by region. */
function statesOf(document: AvailabilityDocument): Record<string, string> {
  return Object.fromEntries(document.regions.map(({ region, state }) => [region, state]));
}

/** What was published, in short: the type, and the region or tag it is about. */
async function publishedBy(memory: Pick<MemoryTracker, 'publisher' | 'clock'>): Promise<string[]> {
  await memory.clock.advance(15_000);
  return memory.publisher.published.map(({ type, data }) =>
    [type.replace('AcrReplication.', ''), data.region ?? data.tag?.name].filter(Boolean).join(' '),
  );
}

const publishedWhenComplete = [
  'ImageAvailableInRegion eastus',
  'ImageAvailableInRegion westeurope',
  'ImageAvailableInAllReplicas',
];

/** A registry whose replicas ARM lists; the test says which. */
function trackedByArm(...regions: string[]) {
  const clock = manualClock();
  const registry = registryOf({ regions: undefined, resourceId: '/registries/contoso' });
  const arm = { regions, seeding: [] as string[] };
  const directory = memoryReplicas(() =>
    arm.regions.map((region) => ({ region, seeding: arm.seeding.includes(region) })),
  );
  const sets = replicaSets({
    registries: [registry],
    directory,
    store: memoryReplicaSetStore(),
    clock,
    log: { info: () => undefined, warn: () => undefined },
    onChange: (changed) => void memory.tracker.reconcileOpen(changed),
  });
  const memory: MemoryTracker = memoryTracker({ registries: [registry], clock, ports: { sets } });
  /** As the timer function does, later than the pause between two questions. */
  async function refresh(): Promise<void> {
    await clock.advance(minute);
    await memory.tracker.refreshReplicas(registry);
    await clock.settle();
  }
  /** The replicas of all other regions are removed, and two requests to ARM two minutes apart do not find them. */
  async function keepOnly(...kept: string[]): Promise<void> {
    arm.regions = kept;
    await refresh();
    await clock.advance(minute);
    await refresh();
  }
  return { ...memory, registry, arm, refresh, keepOnly };
}

test('the same event twice from one region is one arrival, published once', async () => {
  const memory = memoryTracker();
  const answers = [await deliver(memory, 'eastus'), await deliver(memory, 'eastus')];
  expect(answers.map(({ body }) => body)).toEqual([{ outcome: 'recorded' }, { outcome: 'duplicate' }]);
  expect(statesOf(await documentOf(memory))).toEqual({ eastus: 'available', westeurope: 'missing' });
  expect(await publishedBy(memory)).toEqual(['ImageAvailableInRegion eastus']);
});

describe.each([
  ['the same id', () => 'event-1'],
  ['an id of its own', (region: string) => `event-of-${region}`],
])('%s from three regions', (_what, idIn) => {
  test('is three arrivals and one completion', async () => {
    const memory = memoryTracker({ registries: [three] });
    for (const region of ['westeurope', 'eastus', 'northeurope']) {
      expect((await documentOf(memory)).state).not.toBe('available');
      const answer = await deliver(memory, region, bodyOf().replace('event-1', idIn(region)));
      expect(answer).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
    }
    const document = await documentOf(memory);
    expect(document).toMatchObject({ state: 'available', satisfied: true, missing: [] });
    expect(statesOf(document)).toEqual({ eastus: 'available', northeurope: 'available', westeurope: 'available' });
    expect(await publishedBy(memory)).toEqual([
      'ImageAvailableInRegion westeurope',
      'ImageAvailableInRegion eastus',
      'ImageAvailableInRegion northeurope',
      'ImageAvailableInAllReplicas',
    ]);
    expect(new Set(memory.publisher.published.map(({ id }) => id)).size).toBe(4);
  });
});

test('a copy that reports before the origin counts at once, and no lag is negative', async () => {
  const memory = memoryTracker();
  await deliver(memory, 'westeurope', push(8));
  await memory.clock.advance(3_000);
  expect(await documentOf(memory)).toMatchObject({ state: 'replicating', missing: ['eastus'] });
  await deliver(memory, 'eastus', push(1));
  const document = await documentOf(memory);
  expect(document).toMatchObject({ state: 'available', firstSeenAt: '2026-06-01T12:00:00.000Z' });
  expect(document.regions.map(({ region, lagSeconds, eventTime }) => [region, lagSeconds, eventTime])).toEqual([
    ['eastus', 3, '2026-06-01T12:00:01.000Z'],
    ['westeurope', 0, '2026-06-01T12:00:08.000Z'],
  ]);
  expect((await publishedBy(memory)).filter((event) => event === 'ImageAvailableInAllReplicas')).toHaveLength(1);
});

describe('a region outside the set that reports an image', () => {
  test('is waited for as soon as ARM lists it', async () => {
    const memory = trackedByArm('eastus', 'westeurope');
    await deliver(memory, 'eastus');
    await memory.clock.advance(minute);
    memory.arm.regions = ['eastus', 'northeurope', 'westeurope'];
    expect(await deliver(memory, 'northeurope')).toMatchObject({ body: { outcome: 'recorded' } });
    await memory.clock.settle();
    const document = await documentOf(memory);
    expect(document.requirement).toMatchObject({ needed: 3, have: 2 });
    expect(document.missing).toEqual(['westeurope']);
    await deliver(memory, 'westeurope');
    expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true });
    expect((await publishedBy(memory)).filter((event) => event === 'ImageAvailableInAllReplicas')).toHaveLength(1);
  });

  test('and was made just after ARM was asked is waited for half a minute later, with the first of its events', async () => {
    const memory = trackedByArm('eastus', 'westeurope');
    await memory.refresh();
    await memory.clock.advance(2_000);
    memory.arm.regions = ['eastus', 'northeurope', 'westeurope'];
    await deliver(memory, 'northeurope');
    await memory.clock.advance(28_000);
    expect(await documentOf(memory)).toMatchObject({ missing: ['eastus', 'westeurope'], requirement: { needed: 3 } });
  });

  test.each(['northeurope', 'East US 2'])('and is not listed by ARM is shown, never waited for: %s', async (region) => {
    const memory = trackedByArm('eastus', 'westeurope');
    expect(await deliver(memory, region)).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
    const alone = await documentOf(memory);
    expect(alone).toMatchObject({ satisfied: false, missing: ['eastus', 'westeurope'], requirement: { have: 0 } });
    const unexpected = alone.regions.find(({ expected }) => !expected);
    expect(unexpected).toMatchObject({ region: regionOf(region), state: 'available', required: false });
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    expect(await documentOf(memory)).toMatchObject({ state: 'available', requirement: { needed: 2, have: 2 } });
  });

  test('after it was removed changes nothing for what is complete', async () => {
    const memory = trackedByArm('eastus', 'northeurope', 'westeurope');
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    await memory.keepOnly('eastus', 'westeurope');
    await deliver(memory, 'northeurope');
    expect(await documentOf(memory)).toMatchObject({ state: 'available', missing: [], requirement: { needed: 2 } });
    expect((await publishedBy(memory)).filter((event) => event === 'ImageAvailableInAllReplicas')).toHaveLength(1);
  });
});

describe('a replica that is removed while an image waits for it', () => {
  test('completes the image, published once and never delayed', async () => {
    const memory = trackedByArm('eastus', 'westeurope');
    await deliver(memory, 'eastus');
    expect(await documentOf(memory)).toMatchObject({ state: 'replicating', missing: ['westeurope'] });
    await memory.keepOnly('eastus');
    expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true, missing: [] });
    await passTime(memory, 20 * minute, 10_000);
    expect(await publishedBy(memory)).toEqual(['ImageAvailableInRegion eastus', 'ImageAvailableInAllReplicas']);
  });

  test('lets those go who wait for every replica', async () => {
    const memory = trackedByArm('eastus', 'westeurope');
    await deliver(memory, 'eastus');
    const image = `contoso.azurecr.io/team/app@${digestOf(1)}`;
    const waiting = call(waitFunction(memory.tracker), { path: `wait?image=${image}&timeout=200` });
    await memory.keepOnly('eastus');
    await memory.clock.advance(140_000);
    expect(await waiting).toMatchObject({ status: 200, body: { state: 'available', missing: [] } });
  });
});

describe('a replica that was removed with the image still in it', () => {
  test('does not keep the image from being deleted everywhere', async () => {
    const memory = trackedByArm('eastus', 'northeurope', 'westeurope');
    for (const region of memory.arm.regions) await deliver(memory, region, push(1));
    await memory.keepOnly('eastus', 'westeurope');
    await deliver(memory, 'eastus', remove(5));
    await deliver(memory, 'westeurope', remove(6));
    expect(await documentOf(memory)).toMatchObject({ state: 'deleted' });
    expect(await publishedBy(memory)).toContain('ImageDeletedInAllReplicas');
  });

  test('does not keep the image from being published when it is pushed again', async () => {
    const memory = trackedByArm('eastus', 'northeurope', 'westeurope');
    for (const region of memory.arm.regions) await deliver(memory, region, push(1));
    await memory.keepOnly('eastus', 'westeurope');
    await deliver(memory, 'eastus', remove(5));
    await deliver(memory, 'westeurope', remove(6));
    await deliver(memory, 'eastus', push(7));
    await deliver(memory, 'westeurope', push(8));
    expect(await documentOf(memory)).toMatchObject({ state: 'available' });
    expect((await publishedBy(memory)).filter((event) => event === 'ImageAvailableInAllReplicas')).toHaveLength(2);
  });
});

describe('a replica that is added after an image was complete', () => {
  async function complete(): Promise<ReturnType<typeof trackedByArm>> {
    const memory = trackedByArm('eastus', 'westeurope');
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
    memory.arm.regions = ['eastus', 'northeurope', 'westeurope'];
    return memory;
  }

  test('is missing, and nothing is published about that; then the image is complete again', async () => {
    const memory = await complete();
    await memory.refresh();
    await passTime(memory, 60 * minute, 10_000);
    const missing = await documentOf(memory);
    expect(missing).toMatchObject({ satisfied: false, missing: ['northeurope'], delayed: false });
    expect(missing.availableAt).not.toBeNull();
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);

    await deliver(memory, 'northeurope', push(9));
    expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true, missing: [] });
    const event = await publishedBy(memory);
    expect(event.slice(3)).toEqual(['ImageAvailableInRegion northeurope', 'ImageAvailableInAllReplicas']);
    const [first, second] = memory.publisher.published.filter(({ type }) => type.endsWith('InAllReplicas'));
    expect([first?.data.generation, second?.data.generation]).toEqual([1, 2]);
    expect(first?.id).not.toBe(second?.id);
  });

  test('publishes nothing at all while it is being filled', async () => {
    const memory = await complete();
    memory.arm.seeding = ['northeurope'];
    await memory.refresh();
    await deliver(memory, 'northeurope', push(9));
    expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true, missing: [] });
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
  });

  test.each([
    ['the image is reconciled again', (memory: MemoryTracker) => memory.tracker.reconcile(name)],
    ['another region repeats itself', (memory: MemoryTracker) => deliver(memory, 'eastus', push(10))],
  ])('publishes nothing of what it was filled with when %s', async (_what, happen) => {
    const memory = await complete();
    memory.arm.seeding = ['northeurope'];
    await memory.refresh();
    await deliver(memory, 'northeurope', push(9));
    await happen(memory);
    expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
  });
});

test('an image pushed without a tag is available, and no tag points at it', async () => {
  const memory = memoryTracker();
  await deliver(memory, 'eastus', push(1));
  await deliver(memory, 'westeurope', push(2));
  expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true, tags: [] });
  const byTag = await documentOf(memory, { tag: 'latest' });
  expect(byTag).toMatchObject({ digest: null, state: 'unknown', satisfied: false, tag: { state: 'unknown' } });
  expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
});

test('a tag that one region moves to the new digest before it reports the old one ends at the new one', async () => {
  const memory = memoryTracker();
  const [old, fresh] = [
    { digest: digestOf(1), tag: 'v1' },
    { digest: digestOf(2), tag: 'v1' },
  ];
  await deliver(memory, 'eastus', push(1, old));
  await deliver(memory, 'eastus', push(3, fresh));
  await deliver(memory, 'westeurope', push(4, fresh));
  await memory.clock.settle();
  await deliver(memory, 'westeurope', push(2, old));
  await memory.clock.settle();
  expect(await documentOf(memory, { tag: 'v1' })).toMatchObject({
    digest: digestOf(2),
    satisfied: true,
    tag: { state: 'converged' },
  });
  expect(await documentOf(memory, { tag: 'v1', digest: 1 })).toMatchObject({ satisfied: false });
  expect(await documentOf(memory)).toMatchObject({ state: 'available', tags: [] });
  const aboutTags = (await publishedBy(memory)).filter((event) => event.startsWith('Tag'));
  expect(aboutTags).toEqual(['TagSuperseded v1', 'TagConverged v1']);
});

describe('a delete in one region while another still reports the push', () => {
  test('is no completion and no end; the last delete is', async () => {
    const memory = memoryTracker({ registries: [three] });
    await deliver(memory, 'eastus', push(1));
    await deliver(memory, 'westeurope', push(2));
    await deliver(memory, 'eastus', remove(5));
    await deliver(memory, 'northeurope', push(3));
    const document = await documentOf(memory);
    expect(document).toMatchObject({ state: 'deleting', satisfied: false, missing: ['eastus'] });
    expect(statesOf(document)).toEqual({ eastus: 'deleted', northeurope: 'available', westeurope: 'available' });
    const before = await publishedBy(memory);
    expect(before.filter((event) => event.endsWith('InAllReplicas'))).toEqual([]);

    await deliver(memory, 'westeurope', remove(6));
    await deliver(memory, 'northeurope', remove(7));
    expect(await documentOf(memory)).toMatchObject({ state: 'deleted', satisfied: false });
    expect((await publishedBy(memory)).slice(before.length)).toEqual([
      'ImageDeletedInRegion westeurope',
      'ImageDeletedInRegion northeurope',
      'ImageDeletedInAllReplicas',
    ]);
  });

  test('that comes after all that was known had ended is published, and the end not twice', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', push(1));
    await deliver(memory, 'eastus', remove(5));
    expect(await documentOf(memory)).toMatchObject({ state: 'deleted' });
    await deliver(memory, 'westeurope', push(3));
    expect(await documentOf(memory)).toMatchObject({ state: 'deleting', satisfied: false, missing: ['eastus'] });
    await deliver(memory, 'westeurope', remove(6));
    expect(await documentOf(memory)).toMatchObject({ state: 'deleted' });
    expect(await publishedBy(memory)).toEqual([
      'ImageAvailableInRegion eastus',
      'ImageDeletedInRegion eastus',
      'ImageDeletedInAllReplicas',
      'ImageAvailableInRegion westeurope',
      'ImageDeletedInRegion westeurope',
    ]);
  });
});

test('a delete without a digest leaves a doubt in that region, publishes nothing, and a push ends it', async () => {
  const memory = memoryTracker();
  await deliver(memory, 'eastus', push(1));
  await deliver(memory, 'westeurope', push(2));
  const answer = await deliver(memory, 'eastus', remove(5, { digest: undefined }));
  expect(answer).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
  expect(await documentOf(memory)).toMatchObject({ state: 'replicating', satisfied: false, missing: ['eastus'] });
  await deliver(memory, 'eastus', push(6));
  expect(await documentOf(memory)).toMatchObject({ state: 'available', satisfied: true });
  expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
});

test('a ping from each region shows that its webhook works, and nothing else', async () => {
  const memory = memoryTracker();
  for (const region of ['eastus', 'westeurope']) {
    const answer = await deliver(memory, region, payload('webhook-ping-captured'));
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'pong' } });
  }
  const received = await memory.webhooks.last('contoso');
  expect([...received.keys()].sort()).toEqual(['eastus', 'westeurope']);
  expect((await memory.lists.page({ registry: 'contoso', list: 'all', limit: 1 })).entries).toEqual([]);
  expect(await publishedBy(memory)).toEqual([]);
});

test('an event without media type, size and request counts; the media type comes with the next one', async () => {
  const memory = memoryTracker();
  await deliver(memory, 'eastus', push(1, { mediaType: '', tag: null }));
  expect(await documentOf(memory)).toMatchObject({ mediaType: null, state: 'replicating', missing: ['westeurope'] });
  await deliver(memory, 'westeurope', push(2, { mediaType: 'application/vnd.oci.image.lists.v1+json', size: 10 }));
  const document = await documentOf(memory);
  expect(document).toMatchObject({ mediaType: 'application/vnd.oci.image.lists.v1+json', state: 'available' });
  expect(await publishedBy(memory)).toEqual(publishedWhenComplete);
});

test('an event whose host is a regional one is about the registry, in the region of its webhook', async () => {
  const memory = memoryTracker();
  const request = { id: 'r', host: 'contoso.westeurope.geo.azurecr.io', method: 'PUT', useragent: 'docker' };
  await deliver(memory, 'eastus', JSON.stringify({ ...JSON.parse(push(1)), request }));
  const document = await documentOf(memory);
  expect(document.image).toBe(`contoso.azurecr.io/team/app@${digestOf(1)}`);
  expect(statesOf(document)).toEqual({ eastus: 'available', westeurope: 'missing' });
  expect(await publishedBy(memory)).toEqual(['ImageAvailableInRegion eastus']);
});
