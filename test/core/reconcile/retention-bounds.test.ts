/** What expires: only what was deleted everywhere, published and unchanged for long, and then all of it. */
import { describe, expect, test } from 'vitest';
import { memoryImageLists } from '../../../src/adapters/memory.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import type { TrackerPorts } from '../../../src/core/tracker.ts';
import { deleteOf, digestOf, pushOf, repositoryOf, tagOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';

const dayMs = 86_400_000;
const nameOf = (image: number) => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(image),
});

async function report(
  { tracker, clock }: MemoryTracker,
  make: typeof pushOf,
  regions: string[],
  image = 1,
): Promise<void> {
  const now = new Date(clock.now()).toISOString();
  for (const region of regions) {
    await tracker.receive({ name: nameOf(image), fact: make(region, now, { tag: `v${image}` }) });
  }
  await clock.settle();
}

const both = ['eastus', 'westeurope'];

async function pushAndDelete(memory: MemoryTracker, image = 1): Promise<void> {
  await report(memory, pushOf, both, image);
  await memory.clock.advance(1_000);
  await report(memory, deleteOf, both, image);
}

/** The generation of a forgotten image is kept. */
const isKept = async ({ store }: MemoryTracker) => (await store.read(nameOf(1)))?.record.expiredAt === null;
const listed = async ({ lists }: MemoryTracker) =>
  (await lists.page({ registry: 'contoso', list: 'all', cursor: undefined, limit: 1_000 })).entries.length;

describe('after ninety-one days', () => {
  test('an image that is deleted everywhere is forgotten, with its lists and its tag', async () => {
    const memory = memoryTracker();
    await pushAndDelete(memory);
    await memory.clock.advance(91 * dayMs);
    expect(await memory.tracker.expire()).toBe(1);
    expect([await isKept(memory), await listed(memory)]).toEqual([false, 0]);
    const tag = { registry: 'contoso', repository: repositoryOf('team/app'), tag: tagOf('v1') };
    expect(await memory.tags.digests(tag)).toEqual([]);
  });

  test.each([[both], [['eastus']]])('one that is still in %j stays', async (stillIn) => {
    const memory = memoryTracker();
    await report(memory, pushOf, both);
    if (stillIn.length === 1) {
      await memory.clock.advance(1_000);
      await report(memory, deleteOf, ['westeurope']);
    }
    await memory.clock.advance(91 * dayMs);
    expect([await memory.tracker.expire(), await isKept(memory)]).toEqual([0, true]);
  });

  test('one that is being replicated stays', async () => {
    const memory = memoryTracker();
    await report(memory, pushOf, ['eastus']);
    await memory.clock.advance(91 * dayMs);
    expect([await memory.tracker.expire(), await isKept(memory)]).toEqual([0, true]);
  });

  test('one with an unpublished event stays', async () => {
    const publisher = { publish: () => Promise.reject(new UpstreamError('invalid', 'no')) };
    const memory = memoryTracker({ ports: { publisher } });
    await pushAndDelete(memory);
    await memory.clock.advance(91 * dayMs);
    expect([await memory.tracker.expire(), await isKept(memory)]).toEqual([0, true]);
  });

  test('one that has changed since stays, until that is long ago', async () => {
    const memory = memoryTracker();
    await report(memory, pushOf, both);
    await memory.clock.advance(60 * dayMs);
    await report(memory, deleteOf, both);
    await memory.clock.advance(31 * dayMs);
    expect([await memory.tracker.expire(), await isKept(memory)]).toEqual([0, true]);
    await memory.clock.advance(60 * dayMs);
    expect([await memory.tracker.expire(), await isKept(memory)]).toEqual([1, false]);
  });

  test('an entry without an image leaves the list', async () => {
    const memory = memoryTracker();
    await pushAndDelete(memory);
    memory.store.drop(nameOf(1));
    await memory.clock.advance(91 * dayMs);
    expect([await memory.tracker.expire(), await listed(memory)]).toEqual([0, 0]);
  });
});

test('before that, nothing is forgotten', async () => {
  const memory = memoryTracker();
  await pushAndDelete(memory);
  await memory.clock.advance(89 * dayMs);
  expect([await memory.tracker.expire(), await isKept(memory)]).toEqual([0, true]);
});

describe('many', () => {
  const count = 250;

  async function setUp(ports: TrackerPorts | object = {}, clock = manualClock()) {
    const memory = memoryTracker({ ports, clock });
    for (let image = 1; image <= count; image++) await pushAndDelete(memory, image);
    await clock.advance(91 * dayMs);
    return memory;
  }

  test('are forgotten in one run', async () => {
    const memory = await setUp();
    expect(await memory.tracker.expire()).toBe(count);
  });

  test('are left to the next run where the storage is slow', async () => {
    const [clock, lists] = [manualClock(), memoryImageLists()];
    let isSlow = false;
    const page: typeof lists.page = async (query) => {
      if (isSlow) await clock.advance(150_000);
      return lists.page(query);
    };
    const memory = await setUp({ lists: { ...lists, page } }, clock);
    isSlow = true;
    const first = await memory.tracker.expire();
    expect(first).toBe(200);
    expect(await memory.tracker.expire()).toBe(count - first);
  });
});
