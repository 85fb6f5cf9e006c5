/**
 * After a change of the replica set, all images that are not everywhere are evaluated once every instance uses it, also when an
 * instance dies meanwhile: most of them have no timer.
 */
import { describe, expect, test } from 'vitest';
import type { ImageStore } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, pushOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const name = (n: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) });

/** Images that are in one of two regions, published as delayed; and instances, each with a given replica set. */
async function setUp(images: number) {
  const sets = { one: regionsOf('eastus', 'westeurope'), other: regionsOf('eastus', 'westeurope') };
  const one = memoryTracker({ replicaSet: (of) => replicaSetOf({ ...of, regions: sets.one }) });
  const { clock, lists, tags, timer, publisher, checkpoints, store } = one;
  const shared = { lists, tags, timer, publisher, checkpoints, store };
  const start = (ports: { store?: ImageStore } = {}): MemoryTracker =>
    memoryTracker({
      clock,
      replicaSet: (of) => replicaSetOf({ ...of, regions: sets.other }),
      ports: { ...shared, ...ports },
    });
  for (let n = 1; n <= images; n++) {
    await one.tracker.receive({ name: name(n), fact: pushOf('eastus', new Date(clock.now()).toISOString()) });
  }
  await passTime(one, 1_200_000, 10_000);
  expect(timer.set).toEqual([]);
  const everywhere = () =>
    publisher.published.filter(({ type }) => type.endsWith('ImageAvailableInAllReplicas')).length;
  return { one, start, sets, everywhere, store, clock, checkpoints, published: publisher.published };
}

/** As the timer function does every five minutes. */
async function refresh({ tracker, clock }: MemoryTracker): Promise<void> {
  await clock.advance(300_000);
  await tracker.refreshReplicas(registry);
  await clock.settle();
}

test('what an instance that dies leaves behind, the next one evaluates', async () => {
  const { start, sets, everywhere, store, published } = await setUp(3);
  sets.other = regionsOf('eastus');
  let isDead = false;
  const died = () => new Promise<never>(() => undefined);
  const dying = start({ store: { ...store, read: (of) => (isDead ? died() : store.read(of)) } });
  isDead = true;
  void dying.tracker.reconcileOpen(registry);
  await refresh(dying);
  expect(everywhere()).toBe(0);
  // It was started with the smaller set: for this instance nothing has changed.
  const next = start();
  await refresh(next);
  expect(everywhere()).toBe(3);
  for (let time = 0; time < 3; time++) await refresh(next);
  expect(published).toHaveLength(3 * 3);
});

test('what was decided for the set before, while others used the next one already, is evaluated as well', async () => {
  const { one, start, sets, everywhere, clock } = await setUp(1);
  sets.other = regionsOf('eastus', 'westeurope');
  sets.one = regionsOf('eastus', 'northeurope', 'westeurope');
  const other = start();
  await other.tracker.refreshReplicas(registry);
  await other.tracker.reconcileOpen(registry);
  // This instance has not read the smaller set yet, and has nothing more to do for the image.
  await one.tracker.receive({ name: name(1), fact: pushOf('westeurope', new Date(clock.now()).toISOString()) });
  await passTime(one, 60_000);
  sets.one = sets.other;
  expect(everywhere()).toBe(0);
  await refresh(other);
  expect(everywhere()).toBe(1);
});

test('a run that fails is continued from its last page', async () => {
  const { start, sets, everywhere, store, checkpoints } = await setUp(150);
  sets.other = regionsOf('eastus');
  await refresh(start());
  let reads = 0;
  const failing: ImageStore = {
    ...store,
    async read(of) {
      if (++reads > 120) throw new UpstreamError('unavailable', 'the tables are away');
      return store.read(of);
    },
  };
  const instance = start({ store: failing });
  await refresh(instance);
  expect(instance.lines.filter((line) => line.startsWith('open images not reconciled'))).toHaveLength(1);
  expect((await checkpoints.load('contoso'))?.cursor).toMatch(/./);
  reads = -1_000;
  await refresh(instance);
  expect(everywhere()).toBe(150);
  // The hundred before were not read again.
  expect(reads + 1_000).toBeLessThan(120);
});

test('while the set stays as it is, an image costs nothing', async () => {
  const { one, start, store } = await setUp(3);
  for (let time = 0; time < 2; time++) await refresh(one);
  let reads = 0;
  const counted = start({
    store: {
      ...store,
      read: (of) => {
        reads++;
        return store.read(of);
      },
    },
  });
  for (let time = 0; time < 3; time++) await refresh(counted);
  expect(reads).toBe(0);
});

describe('after a region was added', () => {
  const open = async ({ tracker }: MemoryTracker, limit = 50) => {
    const query = { registry, repository: undefined, state: 'replicating', region: undefined, missing: false } as const;
    const found: (string | null)[] = [];
    let cursor: string | undefined;
    do {
      const page = await tracker.images({ ...query, limit, cursor });
      found.push(...page.images.map(({ digest }) => digest));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return found;
  };

  /** Images that were everywhere a day ago, and those that were not. */
  async function setUpComplete(images: number) {
    const setup = await setUp(images);
    const { one, clock, sets } = setup;
    await refresh(one);
    await refresh(one);
    for (let n = 1; n <= images; n++) {
      await one.tracker.receive({ name: name(n), fact: pushOf('westeurope', new Date(clock.now()).toISOString()) });
    }
    await passTime(one, 86_400_000, 600_000);
    expect(await open(one)).toEqual([]);
    sets.one = regionsOf('eastus', 'northeurope', 'westeurope');
    return setup;
  }

  test('images that lack it are on the list of those that are replicating, from the first question on', async () => {
    const { one } = await setUpComplete(7);
    const all = [1, 2, 3, 4, 5, 6, 7].map(digestOf);
    expect(await open(one)).toEqual(all);
    expect(await open(one, 3)).toEqual(all);
    const missing = async () => {
      const { regions } = await one.tracker.replicas(registry);
      return regions.map(({ region, missingImages }) => [region, missingImages]);
    };
    const expected = [
      ['eastus', 0],
      ['northeurope', 7],
      ['westeurope', 0],
    ];
    expect(await missing()).toEqual(expected);
    for (let time = 0; time < 3; time++) await refresh(one);
    expect(await open(one)).toEqual(all);
    expect(await missing()).toEqual(expected);
  });

  test('once they are on it, the list of all others is not read', async () => {
    const { one, start, checkpoints, sets, store } = await setUpComplete(3);
    for (let time = 0; time < 3; time++) await refresh(one);
    expect(await checkpoints.load('contoso')).toMatchObject({ cursor: null });
    expect((await one.lists.page({ registry: 'contoso', list: 'replicating', limit: 10 })).entries).toHaveLength(3);
    for (const n of [1, 2]) {
      await one.tracker.receive({
        name: name(n),
        fact: pushOf('northeurope', new Date(one.clock.now()).toISOString()),
      });
    }
    await one.clock.settle();
    sets.other = sets.one;
    let reads = 0;
    const read: ImageStore['read'] = (of) => {
      reads++;
      return store.read(of);
    };
    expect(await open(start({ store: { ...store, read } }))).toEqual([digestOf(3)]);
    expect(reads).toBe(1);
  });

  test('also where the set shrinks before all have been put on it', async () => {
    const { one, sets } = await setUpComplete(3);
    await refresh(one);
    sets.one = regionsOf('eastus', 'northeurope');
    for (let time = 0; time < 4; time++) {
      expect(await open(one)).toHaveLength(3);
      await refresh(one);
    }
    expect((await one.lists.page({ registry: 'contoso', list: 'replicating', limit: 10 })).entries).toHaveLength(3);
  });
});
