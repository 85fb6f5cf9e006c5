/** Expiry: only what was deleted everywhere and published, never its generation, and no report that comes meanwhile. */
import { expect, test } from 'vitest';
import { memoryImageLists } from '../../../src/adapters/memory.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import { deleteOf, digestOf, pushOf, registryOf, replicaSetOf, repositoryOf, tagOf } from '../../support/build.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const longAfter = 91 * 86_400_000;
const requirement = defaultRequirement(replicaSetOf(registry));
const both = ['eastus', 'westeurope'];

async function push({ tracker, clock }: MemoryTracker, regions = both): Promise<void> {
  const now = new Date(clock.now()).toISOString();
  for (const region of regions) await tracker.receive({ name, fact: pushOf(region, now, { tag: 'v1' }) });
}

async function remove({ tracker, clock }: MemoryTracker): Promise<void> {
  const now = new Date(clock.now()).toISOString();
  for (const region of both) await tracker.receive({ name, fact: deleteOf(region, now) });
}

async function forgotten(memory = memoryTracker()): Promise<MemoryTracker> {
  await push(memory);
  await passTime(memory, 60_000);
  await remove(memory);
  await passTime(memory, 60_000);
  await memory.clock.advance(longAfter);
  expect(await memory.tracker.expire()).toBe(1);
  return memory;
}

const answer = ({ tracker }: MemoryTracker, asked: { tag?: string } = {}) => {
  const tag = asked.tag === undefined ? undefined : tagOf(asked.tag);
  const digest = tag === undefined ? name.digest : undefined;
  return tracker.answer({ registry, repository: name.repository, digest, tag }, requirement);
};

const ids = ({ publisher }: MemoryTracker, type: string) =>
  publisher.published.filter((event) => event.type.endsWith(type)).map(({ id }) => id);

test('an image that is everywhere never expires, however long no region reports it', async () => {
  const memory = memoryTracker();
  await push(memory);
  await passTime(memory, 60_000);
  await memory.clock.advance(10 * longAfter);
  expect(await memory.tracker.expire()).toBe(0);
  expect(await answer(memory)).toMatchObject({ state: 'available', satisfied: true });
});

test('an image that was deleted everywhere is forgotten, with its tags and its place on every list', async () => {
  const memory = await forgotten();
  expect(await answer(memory)).toMatchObject({ state: 'unknown', firstSeenAt: null, tags: [] });
  expect(await answer(memory, { tag: 'v1' })).toMatchObject({ digest: null, tag: { state: 'unknown' } });
  for (const list of ['all', 'deleted'] as const) {
    expect((await memory.lists.page({ registry: 'contoso', list, limit: 10 })).entries).toEqual([]);
  }
  expect(await memory.tracker.expire()).toBe(0);
});

test('what is pushed again after that is the next generation, published under ids of its own', async () => {
  const memory = await forgotten();
  await push(memory);
  await passTime(memory, 60_000);
  expect(await answer(memory)).toMatchObject({ state: 'available', satisfied: true });
  for (const type of ['ImageAvailableInRegion', 'ImageAvailableInAllReplicas', 'TagConverged']) {
    const publishedIds = ids(memory, type);
    expect(publishedIds).toHaveLength(type === 'ImageAvailableInRegion' ? 4 : 2);
    expect(new Set(publishedIds).size).toBe(publishedIds.length);
  }
  expect((await memory.store.read(name))?.record.generation).toBe(2);
});

test('forgotten a second time, it goes on with the third generation', async () => {
  const memory = await forgotten(await forgotten());
  await push(memory);
  await passTime(memory, 60_000);
  expect((await memory.store.read(name))?.record.generation).toBe(3);
  const publishedIds = ids(memory, 'ImageAvailableInAllReplicas');
  expect(new Set(publishedIds).size).toBe(3);
});

test('a repeat of a report from before it was forgotten changes nothing', async () => {
  const memory = await forgotten();
  const before = memory.publisher.published.length;
  for (const region of both) {
    const old = pushOf(region, new Date(memory.clock.now()).toISOString(), { eventTime: '2026-06-01T12:00:00Z' });
    expect(await memory.tracker.receive({ name, fact: old })).toBe('outdated');
  }
  await passTime(memory, 60_000);
  expect(memory.publisher.published).toHaveLength(before);
  expect(await answer(memory)).toMatchObject({ state: 'unknown' });
});

test('what is deleted after it was forgotten stays so, whatever was pushed before and comes late', async () => {
  const memory = await forgotten();
  const before = memory.publisher.published.length;
  const time = (seconds: number) => new Date(memory.clock.now() + seconds * 1_000).toISOString();
  for (const region of both) {
    const gone = deleteOf(region, time(2));
    expect(await memory.tracker.receive({ name, fact: gone })).toBe('recorded');
    expect(await memory.tracker.receive({ name, fact: gone })).toBe('duplicate');
    const late = pushOf(region, time(3), { eventTime: time(1), tag: 'v1' });
    expect(await memory.tracker.receive({ name, fact: late })).toBe('outdated');
  }
  await passTime(memory, 60_000);
  expect(memory.publisher.published).toHaveLength(before);
  expect(await answer(memory)).toMatchObject({ state: 'unknown' });
  expect(await memory.tracker.receive({ name, fact: pushOf('eastus', time(4)) })).toBe('recorded');
  expect(await answer(memory)).toMatchObject({ state: 'replicating' });
});

test('an image with an event that the topic has not accepted is kept', async () => {
  const memory = memoryTracker({
    ports: {
      publisher: {
        publish: () => Promise.reject(new Error('away')),
      },
    },
  });
  await push(memory);
  await remove(memory);
  await memory.clock.advance(longAfter);
  expect(await memory.tracker.expire()).toBe(0);
  expect(await answer(memory)).toMatchObject({ state: 'deleted' });
});

test('an image that is pushed again while it is being forgotten keeps its tag', async () => {
  const lists = memoryImageLists();
  let meanwhile = async () => undefined as unknown;
  const memory = memoryTracker({
    ports: {
      lists: {
        ...lists,
        async remove(entry, names) {
          await meanwhile();
          await lists.remove(entry, names);
        },
      },
    },
  });
  await push(memory);
  await passTime(memory, 60_000);
  await remove(memory);
  await passTime(memory, 60_000);
  await memory.clock.advance(longAfter);
  meanwhile = async () => {
    meanwhile = async () => undefined;
    await push(memory);
  };
  expect(await memory.tracker.expire()).toBe(1);
  await passTime(memory, 60_000);
  expect(await answer(memory, { tag: 'v1' })).toMatchObject({ digest: digestOf(1), satisfied: true });
});

test('no deletion is published for a region without a replica that still had the image, once it is pushed again', async () => {
  const memory = memoryTracker();
  await push(memory, [...both, 'southeastasia']);
  await passTime(memory, 60_000);
  await remove(memory);
  await passTime(memory, 60_000);
  await memory.clock.advance(longAfter);
  expect(await memory.tracker.expire()).toBe(1);
  await push(memory);
  await passTime(memory, 60_000);
  expect((await answer(memory)).regions.map(({ region }) => region)).toEqual(both);
  const deleted = memory.publisher.published.filter(({ type }) => type.endsWith('ImageDeletedInRegion'));
  expect(deleted.map(({ data }) => data.region)).toEqual(both);
  await push(memory, ['southeastasia']);
  await passTime(memory, 60_000);
  const publishedIds = memory.publisher.published.filter(
    ({ type, data }) => type.endsWith('ImageAvailableInRegion') && data.region === 'southeastasia',
  );
  expect(publishedIds.map(({ data }) => data.generation)).toEqual([1, 2]);
});

test('a delete that comes to the instance which removed the image does not count as known', async () => {
  const memory = await forgotten();
  const { store, lists, tags, clock } = memory;
  const elsewhere = memoryTracker({ clock, ports: { store, lists, tags } });
  await push(elsewhere);
  await clock.advance(60_000);
  const gone = deleteOf('eastus', new Date(clock.now()).toISOString());
  expect(await memory.tracker.receive({ name, fact: gone })).toBe('recorded');
  expect(await answer(elsewhere)).toMatchObject({ satisfied: false, missing: ['eastus'] });
});
