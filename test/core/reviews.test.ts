/**
 * After a change of the replica set, all images that are not everywhere are looked at once every instance uses it, whoever dies
 * over it: for most of them no timer is left.
 */
import { expect, test } from 'vitest';
import { WorldError } from '../../src/core/errors.ts';
import type { ImageStore } from '../../src/core/ports.ts';
import { digestOf, pushOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../support/build.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../support/memory-tracker.ts';

const registry = registryOf();
const name = (n: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) });

/** Images that are in one of two regions, told as delayed; and instances, each with the set that it is told to use. */
async function setUp(images: number) {
  const sets = { one: regionsOf('eastus', 'westeurope'), other: regionsOf('eastus', 'westeurope') };
  const one = memoryTracker({ replicaSet: (of) => replicaSetOf({ ...of, regions: sets.one }) });
  const { clock, index, tags, timer, publisher, reviews, store } = one;
  const shared = { index, tags, timer, publisher, reviews, store };
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
  return { one, start, sets, everywhere, store, clock, reviews, published: publisher.published };
}

/** As the timer function does every five minutes. */
async function refresh({ tracker, clock }: MemoryTracker): Promise<void> {
  await clock.advance(300_000);
  await tracker.refreshReplicas(registry);
  await clock.settle();
}

test('what an instance leaves behind that dies over it, the next one looks at', async () => {
  const { start, sets, everywhere, store, published } = await setUp(3);
  sets.other = regionsOf('eastus');
  let isDead = false;
  const died = () => new Promise<never>(() => undefined);
  const dying = start({ store: { ...store, read: (of) => (isDead ? died() : store.read(of)) } });
  isDead = true;
  void dying.tracker.reviewOpen(registry);
  await refresh(dying);
  expect(everywhere()).toBe(0);
  // It was started with the smaller set: to this one nothing has changed.
  const next = start();
  await refresh(next);
  expect(everywhere()).toBe(3);
  for (let time = 0; time < 3; time++) await refresh(next);
  expect(published).toHaveLength(3 * 3);
});

test('what was decided for the set before, while others used the next one already, is looked at as well', async () => {
  const { one, start, sets, everywhere, clock } = await setUp(1);
  sets.other = regionsOf('eastus', 'westeurope');
  sets.one = regionsOf('eastus', 'northeurope', 'westeurope');
  const other = start();
  await other.tracker.refreshReplicas(registry);
  await other.tracker.reviewOpen(registry);
  // This instance has not read the smaller set yet, and has nothing more to do for the image.
  await one.tracker.receive({ name: name(1), fact: pushOf('westeurope', new Date(clock.now()).toISOString()) });
  await passTime(one, 60_000);
  sets.one = sets.other;
  expect(everywhere()).toBe(0);
  await refresh(other);
  expect(everywhere()).toBe(1);
});

test('a review that fails goes on from its last page', async () => {
  const { start, sets, everywhere, store, reviews } = await setUp(150);
  sets.other = regionsOf('eastus');
  await refresh(start());
  let reads = 0;
  const troubled: ImageStore = {
    ...store,
    async read(of) {
      if (++reads > 120) throw new WorldError('unavailable', 'the tables are away');
      return store.read(of);
    },
  };
  const instance = start({ store: troubled });
  await refresh(instance);
  expect(instance.lines.filter((line) => line.startsWith('open images not reviewed'))).toHaveLength(1);
  expect((await reviews.load('contoso'))?.cursor).toMatch(/./);
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
