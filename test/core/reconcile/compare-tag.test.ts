/** One comparison of a tag's digests: what it changes in each record, and what stays open. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  memoryImageLists,
  memoryImageStore,
  memoryReconcileQueue,
  memoryTagDigests,
} from '../../../src/adapters/memory.ts';
import { progressOf } from '../../../src/core/image/record.ts';
import { compareTag } from '../../../src/core/reconcile/compare-tag.ts';
import { tagReconciler } from '../../../src/core/reconcile/tag-reconciler.ts';
import { imageCache } from '../../../src/core/store/image-cache.ts';
import { imageWriter } from '../../../src/core/store/image-writer.ts';
import {
  at,
  digestOf,
  eventTimeOf,
  policy,
  pushOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
} from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const tag = tagOf('v1');
const time = (second: number) => `2026-06-01T12:00:${String(second).padStart(2, '0')}Z`;
const start = at(time(0));
const nameOf = (digest: number) => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(digest),
});

const log = { info: () => undefined, warn: () => undefined };

/** Compares only when the test calls it. */
function world() {
  let set = replicaSetOf();
  const tags = memoryTagDigests();
  const writer = imageWriter({
    store: memoryImageStore(),
    cache: imageCache(10),
    lists: memoryImageLists(),
    tags,
    timer: memoryReconcileQueue(),
    clock: manualClock(start),
    log: { info: () => undefined, warn: () => undefined },
    random: () => 0.5,
    uniqueId: randomUUID,
    registryOf: () => registryOf(),
    decisionContext: () => ({ set, policy, now: start, targets: [] }),
  });
  const read = async (digest: number) => (await writer.read(nameOf(digest))) ?? expect.fail('no image');
  return {
    tags,
    writer,
    read,
    /** The replica is removed and another is created: reports of the first are void. */
    replace(region: string, second: number) {
      const lastAbsentAt = at(time(second));
      set = { ...set, replicas: set.replicas.map((one) => (one.region === region ? { ...one, lastAbsentAt } : one)) };
    },
    push: (digest: number, region: string, second: number, text = 'v1') =>
      writer.submit(nameOf(digest), { kind: 'fact', fact: pushOf(region, time(second), { tag: text }) }),
    /** Compares all tags of the image that are not compared yet. */
    check: async (digest: number) =>
      tagReconciler({ tags, writer, clock: manualClock(start), log }).compare(await read(digest)),
    settle: async (digest: number, now = start) => compareTag({ writer, tags }, await read(digest), tag, now),
    progress: async (digest: number, text = 'v1') =>
      progressOf(await read(digest), tagOf(text)) ?? expect.fail('no tag'),
    isOpen: async (digest: number) => (await read(digest)).uncomparedTags.includes(tag),
  };
}

test('every earlier digest records that the tag has left it', async () => {
  const { push, settle, progress } = world();
  for (const digest of [1, 2, 3, 4]) await push(digest, 'eastus', digest);
  await settle(4);
  for (const digest of [1, 2, 3]) {
    expect(await progress(digest)).toMatchObject({ state: 'superseded', movedTo: digestOf(4) });
  }
  expect(await progress(4)).toMatchObject({ state: 'open', movedTo: null, isCompared: true, isOrdered: true });
});

test('a digest that is compared records that the tag has left it', async () => {
  const { push, settle, progress, isOpen } = world();
  await push(1, 'eastus', 1);
  await push(2, 'eastus', 2);
  await settle(1);
  expect(await progress(1)).toMatchObject({ state: 'superseded', movedTo: digestOf(2) });
  expect(await isOpen(1)).toBe(false);
});

test('two digests keep the tag, and both know that the order is not known, where no region has reported both', async () => {
  const { push, settle, progress } = world();
  await push(1, 'eastus', 1);
  await push(2, 'westeurope', 2);
  await settle(2);
  expect(await progress(2)).toMatchObject({
    state: 'open',
    isOrdered: false,
    others: { eastus: eventTimeOf(time(1)) },
  });
  expect(await progress(1)).toMatchObject({
    state: 'open',
    isOrdered: false,
    others: { westeurope: eventTimeOf(time(2)) },
  });
});

test('the later digests next to the compared one are compared, though the newest says that it has lost the tag', async () => {
  const { push, settle, progress } = world();
  await push(1, 'eastus', 1);
  await push(2, 'westeurope', 2);
  for (const digest of [3, 4, 5]) await push(digest, 'eastus', digest);
  await settle(1);
  expect(await progress(1)).toMatchObject({ state: 'superseded', movedTo: digestOf(5), isOrdered: false });
  expect((await progress(2)).others).toMatchObject({ eastus: eventTimeOf(time(1)) });
});

test('a newer digest that has not reached a region records the older one there', async () => {
  const { push, settle, progress } = world();
  await push(1, 'eastus', 2);
  await push(2, 'eastus', 1);
  await push(2, 'westeurope', 1);
  await settle(2);
  expect(await progress(1)).toMatchObject({ state: 'open', others: { westeurope: eventTimeOf(time(1)) } });
});

describe('a digest that was noted and cannot be found', () => {
  test.each([
    [599_999, true],
    [600_000, false],
  ])('%i ms after the last change: the comparison is open: %s', async (later, isOpen) => {
    const setUp = world();
    await setUp.push(1, 'eastus', 1);
    // The first digest of a tag relies on the comparison by later ones.
    await setUp.tags.note(
      { registry: 'contoso', repository: repositoryOf('team/app'), tag },
      digestOf(9),
      eventTimeOf(time(3)),
    );
    await setUp.push(2, 'eastus', 2);
    await setUp.settle(2, at(time(2)) + later);
    expect(await setUp.isOpen(2)).toBe(isOpen);
  });
});

test('every tag of an image is compared, not the first alone', async () => {
  const { push, check, progress } = world();
  const texts = ['v1', 'v2', 'v3'];
  for (const digest of [1, 2]) for (const text of texts) await push(digest, 'eastus', digest, text);
  await check(2);
  for (const text of texts) expect(await progress(1, text)).toMatchObject({ movedTo: digestOf(2) });
});

test('a digest whose tag has converged records another whose order to it is not known', async () => {
  const { push, settle, progress } = world();
  for (const region of ['eastus', 'westeurope']) await push(1, region, 1);
  await settle(1);
  expect((await progress(1)).state).toBe('converged');
  await push(2, 'japaneast', 3);
  await settle(2);
  expect(await progress(1)).toMatchObject({
    state: 'converged',
    isOrdered: false,
    others: { japaneast: eventTimeOf(time(3)) },
  });
});

test('a digest whose tag has converged records the older one in a region that it has not reached', async () => {
  const { push, settle, progress } = world();
  for (const region of ['eastus', 'westeurope']) await push(1, region, 2);
  await settle(1);
  await push(2, 'eastus', 1);
  await push(2, 'japaneast', 3);
  await settle(2);
  expect(await progress(1)).toMatchObject({ state: 'converged', others: { japaneast: eventTimeOf(time(3)) } });
});

test('a digest that recorded this as the newer one is compared again, once that report is void', async () => {
  const { push, settle, progress, isOpen, replace } = world();
  await push(1, 'eastus', 1);
  await push(2, 'eastus', 2);
  await settle(2);
  await push(1, 'westeurope', 4);
  await settle(1);
  expect([(await progress(1)).movedTo, await isOpen(1)]).toEqual([digestOf(2), false]);
  await push(2, 'westeurope', 3);
  replace('eastus', 5);
  await settle(2);
  expect(await isOpen(1)).toBe(true);
});

test('a digest that is pushed again while it records that it has lost the tag has it again', async () => {
  const { push, progress, read, tags, writer } = world();
  await push(1, 'eastus', 1);
  await push(2, 'eastus', 2);
  let isPushed = false;
  const meanwhile: typeof writer.submit = async (name, step) => {
    if (step.kind === 'tagMoved' && name.digest === digestOf(1) && !isPushed) {
      isPushed = true;
      await push(1, 'eastus', 3);
    }
    return writer.submit(name, step);
  };
  await compareTag({ writer: { ...writer, submit: meanwhile }, tags }, await read(2), tag, start);
  expect(await progress(2)).toMatchObject({ state: 'superseded', movedTo: digestOf(1) });
});
