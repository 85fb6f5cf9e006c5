/** What was delayed, everywhere after that, and is not everywhere again, is counted as delayed, and is on that list. */
import { expect, test } from 'vitest';
import type { Region } from '../../../src/core/model/region.ts';
import type { ListOrder } from '../../../src/core/ports.ts';
import { deleteOf, digestOf, pushOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { memoryCatalogue, memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

/** An image that was delayed, and is in East US and West Europe by now. */
async function delayedOnce(known: { regions: readonly Region[] }) {
  const setup = memoryTracker({
    replicaSet: () => replicaSetOf(registryOf({ regions: known.regions })),
    ports: { catalogue: memoryCatalogue() },
  });
  const { tracker, clock } = setup;
  const now = () => new Date(clock.now()).toISOString();
  const pass = (milliseconds: number) => passTime(setup, milliseconds, 10_000);
  const delayed = async () => {
    const query = { registry, repository: undefined, region: undefined, missing: false, limit: 50, cursor: undefined };
    const listed = async (sort: ListOrder) =>
      (await tracker.images({ ...query, state: 'delayed', sort })).images.length;
    return [(await tracker.summary(registry)).delayed, await listed('newest'), await listed('lag')];
  };
  await tracker.receive({ name, fact: pushOf('eastus', now()) });
  await pass(1_000_000);
  expect(await delayed()).toEqual([1, 1, 1]);
  await tracker.receive({ name, fact: pushOf('westeurope', now()) });
  await pass(10_000);
  expect(await delayed()).toEqual([0, 0, 0]);
  return { tracker, now, pass, delayed };
}

test('an image is listed and counted as delayed again, after a region has deleted it and it is pushed again in another', async () => {
  const { tracker, now, pass, delayed } = await delayedOnce({ regions: regionsOf('eastus', 'westeurope') });
  await tracker.receive({ name, fact: deleteOf('westeurope', now()) });
  await pass(10_000);
  expect(await delayed()).toEqual([0, 0, 0]);
  await tracker.receive({ name, fact: pushOf('eastus', now()) });
  await pass(10_000);
  expect(await delayed()).toEqual([1, 1, 1]);
});

test('an image is listed and counted as delayed again, after a replica is added that lacks it', async () => {
  const known = { regions: regionsOf('eastus', 'westeurope') };
  const { tracker, pass, delayed } = await delayedOnce(known);
  known.regions = regionsOf('eastus', 'japaneast', 'westeurope');
  for (let time = 0; time < 2; time++) {
    await tracker.refreshReplicas(registry);
    await pass(300_000);
  }
  expect(await delayed()).toEqual([1, 1, 1]);
});
