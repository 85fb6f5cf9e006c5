/**
 * What the topic has accepted is stored without reading the record, unless this process has a reliable copy of it: then neither
 * it nor another writer gets a conflict.
 */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  memoryImageLists,
  memoryImageStore,
  memoryReconcileQueue,
  memoryTagDigests,
} from '../../../src/adapters/memory.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import { pendingKeys } from '../../../src/core/image/record.ts';
import type { ImageStore } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { imageCache } from '../../../src/core/store/image-cache.ts';
import { imageWriter } from '../../../src/core/store/image-writer.ts';
import { at, deleteOf, digestOf, policy, pushOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const nameOf = (image: number) => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(image),
});
const name = nameOf(1);
const now = at('2026-06-01T12:00:00Z');
const eastus = pushOf('eastus', '2026-06-01T12:00:00Z');
const westeurope = pushOf('westeurope', '2026-06-01T12:00:01Z');
const keyOf = (region: string) => `000001.availableInRegion.${region}`;

/** A process that writes; its calls are recorded. */
function instance(store: ImageStore, clock = manualClock()) {
  const calls: string[] = [];
  const noted = <Result>(call: string, result: Result): Result => {
    calls.push(call);
    return result;
  };
  const cache = imageCache(10);
  const made: string[] = [];
  const writer = imageWriter({
    store: {
      ...store,
      read: (...given) => noted('read', store.read(...given)),
      commit: (...given) => noted('commit', store.commit(...given)),
      noteAccepted: (...given) => noted('noteAccepted', store.noteAccepted(...given)),
    },
    cache,
    lists: memoryImageLists(),
    tags: memoryTagDigests(),
    timer: memoryReconcileQueue(),
    clock,
    log: { info: () => undefined, warn: () => undefined },
    random: () => 0.5,
    uniqueId: randomUUID,
    registryOf: () => registryOf(),
    decisionContext: () => ({ set: replicaSetOf(), policy, now: clock.now(), targets: [] }),
  });
  writer.onCommit((commit) => made.push(...commit.made));
  return {
    cache,
    onCommit: writer.onCommit,
    /** The announcements that are to be published from here. */
    made,
    learn: (fact: Fact, image = 1) => writer.submit(nameOf(image), { kind: 'fact', fact }),
    noteAccepted: (region: string, image = 1) =>
      writer.submit(nameOf(image), { kind: 'eventsAccepted', keys: [keyOf(region)], at: now }),
    reevaluate: () => writer.submit(name, { kind: 'reevaluate' }),
    /** What was called since the last time. */
    called: () => calls.splice(0),
  };
}

test('that an event was accepted goes into the record, in a process that knows the image', async () => {
  const one = instance(memoryImageStore());
  await one.learn(eastus);
  one.called();
  await one.noteAccepted('eastus');
  expect(one.called()).toEqual(['commit']);
});

test('that an event was accepted is written beside the record, unread, in a process that does not know the image', async () => {
  const store = memoryImageStore();
  const [one, other] = [instance(store), instance(store)];
  await one.learn(eastus);
  await other.noteAccepted('eastus');
  expect(other.called()).toEqual(['noteAccepted']);
  expect(pendingKeys((await store.read(name))?.record ?? expect.fail('no image'))).toEqual([]);
});

test('a write of another process has what was noted beside the record meanwhile', async () => {
  const store = memoryImageStore();
  const [one, other] = [instance(store), instance(store)];
  await one.learn(eastus);
  await other.noteAccepted('eastus');
  one.called();
  await one.learn(westeurope);
  // Its copy was out of date.
  expect(one.called()).toEqual(['commit', 'read', 'commit']);
  const { record } = (await store.read(name)) ?? expect.fail('no image');
  expect(Object.keys(record.arrivals)).toEqual(['eastus', 'westeurope']);
  expect(pendingKeys(record)).not.toContain(keyOf('eastus'));
});

test('a repeat is answered from memory, and a new fact is decided on the stored record, after a note beside it', async () => {
  const store = memoryImageStore();
  const [one, other] = [instance(store), instance(store)];
  await one.learn(eastus);
  const { record } = (await store.read(name)) ?? expect.fail('no image');
  other.cache.set({ record, version: undefined });
  await other.noteAccepted('eastus');
  const repeat = await other.learn(eastus);
  expect(repeat.outcome).toBe('duplicate');
  expect(pendingKeys(repeat.record ?? expect.fail('no image'))).toEqual([]);
  expect(other.called()).toEqual(['noteAccepted']);
  await other.learn(westeurope);
  expect(other.called()).toEqual(['read', 'commit']);
});

test('a listener that throws leaves the write stored, and the others are called', async () => {
  const store = memoryImageStore();
  const one = instance(store);
  const counts: number[] = [];
  one.onCommit(() => {
    throw new Error('a listener');
  });
  one.onCommit(({ made }) => counts.push(made.length));
  expect((await one.learn(eastus)).outcome).toBe('recorded');
  expect(counts).toEqual([1]);
  expect(await store.read(name)).toBeDefined();
});

test('accepted events of an image without a record are not stored', async () => {
  const store = memoryImageStore();
  await instance(store).noteAccepted('eastus');
  expect(await store.read(name)).toBeUndefined();
});

test('writes that only note accepted events do not make copies reliable for other writes', async () => {
  const store = memoryImageStore();
  const clock = manualClock(at('2026-06-01T12:10:00Z'));
  const [one, other] = [instance(store, clock), instance(store, clock)];
  for (let image = 1; image <= 80; image++) {
    await one.learn(eastus, image);
    await one.noteAccepted('eastus', image);
    if (image % 10 > 0) continue;
    await other.learn(westeurope, image);
    await one.learn(pushOf('southeastasia', '2026-06-01T12:00:02Z'), image);
  }
  one.called();
  await one.learn(westeurope, 79);
  expect(one.called()).toEqual(['read', 'commit']);
});

test('a reevaluation reads what others have written, so that it does not decide on an old record', async () => {
  const store = memoryImageStore();
  const clock = manualClock();
  const [one, other] = [instance(store, clock), instance(store, clock)];
  await one.learn(eastus);
  await other.learn(westeurope);
  await clock.advance(policy.delayedAfterMs + 60_000);
  one.called();
  await one.reevaluate();
  expect(one.called()).toEqual(['read']);
});

test('where most images were new, a push of one that is not known is written at once, and a delete is not', async () => {
  const store = memoryImageStore();
  const [one, other] = [instance(store), instance(store)];
  for (let image = 1; image <= 40; image++) await one.learn(eastus, image);
  await other.learn(eastus, 50);
  one.called();
  await one.learn(eastus, 41);
  expect(one.called()).toEqual(['commit']);
  await one.learn(deleteOf('eastus', '2026-06-01T12:00:02Z'), 50);
  expect(one.called()).toEqual(['read', 'commit']);
});

test('after a write that failed the image is read: it may be stored', async () => {
  const store = memoryImageStore();
  let isAnswerLost = false;
  const one = instance({
    ...store,
    async commit(change) {
      const committed = await store.commit(change);
      if (isAnswerLost) throw new UpstreamError('unavailable', 'no answer in time');
      return committed;
    },
  });
  await one.learn(eastus);
  isAnswerLost = true;
  await expect(one.learn(westeurope)).rejects.toThrow('no answer in time');
  isAnswerLost = false;
  one.called();
  expect(await one.learn(westeurope)).toMatchObject({ outcome: 'duplicate' });
  expect(one.called()).toEqual(['read']);
});

test.each(['the first report', 'the next'])(
  'what was stored, but answered as if another had been first: %s',
  async (which) => {
    const store = memoryImageStore();
    let isAnswerLost = false;
    const one = instance({
      ...store,
      // The first answer was lost. To the same request, sent again, the service answers with a conflict.
      async commit(change) {
        const committed = await store.commit(change);
        return isAnswerLost ? 'conflict' : committed;
      },
    });
    isAnswerLost = which === 'the first report';
    expect(await one.learn(eastus)).toMatchObject({ outcome: 'recorded' });
    isAnswerLost = true;
    expect(await one.learn(westeurope)).toMatchObject({ outcome: 'recorded' });
    expect(one.made).toEqual([keyOf('eastus'), keyOf('westeurope'), '000001.availableInAllReplicas']);
  },
);
