/** Forgetting: only what is finished and told, and nothing of what is said meanwhile. */
import { expect, test } from 'vitest';
import { memoryImageIndex } from '../../src/adapters/memory.ts';
import { defaultRequirement } from '../../src/core/requirement.ts';
import { digestOf, pushOf, regionsOf, registryOf, replicaSetOf, repositoryOf, tagOf } from '../support/build.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../support/memory-tracker.ts';

const registry = registryOf();
const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const longAfter = 91 * 86_400_000;

async function push({ tracker, clock }: MemoryTracker, ...regions: string[]): Promise<void> {
  const now = new Date(clock.now()).toISOString();
  for (const region of regions) await tracker.receive({ name, fact: pushOf(region, now, { tag: 'v1' }) });
}

test('an image that is pushed again while it is being forgotten keeps its tag', async () => {
  const index = memoryImageIndex();
  let meanwhile = async () => undefined as unknown;
  const memory = memoryTracker({
    ports: {
      index: {
        ...index,
        async remove(entry, lists) {
          // Of the image's record nothing is left by then, and its tags are not forgotten yet.
          if ((await memory.store.read(name)) === undefined) await meanwhile();
          await index.remove(entry, lists);
        },
      },
    },
  });
  await push(memory, 'eastus', 'westeurope');
  await passTime(memory, 60_000);
  await memory.clock.advance(longAfter);
  meanwhile = () => push(memory, 'eastus', 'westeurope');
  expect(await memory.tracker.expire()).toBe(1);
  await passTime(memory, 60_000);
  const question = { registry, repository: name.repository, digest: undefined, tag: tagOf('v1') };
  const document = await memory.tracker.answer(question, defaultRequirement(replicaSetOf(registry)));
  expect(document).toMatchObject({ digest: digestOf(1), satisfied: true });
});

test('an image that became complete because the set shrank, unnoticed, is told before it is forgotten', async () => {
  let regions = regionsOf('eastus', 'westeurope');
  const memory = memoryTracker({ replicaSet: (one) => replicaSetOf({ ...one, regions }) });
  const told = () => memory.publisher.published.map(({ type }) => type.split('.')[1]);
  await push(memory, 'eastus');
  await passTime(memory, 3_600_000, 10_000);
  expect(told()).toEqual(['ImageAvailableInRegion', 'ReplicationDelayed']);
  regions = regionsOf('eastus');
  await memory.clock.advance(longAfter);
  expect(await memory.tracker.expire()).toBe(0);
  await memory.clock.settle();
  expect(told().slice(2)).toEqual(['ImageAvailableInAllReplicas', 'TagConverged']);
  await memory.clock.advance(longAfter);
  expect(await memory.tracker.expire()).toBe(1);
});
