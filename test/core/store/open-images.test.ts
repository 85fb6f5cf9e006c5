/** The list of open images: the young ones from among all, the older ones from their own list, each once, newest first. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryImageLists } from '../../../src/adapters/memory.ts';
import type { ImageQuery } from '../../../src/core/query/list-images.ts';
import { listImages } from '../../../src/core/query/list-images.ts';
import { pageOpenImages } from '../../../src/core/store/open-images.ts';
import { digestOf, pushOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const name = (n: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) });

async function readAll(lists: ReturnType<typeof memoryImageLists>, limit: number) {
  const read: { age: number; digest: string }[] = [];
  let cursor: string | undefined;
  // Time passes between two pages.
  for (let page = 0; page < 200; page++) {
    const { entries, next } = await pageOpenImages(lists, { registry: 'contoso', cursor, limit }, now + page * 1_000);
    read.push(...entries.map((entry) => ({ age: now - entry.firstSeenAt, digest: entry.name.digest })));
    if (next === null) return read;
    expect(next).toMatch(/^[A-Za-z0-9_-]{1,1000}$/);
    cursor = next;
  }
  throw new Error('the list has no end');
}

test('every open image once, newest first, whatever the page size', async () => {
  const image = fc.record({ ageSeconds: fc.integer({ min: 0, max: 600 }), isOpen: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(image, { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), async (images, limit) => {
      const lists = memoryImageLists();
      const open: string[] = [];
      for (const [n, { ageSeconds, isOpen }] of images.entries()) {
        const entry = { name: name(n), firstSeenAt: now - ageSeconds * 1_000 };
        await lists.add(entry, ['all']);
        // Its timer has fired by then, and nothing has removed it.
        if (isOpen && ageSeconds > 60) await lists.add(entry, ['replicating']);
        if (isOpen) open.push(entry.name.digest);
      }
      const read = await readAll(lists, limit);
      const digests = read.map(({ digest }) => digest);
      expect(new Set(digests).size).toBe(digests.length);
      expect(digests).toEqual(expect.arrayContaining(open));
      expect(read.map(({ age }) => age)).toEqual(read.map(({ age }) => age).sort((a, b) => a - b));
    }),
  );
});

test('an image that stays open is on the list at every age, and is off it once it is everywhere', async () => {
  const setup = memoryTracker();
  const registry = registryOf();
  const list = async () => {
    const query: ImageQuery = {
      ...{ registry, repository: undefined, state: 'replicating', region: undefined, missing: false },
      ...{ limit: 50, cursor: undefined },
    };
    const { images } = await listImages(setup, query, replicaSetOf(registry), setup.clock.now());
    return images.map(({ digest }) => digest);
  };
  await setup.tracker.receive({ name: name(1), fact: pushOf('eastus', '2026-06-01T12:00:00Z') });
  for (const seconds of [1, 20, 60, 60, 600, 86_400]) {
    await passTime(setup, seconds * 1_000, 10_000);
    expect(await list()).toEqual([digestOf(1)]);
  }
  await setup.tracker.receive({ name: name(1), fact: pushOf('westeurope', '2026-06-01T12:00:01Z') });
  await setup.clock.settle();
  expect(await list()).toEqual([]);
  const left = await setup.lists.page({ registry: 'contoso', list: 'replicating', limit: 10 });
  expect(left.entries).toEqual([]);
});

test('an image that is everywhere within seconds was never put on it', async () => {
  const setup = memoryTracker();
  for (const region of ['eastus', 'westeurope']) {
    await setup.tracker.receive({ name: name(1), fact: pushOf(region, '2026-06-01T12:00:00Z') });
  }
  await passTime(setup, 300_000, 5_000);
  const listed = await setup.lists.page({ registry: 'contoso', list: 'replicating', limit: 10 });
  expect(listed.entries).toEqual([]);
});
