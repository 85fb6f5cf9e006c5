/** The replica set over time: asked for, stored, never smaller because ARM failed, and passed on when it changes. */
import { describe, expect, test } from 'vitest';
import { memoryReplicaSetStore } from '../../../src/adapters/memory.ts';
import { expectedRegions, isStale } from '../../../src/core/model/replica-set.ts';
import type { ReplicaDirectory, ReplicaSetStore } from '../../../src/core/ports.ts';
import { replicaSets } from '../../../src/core/replicas/replica-set-cache.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { regionOf, registryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryReplicas } from '../../support/memory-replicas.ts';

const registry = registryOf({
  regions: undefined,
  resourceId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso',
});
/** @param aheadMs how far the instance's clock is ahead of the test's */
function setUp(store: ReplicaSetStore = memoryReplicaSetStore(), clock = manualClock(), aheadMs = 0) {
  const arm = {
    regions: ['eastus', 'westeurope'],
    states: new Map<string, string>(),
    names: new Map<string, string>(),
    down: false,
    /** Regions whose replica the list lacks, and ARM finds when it is asked for it by name. */
    unlisted: [] as string[],
    /** Regions whose replica ARM does not find by name, though it is on the list. */
    unfound: [] as string[],
    /** Regions whose replica gets no clear answer when ARM is asked for it by name. */
    unclear: [] as string[],
    asked: 0,
    /** The answer says what was so when ARM was asked, and comes when this ends. */
    isUnderWay: Promise.resolve(),
  };
  const changes: string[] = [];
  const all = (...left: readonly string[]) =>
    arm.regions
      .filter((one) => !left.includes(one))
      .map((region) => ({ region, state: arm.states.get(region), name: arm.names.get(region) }));
  const { list, find } = memoryReplicas(
    () => all(...arm.unlisted),
    () => all(...arm.unfound),
  );
  const directory: ReplicaDirectory = {
    async list(of) {
      arm.asked++;
      if (arm.down) throw new UpstreamError('unavailable', 'ARM (503)');
      const answer = await list(of);
      await arm.isUnderWay;
      return answer;
    },
    async find(of, name) {
      if (arm.unclear.some((region) => name.endsWith(region))) throw new UpstreamError('throttled', 'ARM (429)');
      return find(of, name);
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

test('is empty, not made up, while ARM has never answered', async () => {
  const { sets, arm } = setUp();
  arm.down = true;
  await sets.ready(registry);
  expect(sets.current(registry)).toMatchObject({ replicas: [], source: 'remembered' });
});

describe('a change of ARM', () => {
  test('is passed on once', async () => {
    const { sets, arm, clock, changes } = setUp();
    await sets.ready(registry);
    arm.regions = ['eastus', 'northeurope', 'westeurope'];
    await clock.advance(60_000);
    await sets.refresh(registry);
    await clock.advance(60_000);
    await sets.refresh(registry);
    expect(changes).toEqual(['eastus,northeurope,westeurope']);
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
  const four = ['eastus', 'northeurope', 'uksouth', 'westeurope'];
  /** Two instances, of which the second is the first to read a third replica, five minutes later. */
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

  test('because an answer came after what is stored had been read again', async () => {
    const { one, other, clock, restarted } = await setUpTwo();
    const come = one.holdBack();
    const asking = one.sets.refresh(registry);
    await clock.advance(5_000);
    await other.sets.ready(registry);
    await clock.advance(31_000);
    await one.sets.ready(registry);
    expect(expectedRegions(one.sets.current(registry))).toEqual(three);
    come();
    await asking;
    expect(expectedRegions(one.sets.current(registry))).toEqual(three);
    expect(await restarted()).toEqual(three);
  });

  test('because a read that began before the save ended after it', async () => {
    const store = memoryReplicaSetStore();
    let isRead = Promise.resolve();
    const slow: ReplicaSetStore = {
      ...store,
      async load(name) {
        const stored = await store.load(name);
        await isRead;
        return stored;
      },
    };
    const { sets, arm, clock, holdBack } = setUp(slow);
    await sets.ready(registry);
    await clock.advance(300_000);
    arm.regions = three;
    const come = holdBack();
    const asking = sets.refresh(registry);
    await clock.advance(31_000);
    const { promise, resolve } = Promise.withResolvers<void>();
    isRead = promise;
    const reading = sets.ready(registry);
    come();
    await asking;
    resolve();
    await reading;
    expect(expectedRegions(sets.current(registry))).toEqual(three);
  });

  test('because the clock of the instance that asked is ahead', async () => {
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
    one.arm.regions = four;
    const later = one.sets.refresh(registry);
    await clock.advance(1_000);
    come();
    await slow;
    comeLater();
    await later;
    expect(one.arm.asked).toBe(3);
    expect(expectedRegions(one.sets.current(registry))).toEqual(four);
    expect(await restarted()).toEqual(four);
  });

  test('and one that could not be stored is used all the same, until another was', async () => {
    const store = memoryReplicaSetStore();
    const unwritable: ReplicaSetStore = {
      ...store,
      save: () => Promise.reject(new UpstreamError('unavailable', 'table (503)')),
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
    const outage = { isOn: true };
    const load: ReplicaSetStore['load'] = async (name) => {
      if (outage.isOn) throw new UpstreamError('throttled', 'table (503)');
      return store.load(name);
    };
    return { ...setUp({ ...store, load }), outage, store };
  }
  const notRead = { code: 'unavailable', temporary: true };

  test('an instance that starts is not ready, since more may be known than ARM lists', async () => {
    const { sets, store, outage, clock } = setUpUnread();
    await setUp(store).sets.ready(registry);
    await expect(sets.ready(registry)).rejects.toMatchObject(notRead);
    expect(expectedRegions(sets.current(registry))).toEqual([]);
    outage.isOn = false;
    await sets.ready(registry);
    await clock.settle();
    expect(expectedRegions(sets.current(registry))).toEqual(['eastus', 'westeurope']);
  });

  test('one that could read it is ready for two minutes, and again with the first read that succeeds', async () => {
    const { sets, outage, clock } = setUpUnread();
    outage.isOn = false;
    await sets.ready(registry);
    outage.isOn = true;
    await clock.advance(120_000);
    await sets.ready(registry);
    await clock.advance(1);
    await expect(sets.ready(registry)).rejects.toMatchObject(notRead);
    outage.isOn = false;
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

describe('a question', () => {
  /** No replica is known, and ARM did not answer ten seconds ago. */
  async function setUpUnknown() {
    const one = setUp();
    one.arm.down = true;
    await one.sets.ready(registry);
    one.arm.down = false;
    await one.clock.advance(10_000);
    const come = one.holdBack();
    const over: string[] = [];
    const ask = (name: string) => one.sets.refreshForQuestion(registry).then(() => over.push(name));
    return { ...one, come, ask, over };
  }

  test('that cannot be answered without ARM waits for its answer, and so do all that come meanwhile', async () => {
    const { sets, arm, clock, come, ask, over } = await setUpUnknown();
    void ask('first');
    await clock.advance(3_000);
    void ask('second');
    await clock.advance(1_000);
    expect(over).toEqual([]);
    come();
    await clock.settle();
    expect(over).toEqual(['first', 'second']);
    expect(expectedRegions(sets.current(registry))).toEqual(['eastus', 'westeurope']);
    expect(arm.asked).toBe(2);
  });

  test('waits five seconds at most', async () => {
    const { clock, ask, over } = await setUpUnknown();
    void ask('only');
    await clock.advance(4_999);
    expect(over).toEqual([]);
    await clock.advance(1);
    expect(over).toEqual(['only']);
  });

  test('that can be answered from what was known last does not wait', async () => {
    const { sets, arm, clock, holdBack } = setUp();
    await sets.ready(registry);
    arm.down = true;
    await clock.advance(60_000);
    await sets.refresh(registry);
    arm.down = false;
    await clock.advance(10_000);
    const come = holdBack();
    await sets.refreshForQuestion(registry);
    expect(sets.current(registry)).toMatchObject({ source: 'remembered' });
    come();
    await clock.settle();
    expect(sets.current(registry)).toMatchObject({ source: 'arm' });
  });

  test('asks nothing of ARM while that answers', async () => {
    const { sets, arm, clock } = setUp();
    await sets.ready(registry);
    await clock.advance(600_000);
    await sets.refreshForQuestion(registry);
    await clock.settle();
    expect(arm.asked).toBe(1);
  });
});

test('a fixed list of regions wins, and ARM is never asked', async () => {
  const { arm } = setUp();
  const fixed = registryOf({ ...registry, regions: [regionOf('eastus')] });
  const clock = manualClock();
  const sets = replicaSets({
    registries: [fixed],
    directory: memoryReplicas(() => [{ region: 'westeurope' }]),
    store: memoryReplicaSetStore(),
    clock,
    log: { info: () => undefined, warn: () => undefined },
    onChange: () => undefined,
  });
  await sets.refresh(fixed);
  expect(sets.current(fixed)).toMatchObject({ source: 'settings' });
  expect(arm.asked).toBe(0);
});

/** Five minutes later, as the timer has it. */
async function refreshLater({ sets, clock }: ReturnType<typeof setUp>, milliseconds = 300_000): Promise<string[]> {
  await clock.advance(milliseconds);
  await sets.refresh(registry);
  return expectedRegions(sets.current(registry));
}

describe('a replica leaves the set', () => {
  const two = ['eastus', 'westeurope'];

  test('once ARM, asked for it by name, has twice found none, two minutes apart', async () => {
    const one = setUp();
    await one.sets.ready(registry);
    one.arm.regions = ['eastus'];
    expect(await refreshLater(one)).toEqual(two);
    expect(await refreshLater(one, 119_999)).toEqual(two);
    expect(await refreshLater(one, 31_000)).toEqual(['eastus']);
  });

  test('also where another instance, or one after a restart, finds it missing the second time', async () => {
    const one = setUp();
    await one.sets.ready(registry);
    one.arm.regions = ['eastus'];
    expect(await refreshLater(one)).toEqual(two);
    const other = setUp(one.store, one.clock);
    other.arm.regions = ['eastus'];
    expect(await refreshLater(other)).toEqual(['eastus']);
    await one.clock.advance(31_000);
    await one.sets.ready(registry);
    expect(expectedRegions(one.sets.current(registry))).toEqual(['eastus']);
  });

  test.each(['listed', 'stored'])('at once when ARM has called it Deleting (%s) and then finds none', async (where) => {
    const one = setUp();
    await one.sets.ready(registry);
    one.arm.states.set('westeurope', 'Deleting');
    if (where === 'stored') {
      expect(await refreshLater(one)).toEqual(two);
      one.arm.regions = ['eastus'];
    } else one.arm.unfound = ['westeurope'];
    expect(await refreshLater(one)).toEqual(['eastus']);
  });

  test('and does not come back with a list that is minutes old', async () => {
    const one = setUp();
    await one.sets.ready(registry);
    one.arm.unfound = ['westeurope'];
    await refreshLater(one);
    expect(await refreshLater(one)).toEqual(['eastus']);
    expect(await refreshLater(one)).toEqual(['eastus']);
    one.arm.unfound = [];
    expect(await refreshLater(one)).toEqual(two);
  });

  test('although a clock that is a year ahead noted when it was missed first', async () => {
    const clock = manualClock();
    const ahead = setUp(memoryReplicaSetStore(), clock, 365 * 86_400_000);
    await ahead.sets.ready(registry);
    ahead.arm.regions = ['eastus'];
    await refreshLater(ahead);
    const right = setUp(ahead.store, clock);
    right.arm.regions = ['eastus'];
    expect(await refreshLater(right)).toEqual(two);
    expect(await refreshLater(right)).toEqual(['eastus']);
  });
});

describe('no replica leaves the set', () => {
  const two = ['eastus', 'westeurope'];
  type Arm = ReturnType<typeof setUp>['arm'];
  const noProof: [string, Partial<Arm>][] = [
    ['because a list lacks it', { unlisted: ['westeurope'] }],
    ['because a list is empty', { unlisted: two }],
    ['that is named twice', { regions: [...two, ...two] }],
    ['that ARM gives no clear answer about', { unlisted: two, unclear: two }],
    ['that is listed, and gets no clear answer', { unclear: two }],
    ['in the home region, though ARM finds none', { regions: ['westeurope'] }],
    ...['Failed', 'Canceled', 'Updating', 'Creating', 'Deleting', 'Sleeping', ''].map(
      (state): [string, Partial<Arm>] => [
        `that is ${JSON.stringify(state)}`,
        { states: new Map([['westeurope', state]]) },
      ],
    ),
  ];

  test.each(noProof)('%s, and its reports stay', async (_why, misbehaviour) => {
    const one = setUp();
    await one.sets.ready(registry);
    Object.assign(one.arm, misbehaviour);
    for (let time = 0; time < 4; time++) expect(await refreshLater(one)).toEqual(two);
    Object.assign(one.arm, { regions: two, unlisted: [], unclear: [], states: new Map() });
    expect(await refreshLater(one)).toEqual(two);
    expect(one.sets.current(registry).replicas).toMatchObject([{ region: 'eastus' }, { region: 'westeurope' }]);
    for (const replica of one.sets.current(registry).replicas) {
      expect(replica).not.toHaveProperty('lastAbsentAt');
      expect(replica).not.toHaveProperty('missingAt');
    }
  });

  test('that was missed once and found again: the two minutes start again', async () => {
    const one = setUp();
    await one.sets.ready(registry);
    for (let time = 0; time < 3; time++) {
      one.arm.regions = ['eastus'];
      expect(await refreshLater(one)).toEqual(two);
      one.arm.regions = two;
      expect(await refreshLater(one)).toEqual(two);
    }
  });
});

test('a failed replica is waited for, and its state says why it is late', async () => {
  const one = setUp();
  one.arm.states.set('westeurope', 'Failed');
  await one.sets.ready(registry);
  expect(one.sets.current(registry).replicas).toContainEqual(
    expect.objectContaining({ region: 'westeurope', expected: true, provisioningState: 'Failed' }),
  );
});

test('a replica that is listed and not found yet is waited for, and leaves like any other', async () => {
  const one = setUp();
  await one.sets.ready(registry);
  one.arm.regions = ['eastus', 'northeurope', 'westeurope'];
  one.arm.unfound = ['northeurope'];
  expect(await refreshLater(one)).toEqual(['eastus', 'northeurope', 'westeurope']);
  expect(await refreshLater(one)).toEqual(['eastus', 'westeurope']);
});

describe('a registry without replicas', () => {
  const absences = (sets: ReturnType<typeof setUp>['sets']) =>
    sets
      .current(registry)
      .replicas.map(({ region, lastAbsentAt, provisioningState }) => [region, lastAbsentAt, provisioningState]);

  test('is in its home region alone, and stays so', async () => {
    const one = setUp();
    one.arm.regions = [];
    await one.sets.ready(registry);
    for (let time = 0; time < 3; time++) expect(await refreshLater(one)).toEqual(['eastus']);
    expect(absences(one.sets)).toEqual([['eastus', undefined, null]]);
  });

  test('that gets its first replica has the same home replica as before', async () => {
    const one = setUp();
    one.arm.regions = [];
    await one.sets.ready(registry);
    await refreshLater(one);
    one.arm.regions = ['eastus', 'westeurope'];
    one.arm.states.set('eastus', 'Creating');
    await refreshLater(one);
    expect(absences(one.sets)).toEqual([
      ['eastus', undefined, 'Creating'],
      ['westeurope', undefined, 'Succeeded'],
    ]);
  });
});

describe('a replica that was removed and made again', () => {
  const absences = (sets: ReturnType<typeof setUp>['sets']) =>
    sets.current(registry).replicas.map(({ region, lastAbsentAt }) => [region, lastAbsentAt]);
  const bothRegions = ['eastus', 'westeurope'];

  test('is known to have been away, on every instance and after a restart; the others are not', async () => {
    const one = setUp();
    await one.sets.ready(registry);
    one.arm.regions = ['eastus'];
    await refreshLater(one);
    await refreshLater(one);
    const away = one.clock.now();
    one.arm.regions = bothRegions;
    await refreshLater(one);
    const expected = [
      ['eastus', undefined],
      ['westeurope', away],
    ];
    expect(absences(one.sets)).toEqual(expected);
    await refreshLater(one);
    expect(absences(one.sets)).toEqual(expected);
    const restarted = setUp(one.store);
    await restarted.sets.ready(registry);
    expect(absences(restarted.sets)).toEqual(expected);
  });

  test('is found out also by an instance that slept through it', async () => {
    const store = memoryReplicaSetStore();
    const [asleep, awake] = [setUp(store), setUp(store)];
    await asleep.sets.ready(registry);
    await awake.sets.ready(registry);
    await awake.clock.settle();
    awake.arm.regions = ['eastus'];
    await refreshLater(awake);
    await refreshLater(awake);
    const away = awake.clock.now();
    await refreshLater(asleep, 900_000);
    expect(absences(asleep.sets)).toContainEqual(['westeurope', away]);
  });

  test('under another name is another replica once the old one is proven gone, from when it was first missed', async () => {
    const one = setUp();
    await one.sets.ready(registry);
    one.arm.names.set('westeurope', 'second');
    await refreshLater(one);
    const missed = one.clock.now();
    expect(absences(one.sets)).toEqual([
      ['eastus', undefined],
      ['westeurope', undefined],
    ]);
    await refreshLater(one);
    expect(absences(one.sets)).toContainEqual(['westeurope', missed]);
    await refreshLater(one);
    expect(absences(one.sets)).toContainEqual(['westeurope', missed]);
  });

  test('counts as its predecessor where ARM was not read while it was away', async () => {
    const one = setUp();
    await one.sets.ready(registry);
    one.arm.states.set('westeurope', 'Creating');
    await refreshLater(one);
    expect(absences(one.sets)).toContainEqual(['westeurope', undefined]);
  });

  test('reports of a region before its first replica was known are not void', async () => {
    const one = setUp();
    one.arm.regions = ['eastus'];
    await one.sets.ready(registry);
    one.arm.regions = bothRegions;
    await refreshLater(one);
    expect(absences(one.sets)).toContainEqual(['westeurope', undefined]);
  });
});
