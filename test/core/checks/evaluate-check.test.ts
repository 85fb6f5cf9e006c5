/** For which replicas a check is evaluated: those that are known by then, not those that its instance knew last. */
import { expect, test } from 'vitest';
import { newCheck } from '../../../src/core/checks/check.ts';
import { evaluate } from '../../../src/core/checks/evaluate-check.ts';
import { digestOf, pushOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { requestOf } from '../../support/check-instances.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';

test('an instance that slept evaluates a check by the set that is stored by now', async () => {
  const registry = registryOf();
  let set = replicaSetOf(registry);
  const memory = memoryTracker({
    ports: {
      sets: {
        current: () => set,
        async ready() {
          set = replicaSetOf({ ...registry, regions: regionsOf('eastus', 'northeurope', 'westeurope') });
        },
        refresh: async () => undefined,
        refreshSoon: () => undefined,
        refreshForQuestion: async () => undefined,
      },
    },
  });
  const elsewhere = memoryTracker({ clock: memory.clock, ports: { store: memory.store } });
  const name = { registry: registry.name, repository: repositoryOf('team/app'), digest: digestOf(1) };
  for (const region of ['eastus', 'westeurope']) {
    await elsewhere.tracker.receive({ name, fact: pushOf(region, '2026-06-01T12:00:00Z') });
  }
  const check = newCheck(requestOf(), 'encrypted', memory.clock.now());
  const releases = { wait: async () => ({ kind: 'unknown' as const }) };
  expect(await evaluate({ ...memory, releases }, check, undefined, 0)).toMatchObject({ verdict: undefined, have: 2 });
});
