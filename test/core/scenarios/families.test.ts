/** An index and its members, over the whole tracker: never published before the last member is in the last region, and published once. */
import { describe, expect, test } from 'vitest';
import { memoryImageStore } from '../../../src/adapters/memory.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import type { CloudEvent } from '../../../src/core/image/cloud-event.ts';
import type { Digest } from '../../../src/core/model/digest.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ManifestProbe } from '../../../src/core/ports.ts';
import type { ImageQuery } from '../../../src/core/query/list-images.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, regionOf, registryOf, replicaSetOf, repositoryOf, tagOf } from '../../support/build.ts';
import type { Index, Listed, MemoryManifests } from '../../support/index-of.ts';
import { indexOf, indexType, manifestType, memoryManifests, platformOf } from '../../support/index-of.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const repository = repositoryOf('team/app');
const [amd, arm] = [platformOf(1, 'amd64'), platformOf(2, 'arm64')];
const index = indexOf(amd, arm);

interface World extends MemoryTracker {
  readonly manifests: MemoryManifests;
}

async function world(
  indexes: readonly Index[] = [index],
  input: Parameters<typeof memoryTracker>[0] = {},
): Promise<World> {
  const manifests = memoryManifests(...indexes);
  const made = { ...memoryTracker({ ...input, ports: { manifests, ...input.ports } }), manifests };
  await made.clock.settle();
  return made;
}

interface Report {
  readonly kind?: Fact['kind'];
  readonly tag?: string;
  /** Whether the report has the media type. */
  readonly typed?: boolean;
}

async function report(
  { tracker, clock }: Pick<World, 'tracker' | 'clock'>,
  digest: Digest,
  region: string,
  { kind = 'push', tag, typed = kind === 'push' }: Report = {},
) {
  await clock.advance(1);
  const now = clock.now();
  const mediaType = !typed ? undefined : digest.startsWith('sha256:00000') ? manifestType : indexType;
  const outcome = await tracker.process({
    name: { registry: registry.name, repository, digest },
    fact: {
      kind,
      region: regionOf(region),
      eventTime: toEventTime(now),
      receivedAt: now,
      evidence: 'webhook',
      tag: tag === undefined ? undefined : tagOf(tag),
      mediaType,
    },
  });
  await clock.settle();
  return outcome;
}

function published({ publisher }: World): string[] {
  return publisher.published.map(shortOf);
}

function shortOf({ type, subject, data }: CloudEvent): string {
  const short = type.replace('AcrReplication.', '');
  const name = subject === `team/app@${index.digest}` ? 'index' : subject.replace(/^team\/app/, '');
  return [short, name.replace(/sha256:0+/, ''), data.region].filter(Boolean).join(' ');
}

async function documentOf({ tracker }: World, digest: Digest = index.digest) {
  const set = replicaSetOf();
  return tracker.answer({ registry, repository, digest, tag: undefined }, defaultRequirement(set));
}

const everywhere: ImageQuery = {
  registry,
  repository: undefined,
  state: undefined,
  region: undefined,
  missing: false,
  limit: 50,
  cursor: undefined,
};

/** So long nothing is published about an index without a tag: an outer index may list it. */
const unclaimedMs = 4_000;

const wholeFamily = [
  'ImageAvailableInRegion index eastus',
  'ImageAvailableInRegion index westeurope',
  'ImageAvailableInAllReplicas index',
];

test('a region has the index once it has every member', async () => {
  const w = await world();
  for (const digest of [amd.digest, arm.digest, index.digest]) await report(w, digest, 'eastus');
  expect(await documentOf(w)).toMatchObject({
    state: 'replicating',
    membersKnown: true,
    missing: ['westeurope'],
    members: [
      { digest: amd.digest, kind: 'platform', platform: 'linux/amd64', artifactType: null, missing: ['westeurope'] },
      { digest: arm.digest, kind: 'platform', platform: 'linux/arm64', artifactType: null, missing: ['westeurope'] },
    ],
  });
  await report(w, index.digest, 'westeurope');
  await report(w, arm.digest, 'westeurope');
  expect(await documentOf(w)).toMatchObject({
    satisfied: false,
    regions: [{ state: 'available' }, { region: 'westeurope', state: 'missing', since: null }],
    members: [{ missing: ['westeurope'] }, { missing: [] }],
  });
  expect(published(w)).toEqual([]);
  await passTime(w, unclaimedMs);
  expect(published(w)).toEqual(['ImageAvailableInRegion index eastus']);
  expect(await documentOf(w, amd.digest)).toMatchObject({ memberOf: [index.digest], members: [] });
  expect(await documentOf(w)).not.toHaveProperty('memberOf');

  await report(w, amd.digest, 'westeurope');
  expect(await documentOf(w)).toMatchObject({ satisfied: true, state: 'available', availableAt: expect.any(String) });
  expect(published(w).toSorted()).toEqual(wholeFamily.toSorted());
  expect(w.manifests.asked.filter((digest) => digest === index.digest)).toHaveLength(1);

  await passTime(w, 1_000_000, 5_000);
  expect(published(w)).toHaveLength(3);
});

test('members that no region has reported, and the last of them hours later', async () => {
  const w = await world();
  await report(w, index.digest, 'eastus');
  await report(w, index.digest, 'westeurope');
  await passTime(w, 7_200_000, 60_000);
  expect(published(w)).toEqual(['ReplicationDelayed index']);
  for (const region of ['eastus', 'westeurope']) for (const one of [amd, arm]) await report(w, one.digest, region);
  expect(published(w).slice(1).toSorted()).toEqual(wholeFamily.toSorted());
});

test('the index hours after its members: they are published by themselves once, and not any more', async () => {
  const w = await world();
  for (const region of ['eastus', 'westeurope']) for (const one of [amd, arm]) await report(w, one.digest, region);
  expect(published(w)).toEqual([]);
  await passTime(w, 3_600_000, 60_000);
  expect(published(w)).toHaveLength(6);
  await report(w, index.digest, 'eastus');
  await report(w, index.digest, 'westeurope');
  await passTime(w, unclaimedMs);
  expect(published(w).slice(6).toSorted()).toEqual(wholeFamily.toSorted());
  await report(w, arm.digest, 'eastus', { kind: 'delete' });
  expect(published(w).slice(9)).toEqual(['ImageDeletedInRegion index eastus']);
});

test('an untagged manifest that no index claims is published after ten seconds', async () => {
  const w = await world();
  await report(w, amd.digest, 'eastus');
  await passTime(w, 9_000);
  expect(published(w)).toEqual([]);
  await passTime(w, 3_000);
  expect(published(w)).toEqual(['ImageAvailableInRegion @1 eastus']);
});

test('an untagged index that no outer one lists is published after three seconds', async () => {
  const w = await world();
  for (const digest of [amd.digest, arm.digest, index.digest]) await report(w, digest, 'eastus');
  await passTime(w, 2_000);
  expect(published(w)).toEqual([]);
  await passTime(w, 2_000);
  expect(published(w)).toEqual(['ImageAvailableInRegion index eastus']);
});

test('a tagged manifest is published at once', async () => {
  const w = await world();
  await report(w, amd.digest, 'eastus', { tag: 'v1' });
  expect(published(w)).toEqual(['ImageAvailableInRegion @1 eastus']);
});

test('a tag converges with the last member', async () => {
  const w = await world();
  for (const region of ['eastus', 'westeurope']) await report(w, index.digest, region, { tag: 'v1' });
  for (const one of [amd, arm]) await report(w, one.digest, 'eastus');
  await report(w, amd.digest, 'westeurope');
  expect(published(w)).toEqual(['ImageAvailableInRegion index eastus']);
  await report(w, arm.digest, 'westeurope');
  expect(published(w).toSorted()).toEqual([...wholeFamily, 'TagConverged :v1'].toSorted());
});

describe('a member is deleted', () => {
  const goneEverywhere = [
    'ImageDeletedInAllReplicas index',
    'ImageDeletedInRegion index eastus',
    'ImageDeletedInRegion index westeurope',
  ];

  async function complete(input: Parameters<typeof world>[1] = {}): Promise<World> {
    const w = await world([index], input);
    for (const region of ['eastus', 'westeurope']) {
      for (const digest of [amd.digest, arm.digest, index.digest]) await report(w, digest, region);
    }
    await passTime(w, unclaimedMs);
    return w;
  }

  test('the region loses the family with the report', async () => {
    const w = await complete();
    await report(w, arm.digest, 'westeurope', { kind: 'delete' });
    expect(await documentOf(w)).toMatchObject({
      satisfied: false,
      state: 'deleting',
      missing: ['westeurope'],
      regions: [{ state: 'available' }, { state: 'deleted' }],
    });
    expect(published(w).slice(3)).toEqual(['ImageDeletedInRegion index westeurope']);
  });

  test('and has it back once it is pushed again', async () => {
    const w = await complete();
    await report(w, arm.digest, 'westeurope', { kind: 'delete' });
    await report(w, arm.digest, 'westeurope');
    expect(await documentOf(w)).toMatchObject({ satisfied: true, state: 'available' });
    expect(published(w)).toHaveLength(4);
  });

  test('in every region: the index is still there, and must not be forgotten', async () => {
    const w = await complete();
    for (const region of ['eastus', 'westeurope']) await report(w, arm.digest, region, { kind: 'delete' });
    expect(await documentOf(w)).toMatchObject({ state: 'deleted', satisfied: false });
    expect(published(w).slice(3).toSorted()).toEqual(goneEverywhere);
    await passTime(w, 100 * 86_400_000, 86_400_000);
    await w.tracker.expire();
    expect(await documentOf(w)).toMatchObject({ state: 'deleted', membersKnown: true });
    const deleted = async () =>
      (await w.lists.page({ registry: 'contoso', list: 'deleted', limit: 10 })).entries.map(({ name }) => name.digest);
    expect(await deleted()).toContain(index.digest);
    for (const region of ['eastus', 'westeurope']) await report(w, arm.digest, region);
    expect(await documentOf(w)).toMatchObject({ state: 'available', satisfied: true });
    await passTime(w, unclaimedMs);
    expect(published(w).slice(6).toSorted()).toEqual(wholeFamily.toSorted());
    const republished = w.publisher.published.slice(6);
    expect(new Set(republished.map(({ data }) => data.generation))).toEqual(new Set([2]));
    const everywhere = w.publisher.published.filter(({ type }) => type.endsWith('ImageAvailableInAllReplicas'));
    expect(new Set(everywhere.map(({ id }) => id)).size).toBe(2);
    expect(await deleted()).not.toContain(index.digest);
  });

  test('in every region, and one of them does not report it: its replica is asked', async () => {
    const there = new Set(['eastus', 'westeurope'].map((region) => `${region} ${arm.digest}`));
    const probe: ManifestProbe = {
      async ask(_registry, region, _repository, reference) {
        const isThere = reference !== arm.digest || there.has(`${region} ${reference}`);
        return isThere
          ? { kind: 'present', digest: reference as Digest, mediaType: undefined, isWhole: false }
          : { kind: 'absent' };
      },
    };
    const registries = [registryOf({ regionalEndpoints: true })];
    const w = await complete({ registries, probe, policy: { probeAfterMs: 30_000 } });
    there.clear();
    await report(w, arm.digest, 'westeurope', { kind: 'delete' });
    expect(await documentOf(w)).toMatchObject({ state: 'deleting', missing: ['westeurope'] });
    await passTime(w, 120_000);
    expect(await documentOf(w)).toMatchObject({ state: 'deleted', missing: ['eastus', 'westeurope'] });
    expect(await documentOf(w, arm.digest)).toMatchObject({ state: 'deleted' });

    for (const region of ['eastus', 'westeurope']) there.add(`${region} ${arm.digest}`);
    await report(w, arm.digest, 'westeurope');
    await passTime(w, 600_000);
    expect(await documentOf(w)).toMatchObject({ state: 'available', missing: [] });
  });

  test('deleted with all of the family, and pushed again: the next generation is published with its last member', async () => {
    const w = await complete();
    for (const region of ['eastus', 'westeurope']) {
      for (const digest of [index.digest, amd.digest, arm.digest]) await report(w, digest, region, { kind: 'delete' });
    }
    expect(published(w).slice(3).toSorted()).toEqual(goneEverywhere);
    const before = published(w).length;
    for (const region of ['eastus', 'westeurope']) {
      for (const digest of [index.digest, amd.digest, arm.digest]) {
        expect(published(w).slice(before)).not.toContain('ImageAvailableInAllReplicas index');
        await report(w, digest, region);
      }
    }
    await passTime(w, unclaimedMs);
    expect(published(w).slice(before).toSorted()).toEqual(wholeFamily.toSorted());
    expect(w.manifests.asked.filter((digest) => digest === index.digest)).toHaveLength(1);
  });
});

test('one member in two indexes counts for both', async () => {
  const other = indexOf(arm, platformOf(3));
  const w = await world([index, other]);
  for (const region of ['eastus', 'westeurope']) {
    for (const digest of [index.digest, other.digest, amd.digest, digestOf(3)]) await report(w, digest, region);
  }
  expect((await documentOf(w)).satisfied).toBe(false);
  for (const region of ['eastus', 'westeurope']) await report(w, arm.digest, region);
  expect((await documentOf(w)).satisfied).toBe(true);
  expect((await documentOf(w, other.digest)).satisfied).toBe(true);
});

test('an index in an index: both wait for the members of the inner one', async () => {
  const outer = indexOf({ digest: index.digest, mediaType: indexType }, platformOf(3));
  const w = await world([index, outer]);
  for (const region of ['eastus', 'westeurope']) {
    for (const digest of [digestOf(3), amd.digest, index.digest, outer.digest]) await report(w, digest, region);
  }
  expect((await documentOf(w, outer.digest)).members?.map(({ digest }) => digest)).toEqual([
    index.digest,
    digestOf(3),
    amd.digest,
    arm.digest,
  ]);
  expect((await documentOf(w, outer.digest)).satisfied).toBe(false);
  for (const region of ['eastus', 'westeurope']) await report(w, arm.digest, region);
  expect((await documentOf(w, outer.digest)).satisfied).toBe(true);
  expect((await documentOf(w)).satisfied).toBe(true);
  await passTime(w, unclaimedMs);
  // Of the inner one nothing, not even in one region.
  expect(published(w).filter((one) => one.includes('index'))).toEqual([]);
  expect(published(w).filter((one) => one.startsWith('ImageAvailableInAll'))).toEqual([
    `ImageAvailableInAllReplicas @${outer.digest}`,
  ]);
});

test('a member that is still missing somewhere is probed, also once its index is deleted', async () => {
  const asked: string[] = [];
  const w = await world([index], {
    registries: [registryOf({ regionalEndpoints: true })],
    probe: {
      async ask(_registry, region, _repository, reference) {
        asked.push(`${region} ${reference === arm.digest ? 'arm64' : 'another'}`);
        return { kind: 'present', digest: arm.digest, mediaType: undefined, isWhole: false };
      },
    },
    policy: { probeAfterMs: 30_000 },
  });
  for (const region of ['eastus', 'westeurope'])
    for (const digest of [amd.digest, index.digest]) await report(w, digest, region);
  // The webhook of West Europe was lost.
  await report(w, arm.digest, 'eastus');
  for (const region of ['eastus', 'westeurope']) await report(w, index.digest, region, { kind: 'delete' });
  await passTime(w, 600_000);
  expect(await documentOf(w, arm.digest)).toMatchObject({ state: 'available', missing: [] });
  expect(asked.filter((one) => one.endsWith('arm64'))).toEqual(['westeurope arm64']);
  const before = asked.length;
  await passTime(w, 86_400_000, 600_000);
  expect(asked.length).toBe(before);
});

describe('a deletion of a member that is stored in its index only, since the next write failed', () => {
  const outer = indexOf({ digest: index.digest, mediaType: indexType }, platformOf(3));
  const present: ManifestProbe = {
    ask: async (_registry, _region, _repository, reference) => ({
      kind: 'present',
      digest: reference as Digest,
      mediaType: undefined,
      isWhole: false,
    }),
  };

  test.each([
    ['in the only index', [index], arm.digest],
    ['in the nested index', [index, outer], outer.digest],
  ])('%s: its replica is asked, though the record of the member has it there', async (_, indexes, failing) => {
    const store = memoryImageStore();
    let isFailing = false;
    const commit: typeof store.commit = async (write) => {
      if (isFailing && write.record.name.digest === failing) throw new UpstreamError('unavailable', 'not stored');
      return store.commit(write);
    };
    const w = await world(indexes, {
      registries: [registryOf({ regionalEndpoints: true })],
      probe: present,
      policy: { probeAfterMs: 30_000 },
      ports: { store: { ...store, commit } },
    });
    for (const region of ['eastus', 'westeurope']) {
      for (const digest of [amd.digest, arm.digest, digestOf(3), index.digest, outer.digest])
        await report(w, digest, region);
    }
    expect(await documentOf(w)).toMatchObject({ state: 'available' });

    isFailing = true;
    // This test never delivers it again, just as no instance repeats what a probe found.
    expect(await report(w, arm.digest, 'westeurope', { kind: 'delete' })).toBe('deferred');
    isFailing = false;
    expect(await documentOf(w)).toMatchObject({ state: 'deleting' });
    await passTime(w, 600_000);
    expect(await documentOf(w)).toMatchObject({ state: 'available', missing: [] });
  });
});

describe('an index in an index that is not there yet', () => {
  const outer = indexOf({ digest: index.digest, mediaType: indexType }, platformOf(3));

  test('holds the outer one in every region, and is read once it is reported', async () => {
    const w = await world([outer]);
    for (const region of ['eastus', 'westeurope']) {
      for (const digest of [digestOf(3), outer.digest]) await report(w, digest, region);
    }
    await passTime(w, 60_000);
    expect(published(w)).toEqual([]);
    expect(await documentOf(w, outer.digest)).toMatchObject({ satisfied: false, membersKnown: false });

    w.manifests.serve(index);
    for (const digest of [amd.digest, arm.digest, index.digest]) await report(w, digest, 'eastus');
    await w.clock.advance(5_000);
    expect(published(w)).toEqual([`ImageAvailableInRegion @${outer.digest} eastus`]);
    for (const digest of [index.digest, amd.digest]) await report(w, digest, 'westeurope');
    await w.clock.advance(5_000);
    expect(await documentOf(w, outer.digest)).toMatchObject({ satisfied: false, membersKnown: true });
    await report(w, arm.digest, 'westeurope');
    expect(await documentOf(w, outer.digest)).toMatchObject({ satisfied: true });
    expect(published(w).slice(1).toSorted()).toEqual([
      `ImageAvailableInAllReplicas @${outer.digest}`,
      `ImageAvailableInRegion @${outer.digest} westeurope`,
    ]);
  });

  test('also while the registry does not answer, and however often it is reported', async () => {
    const w = await world([outer]);
    for (const region of ['eastus', 'westeurope']) await report(w, outer.digest, region);
    await w.clock.advance(2_000);
    w.manifests.answer = { kind: 'unclear', reason: 'timeout', retryAfterMs: undefined };
    for (const region of ['eastus', 'westeurope']) await report(w, digestOf(3), region);
    await passTime(w, 3 * 3_600_000, 30_000);
    expect(published(w)).toEqual([`ReplicationDelayed @${outer.digest}`]);
    w.manifests.answer = undefined;
    w.manifests.serve(index);
    await passTime(w, 2 * 3_600_000, 30_000);
    expect(await documentOf(w, outer.digest)).toMatchObject({ satisfied: false, membersKnown: true });
  });

  test('and once the outer one is deleted, no timer is left', async () => {
    const w = await world([outer]);
    for (const region of ['eastus', 'westeurope']) await report(w, outer.digest, region);
    for (const region of ['eastus', 'westeurope']) await report(w, outer.digest, region, { kind: 'delete' });
    await passTime(w, 12 * 3_600_000, 60_000);
    expect(w.timer.set).toEqual([]);
  });
});

describe('an index that cannot be read', () => {
  test('counts by its own reports, and says so', async () => {
    const w = await world();
    w.manifests.answer = { kind: 'unclear', reason: '403 for the manifest', retryAfterMs: undefined };
    await report(w, index.digest, 'eastus');
    expect((await documentOf(w)).regions[0]).toMatchObject({ state: 'unverified' });
    await w.clock.advance(1_300);
    expect(published(w)).toEqual(['ImageAvailableInRegion index eastus']);
    await report(w, index.digest, 'westeurope');
    expect(await documentOf(w)).toMatchObject({ satisfied: true, members: null, membersKnown: false });
    expect((await documentOf(w)).regions[0]?.evidence).toEqual(['webhook', 'membersUnknown']);
  });

  describe('the next one of that registry within a minute', () => {
    const other = indexOf(platformOf(7));
    const stateIn = async (w: World, region: number) => (await documentOf(w, other.digest)).regions[region]?.state;

    async function afterFault(): Promise<World> {
      const w = await world([index, other]);
      w.manifests.answer = { kind: 'unclear', reason: '503 for the manifest', retryAfterMs: undefined };
      await report(w, index.digest, 'eastus');
      await w.clock.advance(2_000);
      expect((await documentOf(w)).regions[0]?.evidence).toContain('membersUnknown');
      return w;
    }

    test('is held and read: the fault was a short one', async () => {
      const w = await afterFault();
      w.manifests.answer = undefined;
      for (const region of ['eastus', 'westeurope']) await report(w, other.digest, region);
      expect(await documentOf(w, other.digest)).toMatchObject({ satisfied: false, membersKnown: true });
      expect(published(w).filter((one) => one.startsWith('ImageAvailableInAll'))).toEqual([]);
    });

    test('of its platforms nothing is published by itself, where the registry could be read before', async () => {
      const [x, y] = [platformOf(8, 'amd64'), platformOf(9, 'arm64')];
      const third = indexOf(x, y);
      const w = await world([index, other, third]);
      await report(w, other.digest, 'eastus', { tag: 'v0' });
      w.manifests.answer = { kind: 'unclear', reason: '503 for the manifest', retryAfterMs: undefined };
      await report(w, index.digest, 'eastus', { tag: 'v1' });
      await w.clock.advance(5_000);
      w.manifests.answer = undefined;
      const before = published(w).length;
      for (const digest of [x.digest, y.digest]) await report(w, digest, 'eastus');
      await report(w, third.digest, 'eastus', { tag: 'v2' });
      await passTime(w, 60_000);
      expect(published(w).slice(before)).toEqual([`ImageAvailableInRegion @${third.digest} eastus`]);
    });

    test('is read in one try, and not held once that has failed', async () => {
      const w = await afterFault();
      await report(w, other.digest, 'eastus');
      expect(await stateIn(w, 0)).toBe('available');
      expect(w.manifests.asked.filter((digest) => digest === other.digest)).toHaveLength(1);
    });

    test('is held for two seconds after each report, where the registry does not answer', async () => {
      const w = await afterFault();
      w.manifests.silent = true;
      await report(w, other.digest, 'eastus');
      await w.clock.advance(500);
      await report(w, other.digest, 'westeurope');
      await w.clock.advance(1_900);
      expect(await stateIn(w, 1)).toBe('unverified');
      await w.clock.advance(100);
      expect(await documentOf(w, other.digest)).toMatchObject({ satisfied: true, membersKnown: false });
    });

    test('is held as long as any other after that minute', async () => {
      const w = await afterFault();
      await w.clock.advance(60_000);
      w.manifests.silent = true;
      await report(w, other.digest, 'eastus');
      await w.clock.advance(9_000);
      expect(await stateIn(w, 0)).toBe('unverified');
      await w.clock.advance(1_000);
      expect(await stateIn(w, 0)).toBe('available');
    });
  });

  test('of which only this manifest is odd says nothing of the next one: that is held as ever', async () => {
    const other = indexOf(platformOf(7));
    const w = await world([index, other]);
    w.manifests.answer = { kind: 'unclear', reason: 'more than 4 bytes', retryAfterMs: undefined, scope: 'image' };
    await report(w, index.digest, 'eastus');
    expect((await documentOf(w)).regions[0]?.state).toBe('available');
    w.manifests.silent = true;
    await report(w, other.digest, 'eastus');
    await w.clock.advance(9_000);
    expect((await documentOf(w, other.digest)).regions[0]?.state).toBe('unverified');
  });

  test('and is read later: then its members count', async () => {
    const w = await world();
    w.manifests.answer = { kind: 'unclear', reason: 'timeout', retryAfterMs: undefined };
    for (const region of ['eastus', 'westeurope']) await report(w, index.digest, region);
    await w.clock.advance(2_000);
    expect((await documentOf(w)).satisfied).toBe(true);
    w.manifests.answer = undefined;
    await passTime(w, 120_000, 5_000);
    expect(await documentOf(w)).toMatchObject({
      satisfied: false,
      membersKnown: true,
      missing: ['eastus', 'westeurope'],
    });
  });

  test('as often as it makes sense, and no timer is left', async () => {
    const w = await world();
    w.manifests.answer = { kind: 'unclear', reason: 'timeout', retryAfterMs: undefined };
    for (const region of ['eastus', 'westeurope']) await report(w, index.digest, region);
    await passTime(w, 5 * 3_600_000, 60_000);
    const asked = w.manifests.asked.length;
    await passTime(w, 48 * 3_600_000, 600_000);
    expect(w.manifests.asked.length).toBe(asked);
    expect(w.timer.set).toEqual([]);
  });

  test('not there yet: the last region to report it is not published before the index was read', async () => {
    const w = await world();
    w.manifests.answer = { kind: 'absent' };
    await report(w, index.digest, 'eastus');
    await w.clock.advance(5_000);
    w.manifests.answer = undefined;
    await report(w, index.digest, 'westeurope');
    expect(await documentOf(w)).toMatchObject({ satisfied: false, membersKnown: true });
    expect(published(w).filter((one) => one.startsWith('ImageAvailableInAll'))).toEqual([]);
  });

  test('where the settings say so, it is not read', async () => {
    const off = registryOf({ members: false });
    const w = await world([index], { registries: [off] });
    for (const region of ['eastus', 'westeurope']) await report(w, index.digest, region);
    expect(await documentOf(w)).toMatchObject({ satisfied: true, membersKnown: false });
    expect(w.manifests.asked).toEqual([]);
    await report(w, amd.digest, 'eastus');
    expect(published(w)).toContain('ImageAvailableInRegion @1 eastus');
  });
});

test('an instance that dies while it reads: another goes on', async () => {
  const w = await world();
  const stuck = memoryTracker({
    clock: w.clock,
    ports: {
      ...w,
      manifests: { reaches: async () => true, referrers: async () => [], read: () => new Promise(() => {}) },
    },
  });
  await w.clock.settle();
  await report({ tracker: stuck.tracker, clock: w.clock }, index.digest, 'eastus');
  for (const one of [amd, arm]) await report(w, one.digest, 'eastus');
  expect((await documentOf(w)).regions[0]?.state).toBe('unverified');
  await passTime(w, 15_000);
  expect((await documentOf(w)).regions[0]?.state).toBe('available');
});

describe('the list', () => {
  test('has one row for the family, and its members when they are asked for', async () => {
    const w = await world();
    for (const digest of [amd.digest, arm.digest, index.digest]) await report(w, digest, 'eastus');
    const digests = async (members: boolean) =>
      (await w.tracker.images({ ...everywhere, members })).images.map(({ digest }) => digest);
    expect(await digests(false)).toEqual([index.digest]);
    expect((await digests(true)).toSorted()).toEqual([amd.digest, arm.digest, index.digest].toSorted());
  });

  test('and the replicas count one image that is missing', async () => {
    const w = await world();
    for (const digest of [amd.digest, arm.digest, index.digest]) await report(w, digest, 'eastus');
    const { regions } = await w.tracker.replicas(registry);
    expect(regions.map(({ missingImages }) => missingImages)).toEqual([0, 1]);
  });
});

test('a question about a member is answered from its own record', async () => {
  const w = await world();
  for (const digest of [index.digest, amd.digest]) {
    for (const region of ['eastus', 'westeurope']) await report(w, digest, region);
  }
  expect(await documentOf(w, amd.digest)).toMatchObject({
    satisfied: true,
    state: 'available',
    availableAt: expect.any(String),
    members: [],
    membersKnown: true,
  });
});

test.each<[string, string[], string[]]>([
  ['all without', [], ['westeurope']],
  ['one that is there', ['linux/amd64'], []],
  ['one that is missing', ['linux/arm64'], ['westeurope']],
  ['both', ['linux/amd64', 'linux/arm64'], ['westeurope']],
  ['one that the index does not list', ['linux/s390x'], ['eastus', 'westeurope']],
  ['the beginning of a name', ['linux/amd'], ['eastus', 'westeurope']],
])('platforms that are waited for: %s', async (_what, platforms, missing) => {
  const w = await world();
  for (const digest of [amd.digest, arm.digest, index.digest]) await report(w, digest, 'eastus');
  for (const digest of [amd.digest, index.digest]) await report(w, digest, 'westeurope');
  const question = { registry, repository, digest: index.digest, tag: undefined, platforms };
  const document = await w.tracker.answer(question, defaultRequirement(replicaSetOf()));
  expect(document).toMatchObject({ missing, satisfied: missing.length === 0, state: 'replicating' });
});

test('a manifest that is listed for two platforms is waited for by either', async () => {
  const [v6, v7] = [6, 7].map((n) => ({
    ...platformOf(5),
    platform: { os: 'linux', architecture: 'arm', variant: `v${n}` },
  }));
  const both = indexOf(amd, v6 as Listed, v7 as Listed);
  const w = await world([both]);
  for (const digest of [amd.digest, digestOf(5), both.digest]) await report(w, digest, 'eastus');
  for (const digest of [amd.digest, both.digest]) await report(w, digest, 'westeurope');
  const ask = async (platform: string) => {
    const question = { registry, repository, digest: both.digest, tag: undefined, platforms: [platform] };
    return w.tracker.answer(question, defaultRequirement(replicaSetOf()));
  };
  for (const platform of ['linux/arm/v6', 'linux/arm/v7', 'linux/arm'])
    expect(await ask(platform)).toMatchObject({ missing: ['westeurope'] });
  expect(await ask('linux/amd64')).toMatchObject({ satisfied: true });
  await report(w, digestOf(5), 'westeurope');
  expect(await ask('linux/arm/v7')).toMatchObject({
    satisfied: true,
    members: [{}, { digest: digestOf(5), platform: 'linux/arm/v6' }, { digest: digestOf(5), platform: 'linux/arm/v7' }],
  });
});

describe('platforms of which it is not known whether they are listed', () => {
  const answerOf = async (w: World, digest: Digest, platforms: readonly string[]) => {
    const question = { registry, repository, digest, tag: undefined, platforms };
    return w.tracker.answer(question, defaultRequirement(replicaSetOf()));
  };

  test.each<[string, Parameters<typeof world>[1]]>([
    ['since the settings say that indexes are not read', { registries: [registryOf({ members: false })] }],
    ['since it could not be read', {}],
  ])('%s: no region has them', async (_what, input) => {
    const w = await world([], input);
    w.manifests.answer = { kind: 'unclear', reason: '403 for the manifest', retryAfterMs: undefined };
    for (const region of ['eastus', 'westeurope']) await report(w, index.digest, region);
    await w.clock.advance(2_000);
    expect(await answerOf(w, index.digest, [])).toMatchObject({ satisfied: true, membersKnown: false });
    const missing = ['eastus', 'westeurope'];
    expect(await answerOf(w, index.digest, ['linux/amd64'])).toMatchObject({ satisfied: false, missing });
  });

  test('an image that is no index is what it is', async () => {
    const w = await world();
    for (const region of ['eastus', 'westeurope']) await report(w, amd.digest, region);
    expect(await answerOf(w, amd.digest, ['linux/s390x'])).toMatchObject({ satisfied: true });
  });

  test('nor has any a manifest that may be an index, since no report has its media type', async () => {
    const w = await world();
    for (const region of ['eastus', 'westeurope']) await report(w, amd.digest, region, { typed: false });
    expect(await answerOf(w, amd.digest, [])).toMatchObject({ satisfied: true, membersKnown: false });
    expect(await answerOf(w, amd.digest, ['linux/amd64'])).toMatchObject({ satisfied: false });
  });
});

test('of two who wait for different platforms, each gets the answer about its own', async () => {
  const w = await world();
  for (const digest of [amd.digest, arm.digest, index.digest]) await report(w, digest, 'eastus');
  for (const digest of [amd.digest, index.digest]) await report(w, digest, 'westeurope');
  const waits = ['linux/amd64', 'linux/arm64'].map((platform) => {
    const question = { registry, repository, digest: index.digest, tag: undefined, platforms: [platform] };
    return w.tracker.wait(question, defaultRequirement(replicaSetOf()), 2_000);
  });
  await w.clock.advance(3_000);
  const documents = (await Promise.all(waits)).map(({ document }) => document);
  expect(documents.map(({ satisfied, missing }) => [satisfied, missing])).toEqual([
    [true, []],
    [false, ['westeurope']],
  ]);
});
