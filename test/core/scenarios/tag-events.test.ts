/** Events of the real tracker about tags: converged, superseded, back again, and after a replica's answer. */
import { describe, expect, test } from 'vitest';
import { memoryTagDigests } from '../../../src/adapters/memory.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { TagDigests } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import {
  deleteOf,
  digestOf,
  eventTimeOf,
  pushOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
} from '../../support/build.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const name = (digest: number) => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(digest),
});
const time = (seconds: number) => `2026-06-01T12:00:${String(seconds).padStart(2, '0')}Z`;
const push = (region: string, seconds: number, tag = 'v1') => pushOf(region, time(seconds), { tag });

async function deliverAll(deliveries: readonly [digest: number, fact: Fact][]) {
  const setup = memoryTracker();
  for (const [digest, fact] of deliveries) {
    await setup.tracker.receive({ name: name(digest), fact });
    await setup.clock.settle();
  }
  await setup.clock.advance(1_000);
  const tagEvents = setup.publisher.published.filter((event) => event.type.startsWith('AcrReplication.Tag'));
  return { ...setup, tagEvents, types: tagEvents.map((event) => event.type.replace('AcrReplication.', '')) };
}

test('a tag that every region resolves to one digest has converged, published once', async () => {
  const { tagEvents } = await deliverAll([
    [1, push('eastus', 1)],
    [1, push('westeurope', 2)],
    [1, push('eastus', 1)],
    [1, push('westeurope', 2)],
  ]);
  expect(tagEvents).toHaveLength(1);
  expect(tagEvents[0]).toMatchObject({
    type: 'AcrReplication.TagConverged',
    subject: 'team/app:v1',
    data: { digest: digestOf(1), tag: { name: 'v1', state: 'converged' } },
  });
});

test('a tag that moves on before it has converged is superseded, with both digests', async () => {
  const { tagEvents } = await deliverAll([
    [1, push('eastus', 1)],
    [2, push('eastus', 3)],
    [2, push('westeurope', 4)],
    [1, push('westeurope', 2)],
  ]);
  expect(tagEvents.map((event) => event.type)).toEqual(['AcrReplication.TagSuperseded', 'AcrReplication.TagConverged']);
  expect(tagEvents[0]?.data).toMatchObject({ digest: digestOf(1), supersededBy: digestOf(2) });
  expect(tagEvents[1]?.data).toMatchObject({ digest: digestOf(2) });
});

test('a late old push never moves a tag back', async () => {
  const { types, tagEvents } = await deliverAll([
    [2, push('eastus', 3)],
    [2, push('westeurope', 4)],
    [1, push('eastus', 1)],
    [1, push('westeurope', 2)],
  ]);
  expect(types).toEqual(['TagConverged', 'TagSuperseded']);
  expect(tagEvents.map((event) => event.data.digest)).toEqual([digestOf(2), digestOf(1)]);
});

test('a late old push, after a newer digest that was noted under the tag and never stored', async () => {
  const setup = memoryTracker();
  const deliver = async (digest: number, fact: Fact) => {
    await setup.tracker.receive({ name: name(digest), fact });
    await setup.clock.settle();
  };
  await deliver(2, push('eastus', 3));
  await deliver(2, push('westeurope', 4));
  // An instance has died in between.
  const { registry, repository } = name(3);
  await setup.tags.note({ registry, repository, tag: tagOf('v1') }, digestOf(3), eventTimeOf(time(5)));
  await deliver(1, push('eastus', 1));
  await deliver(1, push('westeurope', 2));
  await passTime(setup, 1_200_000, 10_000);
  const tagEvents = setup.publisher.published.filter(({ type }) => type.startsWith('AcrReplication.Tag'));
  expect(tagEvents.map(({ type, data }) => [type, data.digest])).toEqual([
    ['AcrReplication.TagConverged', digestOf(2)],
    ['AcrReplication.TagSuperseded', digestOf(1)],
  ]);
});

test('a tag that had converged moves on without being superseded', async () => {
  const { types } = await deliverAll([
    [1, push('eastus', 1)],
    [1, push('westeurope', 2)],
    [2, push('eastus', 3)],
    [2, push('westeurope', 4)],
  ]);
  expect(types).toEqual(['TagConverged', 'TagConverged']);
});

test('a tag that comes back to a digest converges again, with another id', async () => {
  const { tagEvents } = await deliverAll([
    [1, push('eastus', 1)],
    [1, push('westeurope', 2)],
    [2, push('eastus', 3)],
    [2, push('westeurope', 4)],
    [1, push('eastus', 5)],
    [1, push('westeurope', 6)],
  ]);
  expect(tagEvents.map((event) => event.data.digest)).toEqual([digestOf(1), digestOf(2), digestOf(1)]);
  expect(new Set(tagEvents.map((event) => event.id)).size).toBe(3);
});

test('a tag whose first region is still being compared when the last comes converges no later', async () => {
  const tags = memoryTagDigests();
  const compare = Promise.withResolvers<void>();
  const setup = memoryTracker({
    ports: { tags: { ...tags, digests: async (tag) => compare.promise.then(() => tags.digests(tag)) } },
  });
  const deliver = (digest: number, fact: Fact) => setup.tracker.receive({ name: name(digest), fact });
  await deliver(1, push('eastus', 1));
  await deliver(1, push('westeurope', 2));
  await setup.clock.settle();
  await deliver(2, push('eastus', 3));
  await deliver(2, push('westeurope', 4));
  compare.resolve();
  await setup.clock.settle();
  const converged = setup.publisher.published.filter(({ type }) => type === 'AcrReplication.TagConverged');
  expect(converged.map(({ data }) => data.digest)).toEqual([digestOf(1), digestOf(2)]);
});

test('that a tag was superseded is published with both digests, also after it has come back', async () => {
  const { tracker } = await deliverAll([
    [1, push('eastus', 1)],
    [2, push('eastus', 3)],
    [1, push('eastus', 5)],
  ]);
  const registry = registryOf();
  const question = { registry, repository: repositoryOf('team/app'), tag: undefined, digest: digestOf(1) };
  // Built again, as it is when the topic has been unavailable since.
  const events = (await tracker.events(question))?.events.map(({ event }) => event) ?? [];
  const superseded = events.filter(({ type }) => type === 'AcrReplication.TagSuperseded');
  expect(superseded.map(({ data }) => data.supersededBy)).toEqual([digestOf(2)]);
});

test('an old push that arrives after the new one has begun moves no tag back, whatever times the events carry', async () => {
  const { tracker, tagEvents } = await deliverAll([
    [1, push('eastus', 1)],
    [2, push('eastus', 2)],
    [1, push('westeurope', 3)],
    [2, push('westeurope', 4)],
  ]);
  expect(tagEvents.map(({ type, data }) => [type.split('.')[1], data.digest, data.supersededBy])).toEqual([
    ['TagSuperseded', digestOf(1), digestOf(2)],
    ['TagConverged', digestOf(2), undefined],
  ]);
  const registry = registryOf();
  const question = { registry, repository: repositoryOf('team/app'), tag: tagOf('v1'), digest: digestOf(1) };
  const { outcome } = await tracker.wait(question, defaultRequirement(replicaSetOf(registry)), 0);
  expect(outcome).toBe('superseded');
});

test('a tag that is rolled back in one region has not converged before the others follow', async () => {
  const moves: [number, Fact][] = [
    [1, push('eastus', 1)],
    [1, push('westeurope', 2)],
    [2, push('eastus', 3)],
    [2, push('westeurope', 4)],
    [1, push('eastus', 5)],
  ];
  const rolledBack = await deliverAll(moves);
  expect(rolledBack.tagEvents.map(({ data }) => data.digest)).toEqual([digestOf(1), digestOf(2)]);
  const followed = await deliverAll([...moves, [1, push('westeurope', 6)]]);
  expect(followed.tagEvents.map(({ data }) => data.digest)).toEqual([digestOf(1), digestOf(2), digestOf(1)]);
});

test('all of an old push that arrives after the new one is everywhere has not converged', async () => {
  const setup = memoryTracker();
  for (const region of ['eastus', 'westeurope']) await setup.tracker.receive({ name: name(2), fact: push(region, 3) });
  await setup.clock.settle();
  const late = ['eastus', 'westeurope'].map((region) =>
    setup.tracker.receive({ name: name(1), fact: push(region, 1) }),
  );
  await Promise.all(late);
  await setup.clock.advance(1_000);
  const tagEvents = setup.publisher.published.filter(({ type }) => type.startsWith('AcrReplication.Tag'));
  expect(tagEvents.map(({ type, data }) => [type.split('.')[1], data.digest])).toEqual([
    ['TagConverged', digestOf(2)],
    ['TagSuperseded', digestOf(1)],
  ]);
});

test('a tag whose digest was deleted everywhere is answered with that digest, and waited for no more', async () => {
  const { tracker } = await deliverAll([
    [1, push('eastus', 1)],
    [1, push('westeurope', 2)],
    [1, deleteOf('eastus', time(3))],
    [1, deleteOf('westeurope', time(4))],
  ]);
  const registry = registryOf();
  const question = { registry, repository: repositoryOf('team/app'), tag: tagOf('v1'), digest: undefined };
  const { outcome, document } = await tracker.wait(question, defaultRequirement(replicaSetOf(registry)), 0);
  expect({ outcome, digest: document.digest, state: document.state }).toEqual({
    outcome: 'deleted',
    digest: digestOf(1),
    state: 'deleted',
  });
});

test('a tag is not converged where its digest has been deleted', async () => {
  const { types } = await deliverAll([
    [1, push('eastus', 1)],
    [1, deleteOf('eastus', time(2))],
    [1, push('westeurope', 3)],
  ]);
  expect(types).toEqual([]);
});

describe('an image', () => {
  test('no longer lists a tag that has moved on', async () => {
    const { tracker, store } = await deliverAll([
      [1, push('eastus', 1)],
      [1, push('eastus', 2, 'stable')],
      [2, push('eastus', 3)],
    ]);
    const [registry] = tracker.registries;
    if (registry === undefined) throw new Error('the tracker has a registry');
    const question = { registry, repository: repositoryOf('team/app'), tag: undefined, digest: digestOf(1) };
    const document = await tracker.answer(question, { regions: [], require: 'all', needed: 1 });
    expect(document.tags).toEqual(['stable']);
    expect((await store.read(name(2)))?.record.tags.v1?.state).toBe('open');
  });
});

test('a tag that every build moves is read at a price that does not grow', async () => {
  const setup = memoryTracker();
  const builds = 60;
  for (let build = 1; build <= builds; build++) {
    const seconds = new Date(Date.parse(time(0)) + build * 1_000).toISOString();
    const regions = build === builds ? ['eastus'] : ['eastus', 'westeurope'];
    for (const region of regions) {
      await setup.tracker.receive({ name: name(build), fact: pushOf(region, seconds, { tag: 'latest' }) });
    }
    await setup.clock.settle();
  }
  let reads = 0;
  const { read } = setup.store;
  setup.store.read = (asked) => {
    reads++;
    return read(asked);
  };
  const registry = registryOf();
  const question = { registry, repository: repositoryOf('team/app'), digest: undefined, tag: tagOf('latest') };
  const document = await setup.tracker.answer(question, defaultRequirement(replicaSetOf(registry)));
  expect(document).toMatchObject({
    digest: digestOf(builds),
    missing: ['westeurope'],
    tag: { state: 'converging', regions: [{ digest: digestOf(builds) }, { digest: digestOf(builds - 1) }] },
  });
  expect(reads).toBe(20);
});

/** The first digest of a tag is not compared: it relies on the comparison by those that come while it is being stored. */
test('a digest that was listed first and stored last still records that its tag has moved on', async () => {
  const setup = memoryTracker();
  const commit = setup.store.commit;
  const held = Promise.withResolvers<void>();
  const slow = memoryTracker({
    ...setup,
    ports: {
      ...setup,
      store: {
        ...setup.store,
        commit: async (change) => {
          if (change.basedOn === undefined) await held.promise;
          return commit(change);
        },
      },
    },
  });
  const first = slow.tracker.process({ name: name(1), fact: push('eastus', 1) });
  await setup.clock.settle();
  await setup.tracker.receive({ name: name(2), fact: push('eastus', 3) });
  await setup.clock.settle();
  held.resolve();
  await first;
  expect(setup.publisher.published.filter(({ type }) => type.endsWith('TagSuperseded'))).toEqual([]);

  await passTime(setup, 40_000);
  const superseded = setup.publisher.published.filter(({ type }) => type.endsWith('TagSuperseded'));
  expect(superseded).toHaveLength(1);
  expect(superseded[0]?.data).toMatchObject({ digest: digestOf(1), supersededBy: digestOf(2) });
});

test('a tag that could not be compared is not compared again with each other tag, but when its timer fires', async () => {
  const [index, asked] = [memoryTagDigests(), new Map<string, number>()];
  let isAway = true;
  const tags: TagDigests = {
    ...index,
    // Every digest but the first of a tag must be compared.
    note: (...args) => index.note(...args).then(() => 'again'),
    async digests(place) {
      asked.set(place.tag, (asked.get(place.tag) ?? 0) + 1);
      if (isAway) throw new UpstreamError('unavailable', 'the tables do not answer');
      return index.digests(place);
    },
  };
  const setup = memoryTracker({ ports: { tags } });
  for (let i = 0; i < 10; i++) {
    await setup.clock.advance(1_000);
    await setup.tracker.receive({ name: name(1), fact: { ...push('eastus', 3), tag: tagOf(`build-${i}`) } });
    await setup.clock.settle();
  }
  expect([...asked.values()]).toEqual(Array.from({ length: 10 }, () => 1));
  isAway = false;
  await passTime(setup, 60_000);
  expect((await setup.store.read(name(1)))?.record.uncomparedTags).toEqual([]);
});

test('a digest that was listed and never stored is not read any more after a while', async () => {
  const setup = memoryTracker();
  const place = { registry: 'contoso', repository: repositoryOf('team/app'), tag: tagOf('v1') };
  const fact = push('eastus', 3);
  await setup.tags.note(place, digestOf(1), push('eastus', 1).eventTime);
  for (const region of ['eastus', 'westeurope']) {
    await setup.tracker.receive({ name: name(2), fact: { ...fact, region: push(region, 3).region } });
  }
  await passTime(setup, 300_000);
  expect((await setup.store.read(name(2)))?.record.uncomparedTags).toEqual(['v1']);
  await passTime(setup, 1_800_000, 5_000);
  expect((await setup.store.read(name(2)))?.record.uncomparedTags).toEqual([]);
  expect(setup.timer.set).toEqual([]);
});

describe('a tag that many digests had', () => {
  async function everywhere(setup: ReturnType<typeof memoryTracker>, digest: number, tag = 'prod') {
    for (const region of ['eastus', 'westeurope']) {
      await setup.clock.advance(1_000);
      const fact = pushOf(region, new Date(setup.clock.now()).toISOString(), { tag });
      await setup.tracker.receive({ name: name(digest), fact });
      await setup.clock.settle();
    }
    await passTime(setup, 20_000);
  }
  const registry = registryOf();
  const requirement = defaultRequirement(replicaSetOf(registry));
  const about = (what: { tag?: string; digest?: number }) => ({
    registry,
    repository: repositoryOf('team/app'),
    tag: what.tag === undefined ? undefined : tagOf(what.tag),
    digest: what.digest === undefined ? undefined : digestOf(what.digest),
  });

  test('points to the first again when it is rolled back to it', async () => {
    const setup = memoryTracker();
    for (let digest = 1; digest <= 22; digest++) await everywhere(setup, digest);
    await everywhere(setup, 1);
    const document = await setup.tracker.answer(about({ tag: 'prod' }), requirement);
    expect(document).toMatchObject({ digest: digestOf(1), satisfied: true, tag: { state: 'converged' } });
  });

  test('leaves one that it was rolled back to as it left it before', async () => {
    const setup = memoryTracker();
    for (const digest of [1, 2, 3, 4, 5, 1, 6]) await everywhere(setup, digest);
    const document = await setup.tracker.answer(about({ digest: 1 }), requirement);
    expect(document.tags).toEqual([]);
  });

  test('does not fall back to an older digest when retention forgets the newest', async () => {
    const setup = memoryTracker();
    const day = 86_400_000;
    await everywhere(setup, 1);
    await setup.clock.advance(day);
    await everywhere(setup, 2);
    await everywhere(setup, 1, 'other');
    for (const region of ['eastus', 'westeurope']) {
      const gone = deleteOf(region, new Date(setup.clock.now()).toISOString());
      await setup.tracker.receive({ name: name(2), fact: gone });
    }
    await passTime(setup, 20_000);
    await setup.clock.advance(95 * day);
    expect(await setup.tracker.expire()).toBe(1);
    const document = await setup.tracker.answer(about({ tag: 'prod' }), requirement);
    expect(document).toMatchObject({ digest: null, satisfied: false, tag: { state: 'unknown' } });
  });
});

test('a tag older than all that a digest remembers does not keep its timer forever', async () => {
  const setup = memoryTracker();
  const from = Date.parse(time(0));
  const pushAt = (region: string, ms: number, tag: string) =>
    pushOf(region, new Date(from + ms).toISOString(), { tag });
  await setup.tracker.receive({ name: name(2), fact: pushAt('eastus', 0, 'old') });
  for (const region of ['eastus', 'westeurope']) {
    for (let i = 0; i < 100; i++) {
      await setup.tracker.receive({ name: name(1), fact: pushAt(region, 60_000 + i, `b${i}`) });
    }
    await setup.tracker.receive({ name: name(1), fact: pushAt(region, 1_000, 'old') });
  }
  await passTime(setup, 3_600_000, 30_000);
  expect((await setup.store.read(name(1)))?.record.uncomparedTags).toEqual([]);
});

test.each(['2026-06', '20260601'])('of many open tags the newest is asked for, be it %s', async (newest) => {
  const older = ['a', 'b', 'c', 'd', 'e'];
  const setup = memoryTracker({
    registries: [registryOf({ regionalEndpoints: true })],
    policy: { probeAfterMs: 60_000 },
    probe: {
      ask: async (_registry, _region, _repository, reference) =>
        older.includes(reference)
          ? { kind: 'absent' }
          : { kind: 'present', digest: digestOf(1), mediaType: undefined, isWhole: true },
    },
  });
  for (const [second, tag] of [...older, newest].entries()) {
    await setup.tracker.receive({ name: name(1), fact: push('eastus', second, tag) });
  }
  await passTime(setup, 3_600_000, 10_000);
  const converged = setup.publisher.published.filter(({ type }) => type === 'AcrReplication.TagConverged');
  expect(converged.map(({ subject }) => subject)).toEqual([`team/app:${newest}`]);
});

describe('while no region has reported both digests of a tag', () => {
  test('no event says that the newer one is superseded, though the older one comes in with a later time', async () => {
    const facts: [number, Fact][] = [
      [2, push('eastus', 3)],
      [1, push('westeurope', 9)],
    ];
    expect((await deliverAll(facts)).types).toEqual([]);
    const known = await deliverAll([...facts, [1, push('eastus', 1)]]);
    expect(known.types).toEqual(['TagSuperseded']);
    expect(known.tagEvents[0]?.data).toMatchObject({ digest: digestOf(1), supersededBy: digestOf(2) });
  });

  test('neither is published as superseded when their clocks are minutes apart', async () => {
    const west = (seconds: number) => pushOf('westeurope', `2026-06-01T12:04:${seconds}Z`, { tag: 'v1' });
    const { types } = await deliverAll([
      [1, west(10)],
      [2, push('eastus', 3)],
      [2, west(12)],
      [1, push('eastus', 1)],
    ]);
    // The order became known with the third: westeurope reported both.
    expect(types.toSorted()).toEqual(['TagConverged', 'TagSuperseded']);
  });
});

test('a tag pushed with a time far ahead converges again with the next release', async () => {
  const far = (region: string) => pushOf(region, time(1), { tag: 'v1', eventTime: '2099-01-01T00:00:00Z' });
  const { types, tagEvents } = await deliverAll([
    [1, far('eastus')],
    [1, far('westeurope')],
    [2, push('eastus', 10)],
    [2, push('westeurope', 11)],
  ]);
  expect(types).toEqual(['TagConverged', 'TagConverged']);
  expect(tagEvents.map((event) => event.data.digest)).toEqual([digestOf(1), digestOf(2)]);
});
