/** The replica set over time: asked, remembered, never smaller because ARM failed, and what a change sets off. */
import { describe, expect, test } from 'vitest';
import { memoryReplicaSetStore } from '../../src/adapters/memory.ts';
import { WorldError } from '../../src/core/errors.ts';
import type { ReplicaDirectory, ReplicaSetStore } from '../../src/core/ports.ts';
import type { Replica } from '../../src/core/replica-set.ts';
import { expectedRegions, isStale } from '../../src/core/replica-set.ts';
import { replicaSets } from '../../src/core/replica-sets.ts';
import { regionOf, registryOf } from '../support/build.ts';
import { manualClock } from '../support/manual-clock.ts';

const registry = registryOf({
  regions: undefined,
  resourceId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso',
});
const replicaOf = (region: string, provisioningState = 'Succeeded'): Replica => ({
  region: regionOf(region),
  expected: true,
  provisioningState,
  health: 'healthy',
  globalRouting: true,
  seeding: false,
});

/** @param aheadMs how far the instance's clock is ahead of the test's */
function setUp(store: ReplicaSetStore = memoryReplicaSetStore(), clock = manualClock(), aheadMs = 0) {
  const arm = {
    regions: ['eastus', 'westeurope'],
    states: new Map<string, string>(),
    down: false,
    asked: 0,
    /** The answer says what was so when ARM was asked, and comes when this ends. */
    isUnderWay: Promise.resolve(),
  };
  const changes: string[] = [];
  const directory: ReplicaDirectory = {
    async replicas() {
      arm.asked++;
      if (arm.down) throw new WorldError('unavailable', 'ARM (503)');
      const told = arm.regions.map((region) => replicaOf(region, arm.states.get(region)));
      await arm.isUnderWay;
      return told;
    },
  };
  const log = { info: () => undefined, warn: () => undefined };
  const sets = replicaSets({
    registries: [registry],
    directory,
    store,
    clock: { ...clock, now: () => clock.now() + aheadMs },
    log,
    onChange: () => changes.push(expectedRegions(sets.current(registry)).join(',')),
  });
  /** @returns lets the answers come that ARM has been asked for since */
  function holdBack(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    arm.isUnderWay = promise;
    return resolve;
  }
  return { sets, arm, clock, changes, store, holdBack };
}

test('is what ARM says, and is stored', async () => {
  const { sets, store } = setUp();
  await sets.ready(registry);
  expect(sets.current(registry)).toMatchObject({ source: 'arm' });
  expect(expectedRegions(sets.current(registry))).toEqual(['eastus', 'westeurope']);
  expect(await store.load('contoso')).toMatchObject({ set: { source: 'arm' } });
});

test('is remembered when ARM does not answer, and never shrinks for it', async () => {
  const { sets, arm, clock } = setUp();
  await sets.ready(registry);
  arm.down = true;
  await clock.advance(60_000);
  await sets.refresh(registry);
  expect(sets.current(registry)).toMatchObject({ source: 'remembered' });
  expect(expectedRegions(sets.current(registry))).toEqual(['eastus', 'westeurope']);
  expect(isStale(sets.current(registry), clock.now())).toBe(false);
  expect(isStale(sets.current(registry), clock.now() + 3_600_000)).toBe(true);
});

test('is remembered over a restart during which ARM is down', async () => {
  const first = setUp();
  await first.sets.ready(registry);
  const second = setUp(first.store);
  second.arm.down = true;
  await second.sets.ready(registry);
  expect(expectedRegions(second.sets.current(registry))).toEqual(['eastus', 'westeurope']);
});

test('is empty, not made up, while nobody has ever told', async () => {
  const { sets, arm } = setUp();
  arm.down = true;
  await sets.ready(registry);
  expect(sets.current(registry)).toMatchObject({ replicas: [], source: 'remembered' });
});

describe('a change of ARM', () => {
  test('is passed on once', async () => {
    const { sets, arm, clock, changes } = setUp();
    await sets.ready(registry);
    arm.regions = ['eastus'];
    await clock.advance(60_000);
    await sets.refresh(registry);
    await clock.advance(60_000);
    await sets.refresh(registry);
    expect(changes).toEqual(['eastus']);
  });

  test('reaches another instance through the store', async () => {
    const one = setUp();
    const other = setUp(one.store);
    await one.sets.ready(registry);
    await other.sets.ready(registry);
    one.arm.regions = ['eastus', 'northeurope', 'westeurope'];
    await one.clock.advance(60_000);
    await one.sets.refresh(registry);
    await other.clock.advance(60_000);
    other.sets.current(registry);
    await other.clock.settle();
    expect(expectedRegions(other.sets.current(registry))).toEqual(['eastus', 'northeurope', 'westeurope']);
  });
});

test('an instance that slept decides with what another one has read meanwhile', async () => {
  const { sets, arm, clock, store } = setUp();
  await sets.ready(registry);
  const other = setUp(store);
  other.arm.regions = ['eastus', 'northeurope', 'westeurope'];
  await other.clock.advance(60_000);
  await other.sets.ready(registry);
  arm.down = true;
  await clock.advance(90_000);
  await sets.ready(registry);
  expect(expectedRegions(sets.current(registry))).toEqual(['eastus', 'northeurope', 'westeurope']);
});

describe('what is stored never gives way to an older set', () => {
  const two = ['eastus', 'westeurope'];
  const three = ['eastus', 'northeurope', 'westeurope'];
  /** Two instances, of which the second is the first to hear of a third replica, five minutes later. */
  async function setUpTwo(aheadMs = 0) {
    const clock = manualClock();
    const store = memoryReplicaSetStore();
    const [one, other] = [setUp(store, clock, aheadMs), setUp(store, clock)];
    await one.sets.ready(registry);
    await clock.advance(300_000);
    other.arm.regions = three;
    /** As an instance sees it that starts now, while ARM is down. */
    async function restarted() {
      const fresh = setUp(store, clock);
      fresh.arm.down = true;
      await fresh.sets.ready(registry);
      return expectedRegions(fresh.sets.current(registry));
    }
    return { one, other, clock, store, restarted };
  }

  test('because ARM does not answer an instance that has slept', async () => {
    const { one, other, clock, restarted } = await setUpTwo();
    await other.sets.ready(registry);
    await clock.advance(60_000);
    one.arm.down = true;
    await one.sets.refresh(registry);
    expect(await restarted()).toEqual(three);
    expect(one.sets.current(registry)).toMatchObject({ source: 'remembered' });
    expect(expectedRegions(one.sets.current(registry))).toEqual(three);
  });

  test('because an answer was slow to come', async () => {
    const { one, other, clock, restarted } = await setUpTwo();
    const come = one.holdBack();
    const asking = one.sets.refresh(registry);
    await clock.advance(5_000);
    await other.sets.ready(registry);
    await clock.settle();
    come();
    await asking;
    expect(expectedRegions(one.sets.current(registry))).toEqual(three);
    expect(await restarted()).toEqual(three);
    expect(one.arm.asked).toBe(2);
  });

  test('because the clock of whoever asked is ahead', async () => {
    const { one, other, clock } = await setUpTwo(600_000);
    await other.sets.ready(registry);
    await other.sets.refresh(registry);
    await clock.advance(31_000);
    await one.sets.ready(registry);
    expect(expectedRegions(one.sets.current(registry))).toEqual(three);
  });

  test('and an answer that may be the newer one is asked for again', async () => {
    const { one, other, clock, restarted } = await setUpTwo();
    await other.sets.ready(registry);
    await clock.advance(60_000);
    const come = other.holdBack();
    const slow = other.sets.refresh(registry);
    await clock.advance(1_000);
    const comeLater = one.holdBack();
    one.arm.regions = two;
    const later = one.sets.refresh(registry);
    await clock.advance(1_000);
    come();
    await slow;
    comeLater();
    await later;
    expect(one.arm.asked).toBe(3);
    expect(expectedRegions(one.sets.current(registry))).toEqual(two);
    expect(await restarted()).toEqual(two);
  });

  test('and one that could not be stored is used all the same, until another was', async () => {
    const store = memoryReplicaSetStore();
    const unwritable: ReplicaSetStore = {
      ...store,
      save: () => Promise.reject(new WorldError('unavailable', 'table (503)')),
    };
    const { sets, clock } = setUp(unwritable);
    await sets.ready(registry);
    await clock.advance(31_000);
    await sets.ready(registry);
    expect(expectedRegions(sets.current(registry))).toEqual(two);
    const other = setUp(store, clock);
    other.arm.regions = three;
    await other.sets.ready(registry);
    await clock.advance(31_000);
    await sets.ready(registry);
    expect(expectedRegions(sets.current(registry))).toEqual(three);
  });
});

describe('while what is stored cannot be read', () => {
  function setUpUnread() {
    const store = memoryReplicaSetStore();
    const trouble = { isOn: true };
    const load: ReplicaSetStore['load'] = async (name) => {
      if (trouble.isOn) throw new WorldError('throttled', 'table (503)');
      return store.load(name);
    };
    return { ...setUp({ ...store, load }), trouble, store };
  }
  const notRead = { code: 'unavailable', temporary: true };

  test('an instance that starts is not ready, since it may be that more is known than ARM tells', async () => {
    const { sets, store, trouble, clock } = setUpUnread();
    await setUp(store).sets.ready(registry);
    await expect(sets.ready(registry)).rejects.toMatchObject(notRead);
    expect(expectedRegions(sets.current(registry))).toEqual([]);
    trouble.isOn = false;
    await sets.ready(registry);
    await clock.settle();
    expect(expectedRegions(sets.current(registry))).toEqual(['eastus', 'westeurope']);
  });

  test('one that could read it is ready for two minutes, and again with the first read that succeeds', async () => {
    const { sets, trouble, clock } = setUpUnread();
    trouble.isOn = false;
    await sets.ready(registry);
    trouble.isOn = true;
    await clock.advance(120_000);
    await sets.ready(registry);
    await clock.advance(1);
    await expect(sets.ready(registry)).rejects.toMatchObject(notRead);
    trouble.isOn = false;
    await sets.ready(registry);
  });
});

test('hours without ARM are no reason not to be ready', async () => {
  const { sets, arm, clock } = setUp();
  await sets.ready(registry);
  arm.down = true;
  await clock.advance(5 * 3_600_000);
  await sets.ready(registry);
  expect(expectedRegions(sets.current(registry))).toEqual(['eastus', 'westeurope']);
});

test('that ARM does not answer is seen by instances that do not ask', async () => {
  const { sets, clock } = setUp();
  await sets.ready(registry);
  await clock.advance(900_000);
  await sets.ready(registry);
  expect(sets.current(registry)).toMatchObject({ source: 'arm' });
  await clock.advance(31_000);
  await sets.ready(registry);
  expect(sets.current(registry)).toMatchObject({ source: 'remembered' });
});

test('a flood of refreshes asks ARM once', async () => {
  const { sets, arm, clock } = setUp();
  await sets.ready(registry);
  const asked = arm.asked;
  await clock.advance(60_000);
  await Promise.all(Array.from({ length: 50 }, () => sets.refresh(registry)));
  await sets.refresh(registry);
  expect(arm.asked).toBe(asked + 1);
});

test('a fixed list of regions wins, and ARM is never asked', async () => {
  const { arm } = setUp();
  const fixed = registryOf({ ...registry, regions: [regionOf('eastus')] });
  const clock = manualClock();
  const sets = replicaSets({
    registries: [fixed],
    directory: { replicas: async () => [replicaOf('westeurope')] },
    store: memoryReplicaSetStore(),
    clock,
    log: { info: () => undefined, warn: () => undefined },
    onChange: () => undefined,
  });
  await sets.refresh(fixed);
  expect(sets.current(fixed)).toMatchObject({ source: 'settings' });
  expect(arm.asked).toBe(0);
});

describe('a replica that was removed and made again', () => {
  const absences = (sets: ReturnType<typeof setUp>['sets']) =>
    sets.current(registry).replicas.map(({ region, absentAt }) => [region, absentAt]);

  test('is known to have been away, on every instance and after a restart; the others are not', async () => {
    const { sets, arm, clock, store } = setUp();
    await sets.ready(registry);
    expect(absences(sets)).toEqual([
      ['eastus', undefined],
      ['westeurope', undefined],
    ]);
    arm.regions = ['eastus'];
    await clock.advance(300_000);
    await sets.refresh(registry);
    const away = clock.now();
    arm.regions = ['eastus', 'westeurope'];
    await clock.advance(300_000);
    await sets.refresh(registry);
    const expected = [
      ['eastus', undefined],
      ['westeurope', away],
    ];
    expect(absences(sets)).toEqual(expected);
    await clock.advance(300_000);
    await sets.refresh(registry);
    expect(absences(sets)).toEqual(expected);
    const restarted = setUp(store);
    await restarted.sets.ready(registry);
    expect(absences(restarted.sets)).toEqual(expected);
  });

  test('is found out also by an instance that slept through it', async () => {
    const store = memoryReplicaSetStore();
    const [asleep, awake] = [setUp(store), setUp(store)];
    await asleep.sets.ready(registry);
    await awake.sets.ready(registry);
    awake.arm.regions = ['eastus'];
    await awake.clock.advance(300_000);
    await awake.sets.refresh(registry);
    const away = awake.clock.now();
    await asleep.clock.advance(600_000);
    await asleep.sets.refresh(registry);
    expect(absences(asleep.sets)).toContainEqual(['westeurope', away]);
  });

  test('is found out by its being created, when nobody looked while it was away', async () => {
    const { sets, arm, clock } = setUp();
    await sets.ready(registry);
    const before = clock.now();
    arm.states.set('westeurope', 'Creating');
    await clock.advance(300_000);
    await sets.refresh(registry);
    arm.states.clear();
    await clock.advance(300_000);
    await sets.refresh(registry);
    expect(absences(sets)).toContainEqual(['westeurope', before]);
  });
});
