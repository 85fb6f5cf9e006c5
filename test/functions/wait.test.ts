import { describe, expect, test } from 'vitest';
import { memoryImageStore, memoryTagDigests } from '../../src/adapters/memory.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { waitFunction } from '../../src/functions/api/wait.ts';
import { digestOf } from '../support/build.ts';
import type { Answer } from '../support/call.ts';
import { call } from '../support/call.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const [digest, newer] = [digestOf(1), digestOf(2)];
const image = `contoso.azurecr.io/team/app@${digest}`;

/** Asks, and notes when the answer came, in seconds of the tracker's clock. */
function wait(memory: MemoryTracker, query: string) {
  const startedAt = memory.clock.now();
  const asked: { answer: Answer | undefined; seconds: number | undefined } = { answer: undefined, seconds: undefined };
  call(waitFunction(memory.tracker), { path: `wait?${query}` }).then((answer) => {
    asked.answer = answer;
    asked.seconds = (memory.clock.now() - startedAt) / 1_000;
  });
  return asked;
}

async function everywhere(memory: MemoryTracker, body = bodyOf()): Promise<void> {
  await deliver(memory, 'eastus', body);
  await deliver(memory, 'westeurope', body);
}

describe('a wait is held', () => {
  test('no longer than it takes when the requirement is met already: 200', async () => {
    const memory = memoryTracker();
    await everywhere(memory);
    const asked = wait(memory, `image=${image}`);
    await memory.clock.advance(0);
    expect(asked).toMatchObject({ answer: { status: 200, body: { satisfied: true, state: 'available' } }, seconds: 0 });
    expect(asked.answer?.headers).not.toHaveProperty('retry-after');
  });

  test('until the last region reports: 200', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    const asked = wait(memory, `image=${image}`);
    await memory.clock.advance(20_000);
    expect(asked.answer).toBeUndefined();
    await deliver(memory, 'westeurope');
    await memory.clock.settle();
    expect(asked).toMatchObject({ answer: { status: 200, body: { satisfied: true, missing: [] } }, seconds: 20 });
  });

  test('for an image that no region has reported', async () => {
    const memory = memoryTracker();
    const asked = wait(memory, `image=${image}&require=any`);
    await memory.clock.advance(10_000);
    expect(asked.answer).toBeUndefined();
    await deliver(memory, 'westeurope');
    await memory.clock.settle();
    expect(asked.answer).toMatchObject({ status: 200, body: { requirement: { require: 'any', have: 1 } } });
  });

  test('no longer than the process lives: 202', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    const asked = wait(memory, `image=${image}`);
    await memory.clock.advance(1_000);
    const closed = memory.tracker.close(5_000);
    await memory.clock.settle();
    expect(asked).toMatchObject({ answer: { status: 202, body: { missing: ['westeurope'] } }, seconds: 1 });
    await closed;
  });

  test('for a tag until every region points at one digest', async () => {
    const memory = memoryTracker();
    const body = bodyOf({ target: { tag: 'v1' } });
    const asked = wait(memory, 'image=contoso.azurecr.io/team/app:v1');
    await deliver(memory, 'eastus', body);
    await memory.clock.advance(5_000);
    expect(asked.answer).toBeUndefined();
    await deliver(memory, 'westeurope', body);
    await memory.clock.advance(1_000);
    expect(asked.answer).toMatchObject({ status: 200, body: { image, digest, tag: { state: 'converged' } } });
  });

  test.each([
    ['', 60],
    ['&timeout=', 60],
    ['&timeout=%20', 60],
    ['&timeout=5', 5],
    ['&timeout=0.5', 0.5],
    ['&timeout=200', 200],
    ['&timeout=0', 0],
  ])(
    'until its time is up with %j: 202 after %d s, with the document and when to ask again',
    async (query, seconds) => {
      const memory = memoryTracker();
      await deliver(memory, 'eastus');
      const asked = wait(memory, `image=${image}${query}`);
      await memory.clock.advance(seconds * 1_000 - 1);
      if (seconds > 0) expect(asked.answer).toBeUndefined();
      await memory.clock.advance(1);
      await memory.clock.settle();
      expect(asked).toMatchObject({
        answer: { status: 202, body: { satisfied: false, missing: ['westeurope'] } },
        seconds,
      });
      expect(Number(asked.answer?.headers['retry-after'])).toBeGreaterThan(0);
    },
  );
});

describe('a wait ends before its time', () => {
  test('when the digest is deleted everywhere: 410', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    const asked = wait(memory, `image=${image}`);
    await memory.clock.advance(3_000);
    await deliver(memory, 'eastus', bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:09Z' }));
    await memory.clock.advance(29_000);
    expect(asked.answer).toBeUndefined();
    await memory.clock.advance(2_000);
    expect(asked).toMatchObject({ answer: { status: 410, body: { state: 'deleted', satisfied: false } } });
  });

  test('not while one region still has it', async () => {
    const memory = memoryTracker();
    await everywhere(memory);
    await deliver(memory, 'eastus', bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:09Z' }));
    const asked = wait(memory, `image=${image}&timeout=10`);
    await memory.clock.advance(9_000);
    expect(asked.answer).toBeUndefined();
    await memory.clock.advance(1_000);
    expect(asked.answer).toMatchObject({ status: 202, body: { state: 'deleting' } });
  });

  test('when the tag has moved to another digest everywhere: 409', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    const asked = wait(memory, `image=contoso.azurecr.io/team/app:v1@${digest}`);
    await memory.clock.advance(3_000);
    const overwrite = bodyOf({ timestamp: '2026-06-01T12:00:09Z', target: { tag: 'v1', digest: newer } });
    await deliver(memory, 'eastus', overwrite);
    await memory.clock.advance(2_000);
    expect(asked.answer).toBeUndefined();
    await deliver(memory, 'westeurope', overwrite);
    await memory.clock.advance(29_000);
    expect(asked.answer).toBeUndefined();
    await memory.clock.advance(2_000);
    expect(asked.answer).toMatchObject({ status: 409, body: { digest, satisfied: false, tag: { name: 'v1' } } });
  });

  test('not when what it was is pushed again within half a minute: 200', async () => {
    const memory = memoryTracker();
    await everywhere(memory);
    for (const region of ['eastus', 'westeurope']) {
      await deliver(memory, region, bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:09Z' }));
    }
    const asked = wait(memory, `image=${image}`);
    await memory.clock.advance(20_000);
    expect(asked.answer).toBeUndefined();
    await everywhere(memory, bodyOf({ timestamp: '2026-06-01T12:00:12Z' }));
    await memory.clock.advance(1_000);
    expect(asked.answer).toMatchObject({ status: 200 });
  });

  test('but at the end of its timeout, whatever that is', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    await deliver(memory, 'eastus', bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:09Z' }));
    for (const timeout of [0, 5]) {
      const asked = wait(memory, `image=${image}&timeout=${timeout}`);
      await memory.clock.advance(timeout * 1_000 + 100);
      expect(asked.answer).toMatchObject({ status: 410 });
    }
  });

  test('not when only the tag was asked for: the newest digest is meant', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    const asked = wait(memory, 'image=contoso.azurecr.io/team/app:v1');
    await everywhere(memory, bodyOf({ timestamp: '2026-06-01T12:00:09Z', target: { tag: 'v1', digest: newer } }));
    await memory.clock.advance(1_000);
    expect(asked.answer).toMatchObject({ status: 200, body: { digest: newer } });
  });
});

describe('a timeout', () => {
  test.each(['-1', '201', '200.001', '1e2', '30s', 'NaN', 'Infinity', '０', '1'.repeat(2_000)])(
    'is not %j: 400',
    async (timeout) => {
      const memory = memoryTracker();
      const asked = wait(memory, `image=${image}&timeout=${timeout}`);
      await memory.clock.settle();
      expect(asked.answer).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'timeout', reason: expect.stringContaining('from 0 to 200') }] },
      });
    },
  );
});

describe('while the tables are away', () => {
  test('for a moment, the wait goes on', async () => {
    const store = memoryImageStore();
    let isAway = true;
    const read: typeof store.read = (name) =>
      isAway ? Promise.reject(new UpstreamError('unavailable', 'away')) : store.read(name);
    const memory = memoryTracker({ ports: { store: { ...store, read } } });
    const asked = wait(memory, `image=${image}&timeout=30&require=any`);
    await memory.clock.advance(10_000);
    expect(asked.answer).toBeUndefined();
    isAway = false;
    await deliver(memory, 'eastus');
    await memory.clock.advance(1_000);
    expect(asked.answer).toMatchObject({ status: 200 });
  });

  test('all the time, the answer says so, not that the image is missing: 503', async () => {
    const read = () => Promise.reject(new UpstreamError('unavailable', 'away'));
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), read } } });
    const asked = wait(memory, `image=${image}&timeout=5`);
    await memory.clock.advance(6_000);
    expect(asked.answer).toMatchObject({ status: 503, headers: { 'retry-after': expect.stringMatching(/^[1-9]/) } });
  });

  test.each([
    ['a digest', image],
    ['a tag', 'contoso.azurecr.io/team/app:v1'],
  ])('and hang, a wait for %s ends soon after its timeout: 503', async (_what, asked) => {
    const hanging = () => new Promise<never>(() => undefined);
    const ports = {
      store: { ...memoryImageStore(), read: hanging },
      tags: { ...memoryTagDigests(), digests: hanging },
    };
    const memory = memoryTracker({ ports });
    const waited = wait(memory, `image=${asked}&timeout=3`);
    await memory.clock.advance(3_000);
    expect(waited.answer).toBeUndefined();
    await memory.clock.advance(2_000);
    await memory.clock.settle();
    expect(waited.answer).toMatchObject({ status: 503, headers: { 'retry-after': expect.stringMatching(/^[1-9]/) } });
  });

  test('and hang since it was read, the wait ends at its timeout with what was read: 202', async () => {
    const store = memoryImageStore();
    let isHanging = false;
    const read: typeof store.read = (name) => (isHanging ? new Promise<never>(() => undefined) : store.read(name));
    const memory = memoryTracker({ ports: { store: { ...store, read } } });
    await deliver(memory, 'eastus');
    const waited = wait(memory, `image=${image}&timeout=5`);
    await memory.clock.advance(100);
    isHanging = true;
    await memory.clock.advance(4_900);
    await memory.clock.settle();
    expect(waited.answer).toMatchObject({ status: 202, body: { missing: ['westeurope'] } });
  });
});

test('many waiters for one image cost the storage no more than one', async () => {
  const reads = async (waiters: number) => {
    const store = memoryImageStore();
    let count = 0;
    const read: typeof store.read = (name) => {
      count++;
      return store.read(name);
    };
    const memory = memoryTracker({ ports: { store: { ...store, read } } });
    const asked = Array.from({ length: waiters }, () => wait(memory, `image=${image}&timeout=30`));
    await memory.clock.advance(20_000);
    await everywhere(memory);
    await memory.clock.advance(1_000);
    expect(new Set(asked.map(({ answer }) => answer?.status))).toEqual(new Set([200]));
    return count;
  };
  expect(await reads(100)).toBeLessThanOrEqual((await reads(1)) + 1);
});
