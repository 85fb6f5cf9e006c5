/** Once the replicas have changed, images are counted by the new set, also where an instance still knows the one before. */
import { expect, test } from 'vitest';
import {
  memoryCheckpointStore,
  memoryImageLists,
  memoryImageStore,
  memoryTagDigests,
} from '../../../src/adapters/memory.ts';
import type { Region } from '../../../src/core/model/region.ts';
import { digestOf, pushOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryCatalogue, memoryTracker } from '../../support/memory-tracker.ts';

const registry = registryOf();
const both = regionsOf('eastus', 'westeurope');
const one = regionsOf('eastus');
const nameOf = (n: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) });

/** Instances that share everything but the replicas that they know, and 2 images in East US. */
async function instances(knownBy: readonly { regions: readonly Region[]; stored?: readonly Region[] }[]) {
  const clock = manualClock();
  const catalogue = memoryCatalogue();
  const index = memoryImageLists();
  const shared = {
    ...{ catalogue, index, store: memoryImageStore(), tags: memoryTagDigests(), checkpoints: memoryCheckpointStore() },
  };
  const trackers = knownBy.map((known) => {
    const sets = {
      current: () => replicaSetOf(registryOf({ regions: known.regions })),
      async ready() {
        known.regions = known.stored ?? known.regions;
      },
      refresh: async () => undefined,
      refreshSoon: () => undefined,
      refreshForQuestion: async () => undefined,
    };
    return memoryTracker({ clock, ports: { ...shared, sets } }).tracker;
  });
  for (const n of [1, 2])
    await trackers[0]?.receive({ name: nameOf(n), fact: pushOf('eastus', new Date(clock.now()).toISOString()) });
  await clock.advance(2_000);
  await clock.settle();
  return { trackers, clock, catalogue, index };
}

test('an image that is listed under two generations is counted once, and keeps no other from being counted', async () => {
  const known = { regions: both };
  const { trackers, clock, index } = await instances([known]);
  const [tracker] = trackers as [(typeof trackers)[number]];
  await index.add({ name: nameOf(1), firstSeenAt: clock.now() - 60_000 }, ['all']);
  known.regions = one;
  await tracker.refreshReplicas(registry);
  expect((await tracker.summary(registry)).images).toMatchObject({ available: 2, replicating: 0 });
});

test('an instance that had nothing to do counts by the replicas that are stored by now', async () => {
  const { trackers } = await instances([{ regions: both }, { regions: both, stored: one }]);
  const [, idle] = trackers as [unknown, (typeof trackers)[number]];
  await idle.recount(nameOf(1));
  expect((await idle.summary(registry)).images).toMatchObject({ available: 1, replicating: 1 });
});

test('what another instance counts by the replicas of before is counted again', async () => {
  const known = { regions: both };
  const { trackers, clock, catalogue } = await instances([known, { regions: both }]);
  const [tracker, late] = trackers as [(typeof trackers)[number], (typeof trackers)[number]];
  known.regions = one;
  await tracker.refreshReplicas(registry);
  expect((await tracker.summary(registry)).images).toMatchObject({ available: 2, replicating: 0 });
  await late.recount(nameOf(1));
  await late.recount(nameOf(2));
  expect((await tracker.summary(registry)).images).toMatchObject({ available: 0, replicating: 2 });
  await clock.advance(300_000);
  await tracker.refreshReplicas(registry);
  expect((await tracker.summary(registry)).images).toMatchObject({ available: 2, replicating: 0 });
  expect(await catalogue.store.recounted('contoso')).toMatchObject({ cursor: null });
});
