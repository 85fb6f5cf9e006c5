/** Lists with a filter: the same images for every page size, and no more storage calls in sequence for a small one. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { ImageQuery } from '../../../src/core/query/list-images.ts';
import { listImages } from '../../../src/core/query/list-images.ts';
import { digestOf, pushOf, regionOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const count = 150;
const westeurope = regionOf('westeurope');
/** Images that pass: few, several in a row, and one far from all others. */
const isInWest = (n: number) => n % 40 === 7 || (n >= 60 && n < 70) || n === 1;

const setup = memoryTracker();
beforeAll(async () => {
  for (let n = 0; n < count; n++) {
    const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) };
    const receivedAt = new Date(setup.clock.now()).toISOString();
    await setup.tracker.receive({ name, fact: pushOf('eastus', receivedAt) });
    if (isInWest(n)) await setup.tracker.receive({ name, fact: pushOf('westeurope', receivedAt) });
    await passTime(setup, 1_000, 1_000);
  }
});

function counted() {
  let calls = 0;
  const { lists, store, checkpoints } = setup;
  const ports = {
    store,
    checkpoints,
    lists: {
      ...lists,
      page: (...asked: Parameters<typeof lists.page>) => {
        calls++;
        return lists.page(...asked);
      },
    },
  };
  const ask = (query: Partial<ImageQuery>, set = replicaSetOf(registry)) => {
    const whole: ImageQuery = {
      ...{ registry, repository: undefined, state: undefined, region: undefined, missing: false, limit: 50 },
      ...{ cursor: undefined, ...query },
    };
    return listImages(ports, whole, set, setup.clock.now());
  };
  return { ask, calls: () => calls };
}

async function readAll(query: Partial<ImageQuery>): Promise<string[]> {
  const { ask } = counted();
  const digests: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 2 * count; page++) {
    const { images, next } = await ask({ ...query, cursor });
    expect(images.length).toBeLessThanOrEqual(query.limit ?? 50);
    digests.push(...images.map(({ digest }) => digest ?? ''));
    if (next === null) return digests;
    cursor = next;
  }
  throw new Error('the list has no end');
}

test('each matching image once, newest first, whatever the page size', async () => {
  const newestFirst = Array.from({ length: count }, (_, n) => count - 1 - n);
  const inWest = newestFirst.filter(isInWest).map(digestOf);
  const notInWest = newestFirst.filter((n) => !isInWest(n)).map(digestOf);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (limit) => {
      expect(await readAll({ limit, region: westeurope })).toEqual(inWest);
      expect(await readAll({ limit, region: westeurope, missing: true })).toEqual(notInWest);
    }),
    { numRuns: 20 },
  );
});

test('one image among many that do not pass costs no storage call for each of them', async () => {
  const { ask, calls } = counted();
  const repository = repositoryOf('team/app');
  const { images } = await ask({ repository, limit: 1, region: westeurope, state: 'available' });
  expect(images.map(({ digest }) => digest)).toEqual([digestOf(127)]);
  expect(calls()).toBeLessThanOrEqual(3);
  const none = counted();
  expect((await none.ask({ limit: 1, state: 'deleted' })).images).toEqual([]);
  expect(none.calls()).toBeLessThanOrEqual(5);
});

test('without a filter one page of the list is one page of its rows', async () => {
  const { ask, calls } = counted();
  expect((await ask({ limit: 20 })).images).toHaveLength(20);
  expect(calls()).toBe(1);
});

test.each<[string, Partial<ImageQuery>]>([
  ['of all images', {}],
  ['of a repository', { repository: repositoryOf('team/app') }],
  ['of those that are replicating', { state: 'replicating' }],
])('a list %s leaves out an image that only replaced replicas have reported', async (_, query) => {
  const now = setup.clock.now();
  const set = replicaSetOf(registry);
  const replaced = { ...set, replicas: set.replicas.map((replica) => ({ ...replica, lastAbsentAt: now })) };
  expect((await counted().ask(query, replaced)).images).toEqual([]);
});
