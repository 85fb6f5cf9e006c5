/**
 * A region whose replica was removed and created again: reports of the old one are void, so that no image counts as available where
 * only the old one had it.
 */
import { expect, test } from 'vitest';
import type { Registry } from '../../../src/core/model/registry.ts';
import type { ReplicaSet } from '../../../src/core/model/replica-set.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import { at, digestOf, pushOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const [east, west] = regionsOf('eastus', 'westeurope');
const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const question = { registry, repository: name.repository, digest: name.digest, tag: undefined };

function setUp() {
  const absences = new Map<string, number>();
  const set = (one: Registry): ReplicaSet => {
    const whole = replicaSetOf(one);
    const replicas = whole.replicas.map((replica) => {
      const lastAbsentAt = absences.get(replica.region);
      return lastAbsentAt === undefined ? replica : { ...replica, lastAbsentAt };
    });
    return { ...whole, replicas };
  };
  const setup = memoryTracker({ replicaSet: set });
  return {
    ...setup,
    replace: (region = west) => {
      absences.set(region ?? '', setup.clock.now());
    },
    ask: () => setup.tracker.answer(question, defaultRequirement(set(registry))),
    published: () => setup.publisher.published.map(({ type, data }) => `${type.split('.')[1]} ${data.generation}`),
  };
}

test('reports of the old one no longer count, and those of the new one do', async () => {
  const { tracker, clock, replace, ask, published, store, ...setup } = setUp();
  for (const region of ['eastus', 'westeurope']) {
    await tracker.receive({ name, fact: pushOf(region, '2026-06-01T12:00:00Z', { tag: 'v1' }) });
  }
  await clock.settle();
  expect(await ask()).toMatchObject({ state: 'available', satisfied: true });

  await clock.advance(3_600_000);
  replace();
  await clock.advance(1_000);
  const document = await ask();
  expect(document).toMatchObject({ state: 'replicating', satisfied: false, missing: ['westeurope'] });
  expect(document.regions[1]).toMatchObject({ region: 'westeurope', state: 'missing', since: null, evidence: [] });
  expect(await tracker.wait(question, defaultRequirement(replicaSetOf(registry)), 0)).toMatchObject({
    outcome: 'waiting',
  });
  const { images } = await tracker.images({
    ...{ registry, repository: undefined, state: undefined, region: west, missing: true, limit: 10, cursor: undefined },
  });
  expect(images).toHaveLength(1);

  // The same push, reported by the new replica, with the old time: it has the image now.
  const again = pushOf('westeurope', new Date(clock.now()).toISOString(), {
    tag: 'v1',
    eventTime: '2026-06-01T12:00:00Z',
  });
  expect(await tracker.receive({ name, fact: again })).toBe('recorded');
  await passTime({ tracker, clock, timer: setup.timer }, 60_000);
  expect(await ask()).toMatchObject({ state: 'available', satisfied: true });
  expect(published().filter((event) => event.startsWith('ImageAvailableInAllReplicas'))).toEqual([
    'ImageAvailableInAllReplicas 1',
    'ImageAvailableInAllReplicas 2',
  ]);
  expect(Object.keys((await store.read(name))?.record.arrivals ?? {})).toEqual(['eastus', 'westeurope']);
});

test('a report of the old one that comes late is outdated', async () => {
  const { tracker, clock, replace, ask } = setUp();
  const late = pushOf('westeurope', '2026-06-01T12:00:00Z');
  await tracker.receive({ name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') });
  await clock.advance(60_000);
  replace();
  expect(late.receivedAt).toBe(at('2026-06-01T12:00:00Z'));
  expect(await tracker.process({ name, fact: late })).toBe('outdated');
  expect(await ask()).toMatchObject({ missing: ['westeurope'] });
});

test('both replaced one after the other: everywhere again is published, and neither is late', async () => {
  const { tracker, clock, replace, ask, published, store, ...setup } = setUp();
  const push = async (region: string) => {
    await tracker.receive({ name, fact: pushOf(region, new Date(clock.now()).toISOString()) });
    await passTime({ tracker, clock, timer: setup.timer }, 60_000);
  };
  await push('eastus');
  await push('westeurope');
  for (const region of [east, west]) {
    await clock.advance(3_600_000);
    replace(region);
  }
  await clock.advance(60_000);
  await push('eastus');
  await push('westeurope');
  expect(await ask()).toMatchObject({ state: 'available', satisfied: true, delayed: false });
  const types = ['ImageAvailableInRegion', 'ImageAvailableInRegion', 'ImageAvailableInAllReplicas'];
  expect(published()).toEqual([1, 2].flatMap((generation) => types.map((type) => `${type} ${generation}`)));
  expect((await store.read(name))?.record.completedFor).toEqual([east, west]);
});
