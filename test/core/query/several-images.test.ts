/** Several images in one question: judged together, with the pollers that all requests share. */
import { describe, expect, test } from 'vitest';
import { memoryImageStore } from '../../../src/adapters/memory.ts';
import type { Digest } from '../../../src/core/model/digest.ts';
import type { Tag } from '../../../src/core/model/reference.ts';
import { parseRepository } from '../../../src/core/model/reference.ts';
import { parseRequirement } from '../../../src/core/model/requirement.ts';
import type { Asked } from '../../../src/core/query/ask.ts';
import { splitImages } from '../../../src/core/query/several-images.ts';
import { digestOf, registryOf, replicaSetOf } from '../../support/build.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';
import { bodyOf, deliver } from '../../support/webhook.ts';

const registry = registryOf();
const repository = parseRepository('team/app') ?? expect.fail();

function asked(n: number, require = 'all', tag?: string): Asked {
  const requirement = parseRequirement({ regions: undefined, require }, replicaSetOf());
  if (!requirement.ok) throw new Error('the requirement of the test');
  const digest = n === 0 ? undefined : (digestOf(n) as Digest);
  return { question: { registry, repository, tag: tag as Tag | undefined, digest }, requirement: requirement.value };
}

const push = (memory: MemoryTracker, region: string, n: number, tag?: string, timestamp = '2026-06-01T12:00:00Z') =>
  deliver(memory, region, bodyOf({ timestamp, target: { digest: digestOf(n), ...(tag && { tag }) } }));
const remove = (memory: MemoryTracker, region: string, n: number) =>
  deliver(
    memory,
    region,
    bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:09Z', target: { digest: digestOf(n) } }),
  );

async function everywhere(memory: MemoryTracker, n: number, timestamp?: string) {
  for (const region of ['eastus', 'westeurope']) await push(memory, region, n, undefined, timestamp);
}

function wait(memory: MemoryTracker, questions: readonly Asked[], timeoutMs = 60_000) {
  const startedAt = memory.clock.now();
  const waited: { result?: Awaited<ReturnType<MemoryTracker['tracker']['waitForAll']>>; seconds?: number } = {};
  memory.tracker.waitForAll(questions, timeoutMs).then((result) => {
    Object.assign(waited, { result, seconds: (memory.clock.now() - startedAt) / 1_000 });
  });
  return waited;
}

describe('a wait for several images', () => {
  test('ends with the last region of the last image', async () => {
    const memory = memoryTracker();
    await everywhere(memory, 1);
    const waited = wait(memory, [asked(1), asked(2)]);
    await memory.clock.advance(5_000);
    await push(memory, 'eastus', 2);
    await memory.clock.advance(5_000);
    expect(waited.result).toBeUndefined();
    await push(memory, 'westeurope', 2);
    await memory.clock.settle();
    expect(waited).toMatchObject({
      seconds: 10,
      result: { outcome: 'satisfied', document: { satisfied: true, state: 'available', missing: [], ended: [] } },
    });
    expect(waited.result?.document.images.map(({ digest }) => digest)).toEqual([digestOf(1), digestOf(2)]);
  });

  test('is not satisfied by images that were there one after the other', async () => {
    const memory = memoryTracker();
    await everywhere(memory, 1);
    const waited = wait(memory, [asked(1), asked(2)]);
    await memory.clock.advance(5_000);
    await remove(memory, 'eastus', 1);
    await everywhere(memory, 2);
    await memory.clock.advance(5_000);
    expect(waited.result).toBeUndefined();
    await memory.clock.advance(50_000);
    expect(waited.result).toMatchObject({
      outcome: 'waiting',
      document: { satisfied: false, state: 'deleting', missing: [{ regions: ['eastus'] }] },
    });
  });

  test('ends with the first that cannot come any more, once that has been so for half a minute', async () => {
    const memory = memoryTracker();
    await push(memory, 'eastus', 1);
    const waited = wait(memory, [asked(2), asked(1)], 200_000);
    await memory.clock.advance(3_000);
    await remove(memory, 'eastus', 1);
    await memory.clock.advance(29_000);
    expect(waited.result).toBeUndefined();
    await memory.clock.advance(2_000);
    const image = `contoso.azurecr.io/team/app@${digestOf(1)}`;
    expect(waited.result).toMatchObject({
      outcome: 'deleted',
      document: { state: 'deleted', ended: [{ image, outcome: 'deleted' }] },
    });
  });

  test('has one deadline, and lists the missing regions of each image left', async () => {
    const memory = memoryTracker();
    await everywhere(memory, 1);
    await push(memory, 'westeurope', 2);
    const waited = wait(memory, [asked(2), asked(1), asked(3)], 7_000);
    await memory.clock.advance(7_000);
    await memory.clock.settle();
    expect(waited).toMatchObject({ seconds: 7, result: { outcome: 'waiting', document: { state: 'unknown' } } });
    expect(waited.result?.document.missing).toEqual([
      { image: `contoso.azurecr.io/team/app@${digestOf(2)}`, regions: ['eastus'] },
      { image: `contoso.azurecr.io/team/app@${digestOf(3)}`, regions: ['eastus', 'westeurope'] },
    ]);
  });

  test('without a wait reports the superseded image, not the one that still replicates', async () => {
    const memory = memoryTracker();
    for (const region of ['eastus', 'westeurope']) {
      await push(memory, region, 1, 'v1');
      await push(memory, region, 2, 'v1', '2026-06-01T12:00:09Z');
    }
    const waited = wait(memory, [asked(1, 'all', 'v1'), asked(3)], 0);
    await memory.clock.settle();
    expect(waited.result).toMatchObject({ outcome: 'superseded', document: { ended: [{ outcome: 'superseded' }] } });
  });

  test('ends with as many as are enough', async () => {
    const memory = memoryTracker();
    await everywhere(memory, 1);
    const questions = [asked(1), asked(2), asked(3)];
    let seen: number | undefined;
    void memory.tracker.waitForAll(questions, 60_000, { enough: 2 }).then(({ outcome, document }) => {
      expect(outcome).toBe('waiting');
      seen = document.images.filter(({ satisfied }) => satisfied).length;
    });
    await memory.clock.advance(5_000);
    expect(seen).toBeUndefined();
    await everywhere(memory, 3);
    await memory.clock.advance(1_000);
    expect(seen).toBe(2);
  });

  test('asks for an image once, however often it is named', async () => {
    const memory = memoryTracker();
    const { document } = await memory.tracker.answerAll([asked(2), asked(1), asked(2), asked(0, 'all', 'v1')]);
    expect(document.images.map(({ image }) => image)).toEqual([
      `contoso.azurecr.io/team/app@${digestOf(2)}`,
      `contoso.azurecr.io/team/app@${digestOf(1)}`,
      'contoso.azurecr.io/team/app:v1',
    ]);
  });

  test('that is ended with the process returns what is known', async () => {
    const memory = memoryTracker();
    const waited = wait(memory, [asked(1), asked(2)]);
    await memory.clock.advance(1_000);
    const closed = memory.tracker.close(5_000);
    await memory.clock.settle();
    expect(waited.result).toMatchObject({ outcome: 'waiting' });
    await closed;
  });
});

test.each([
  [['available', 'replicating'], 'replicating'],
  [['available', 'deleting'], 'deleting'],
  [['replicating', 'deleting', 'unknown'], 'unknown'],
  [['unknown', 'deleted'], 'deleted'],
])('of %j the least advanced is %s', async (states, state) => {
  const memory = memoryTracker();
  const make: Record<string, (n: number) => Promise<unknown>> = {
    available: (n) => everywhere(memory, n),
    replicating: (n) => push(memory, 'eastus', n),
    deleting: async (n) => {
      await everywhere(memory, n);
      await remove(memory, 'eastus', n);
    },
    deleted: async (n) => {
      await push(memory, 'eastus', n);
      await remove(memory, 'eastus', n);
    },
    unknown: async () => undefined,
  };
  for (const [i, one] of states.entries()) await make[one]?.(i + 1);
  const { document } = await memory.tracker.answerAll(states.map((_, i) => asked(i + 1)));
  expect(document.images.map((one) => one.state)).toEqual(states);
  expect(document.state).toBe(state);
});

test('a hundred images cost one poller each, however many clients wait for them', async () => {
  const readsOf = async (waiters: number) => {
    const store = memoryImageStore();
    let reads = 0;
    const read: typeof store.read = (name) => {
      reads++;
      return store.read(name);
    };
    const memory = memoryTracker({ ports: { store: { ...store, read } } });
    const questions = Array.from({ length: 100 }, (_, i) => asked(i + 1));
    const waited = Array.from({ length: waiters }, () => wait(memory, questions, 10_000));
    await memory.clock.advance(10_000);
    await memory.clock.settle();
    expect(new Set(waited.map(({ result }) => result?.outcome))).toEqual(new Set(['waiting']));
    return reads;
  };
  const one = await readsOf(1);
  // 16 reads at a time, and a pause of 300 ms and more between two of one image.
  expect(one).toBeLessThanOrEqual(100 * 35);
  expect(await readsOf(5)).toBeLessThanOrEqual(one + 100);
});

test.each([
  [
    ['a.io/b', ' a.io/c\n'],
    ['a.io/b', 'a.io/c'],
  ],
  ['a.io/b,a.io/c', ['a.io/b', 'a.io/c']],
  ['a.io/b\r\na.io/c\n', ['a.io/b', 'a.io/c']],
  ['a.io/b \t a.io/c , a.io/d', ['a.io/b', 'a.io/c', 'a.io/d']],
  ['a.io/b,,a.io/c', ['a.io/b', '', 'a.io/c']],
])('reads %j as %j', (given, images) => {
  expect(splitImages(given)).toEqual(images);
});
