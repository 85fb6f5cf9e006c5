/** Many steps for one image at once: each is stored, and each is answered. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  memoryImageLists,
  memoryImageStore,
  memoryReconcileQueue,
  memoryTagDigests,
} from '../../../src/adapters/memory.ts';
import type { ImageStore } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { imageCache } from '../../../src/core/store/image-cache.ts';
import { imageWriter } from '../../../src/core/store/image-writer.ts';
import { at, digestOf, policy, pushOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const time = '2026-06-01T12:00:00Z';
const factOf = (tag: string) => ({ kind: 'fact', fact: pushOf('eastus', time, { tag }) }) as const;

function setUp(changes: Partial<ImageStore> = {}, store = memoryImageStore()) {
  const clock = manualClock();
  const made: string[] = [];
  const writer = imageWriter({
    store: { ...store, ...changes },
    cache: imageCache(10),
    lists: memoryImageLists(),
    tags: memoryTagDigests(),
    timer: memoryReconcileQueue(),
    clock,
    log: { info: () => undefined, warn: () => undefined },
    random: () => 0.5,
    uniqueId: randomUUID,
    registryOf: () => registryOf(),
    decisionContext: () => ({ set: replicaSetOf(), policy, now: at(time), targets: [] }),
  });
  writer.onCommit((commit) => made.push(...commit.made));
  const tags = async () => Object.keys((await store.read(name))?.record.arrivals.eastus?.tags ?? {});
  return { writer, clock, store, tags, made };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

test.each([40, 41, 130])('%i of one moment', async (count) => {
  const { writer, tags } = setUp();
  const ends = Promise.all(numbers(count).map((i) => writer.submit(name, factOf(`v${i}`))));
  expect((await ends).map(({ outcome }) => outcome)).toEqual(numbers(count).map(() => 'recorded'));
  expect((await tags()).sort()).toEqual(
    numbers(count)
      .map((i) => `v${i}`)
      .sort(),
  );
});

describe('steps that may wait', () => {
  test('all go with the next write', async () => {
    const { writer, tags } = setUp();
    const patient = numbers(3).map((i) => writer.submitWithin(name, factOf(`patient-${i}`), 10_000));
    await writer.submit(name, factOf('v1'));
    await Promise.all(patient);
    expect((await tags()).sort()).toEqual(['patient-0', 'patient-1', 'patient-2', 'v1']);
  });

  test('go by themselves once their time is over', async () => {
    const { writer, clock, tags } = setUp();
    void writer.submitWithin(name, factOf('patient'), 10_000);
    await clock.advance(9_999);
    expect(await tags()).toEqual([]);
    await clock.advance(1);
    expect(await tags()).toEqual(['patient']);
  });

  test('are written at shutdown', async () => {
    const { writer, tags } = setUp();
    void writer.submitWithin(name, factOf('patient'), 10_000);
    await writer.flush();
    expect(await tags()).toEqual(['patient']);
  });
});

describe('a write that cannot be stored', () => {
  test('fails for each that was in it, and the next begins with what is stored', async () => {
    let isAway = false;
    const store = memoryImageStore();
    const { writer, tags } = setUp(
      {
        commit: (change) => (isAway ? Promise.reject(new UpstreamError('unavailable', 'away')) : store.commit(change)),
      },
      store,
    );
    await writer.submit(name, factOf('v1'));
    isAway = true;
    const ends = await Promise.allSettled(['v2', 'v3'].map((tag) => writer.submit(name, factOf(tag))));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isAway = false;
    expect(await writer.submit(name, factOf('v2'))).toMatchObject({ outcome: 'recorded' });
    expect((await tags()).sort()).toEqual(['v1', 'v2']);
  });

  test('is given up once others were first often enough, and says so', async () => {
    let attempts = 0;
    const { writer, clock } = setUp({
      commit: async () => {
        attempts++;
        return 'conflict';
      },
    });
    const end = writer.submit(name, factOf('v1')).catch((error: unknown) => error);
    await clock.advance(60_000);
    expect(await end).toMatchObject({ code: 'conflict' });
    expect(attempts).toBe(40);
  });
});

test('a tag that turns out to be on no other digest converges in the very write that makes the image complete', async () => {
  const { writer, store, made } = setUp();
  const push = (region: string) => writer.submit(name, { kind: 'fact', fact: pushOf(region, time, { tag: 'v1' }) });
  await Promise.all([push('eastus'), push('westeurope')]);
  expect(made.map((key) => key.split('.').slice(1).join('.')).sort()).toEqual([
    'availableInAllReplicas',
    'availableInRegion.eastus',
    'availableInRegion.westeurope',
    'tagConverged.1.v1',
  ]);
  expect((await store.read(name))?.record.announcements.map(({ key }) => key).sort()).toEqual([...made].sort());
});
