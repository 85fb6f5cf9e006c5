/** A tag that was in all replicas is counted as diverged once a replica resolves it to another digest. */
import { expect, test } from 'vitest';
import type { Region } from '../../../src/core/model/region.ts';
import { digestOf, pushOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { memoryCatalogue, memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const nameOf = (n: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) });

/** Image 2 has the tag in East US, which is all replicas; West Europe is added, and has image 2 without the tag. */
async function convergedOnce() {
  const known: { regions: readonly Region[] } = { regions: regionsOf('eastus') };
  const catalogue = memoryCatalogue();
  const setup = memoryTracker({
    replicaSet: () => replicaSetOf(registryOf({ regions: known.regions })),
    ports: { catalogue },
  });
  const { tracker, clock } = setup;
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 30_000) {
      await passTime(setup, 30_000, 10_000);
      const due = catalogue.reminders.filter(({ at }) => at <= clock.now());
      for (const { name, at } of due) await tracker.recount(name).then(() => catalogue.timer.cancel(name, at));
    }
  };
  const push = (n: number, region: string, minutesAgo: number, tag?: string) => {
    const eventTime = new Date(clock.now() - minutesAgo * 60_000).toISOString();
    const fact = pushOf(region, new Date(clock.now()).toISOString(), { eventTime, ...(tag && { tag }) });
    return tracker.receive({ name: nameOf(n), fact });
  };
  const diverged = async () => {
    const query = { registry, repository: undefined, region: undefined, missing: false, limit: 50, cursor: undefined };
    const { images } = await tracker.images({ ...query, state: 'diverged' });
    return [(await tracker.summary(registry)).divergedTags, images.map(({ digest }) => digest)];
  };
  await push(2, 'eastus', 0, 'prod');
  await pass(60_000);
  known.regions = regionsOf('eastus', 'westeurope');
  await push(2, 'westeurope', 0);
  await pass(1_200_000);
  expect(await diverged()).toEqual([0, []]);
  return { push, pass, diverged };
}

test('by a report of the digest that it had before', async () => {
  const { push, pass, diverged } = await convergedOnce();
  await push(1, 'eastus', 30, 'prod');
  await push(1, 'westeurope', 30, 'prod');
  await pass(120_000);
  expect(await diverged()).toEqual([1, [digestOf(2)]]);
  await push(2, 'westeurope', 0, 'prod');
  await pass(30_000);
  expect(await diverged()).toEqual([0, []]);
});
