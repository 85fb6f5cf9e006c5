/** An image that was in all replicas is counted after the first report of an added one, also if the instance dies at once. */
import { expect, test } from 'vitest';
import type { Region } from '../../../src/core/model/region.ts';
import { digestOf, pushOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { memoryCatalogue, memoryTracker, passTime } from '../../support/memory-tracker.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

test('a report of an added replica sets a timer before it is written', async () => {
  const known: { regions: readonly Region[] } = { regions: regionsOf('eastus') };
  const catalogue = memoryCatalogue();
  const setup = memoryTracker({
    replicaSet: () => replicaSetOf(registryOf({ regions: known.regions })),
    ports: { catalogue },
  });
  const push = (region: string) =>
    setup.tracker.receive({ name, fact: pushOf(region, new Date(setup.clock.now()).toISOString()) });
  await push('eastus');
  await passTime(setup, 10_000, 1_000);
  expect(catalogue.reminders).toEqual([]);
  known.regions = regionsOf('eastus', 'westeurope');
  await push('westeurope');
  expect(catalogue.reminders.map((one) => one.name)).toEqual([name]);
  await passTime(setup, 10_000, 1_000);
  expect(catalogue.reminders).toEqual([]);
});
