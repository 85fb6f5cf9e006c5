import { describe, expect, test } from 'vitest';
import { publishedKeys } from '../../../src/core/image/due-events.ts';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import type { EventPublisher } from '../../../src/core/ports.ts';
import type { ReplayScope } from '../../../src/core/replay/replay-job.ts';
import { keyOfReplay, replayIdPattern } from '../../../src/core/replay/replay-job.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { at, digestOf, pushOf, recordOf, registryOf, replicaSetOf } from '../../support/build.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';
import { memoryReplays } from '../../support/replays.ts';
import { bodyOf, deliver } from '../../support/webhook.ts';

const nameOf = (n: number) => recordOf(digestOf(n), [pushOf('eastus', '2026-06-01T12:00:00Z')]).name;
const imageScope = (n = 1): ReplayScope => ({ kind: 'image', name: nameOf(n) });
const rangeScope = (since: string, until: string): ReplayScope => ({
  kind: 'registry',
  registry: 'contoso',
  since: at(since),
  until: at(until),
});

/** Image 1 published at 12:00, image 2 at 13:00, image 3 at 14:00; each in both regions. It is 15:00. */
async function publishThree(): Promise<MemoryTracker> {
  const memory = memoryTracker();
  for (const n of [1, 2, 3]) {
    for (const region of ['eastus', 'westeurope']) {
      await deliver(memory, region, bodyOf({ target: { digest: digestOf(n) } }));
    }
    await memory.clock.advance(3_600_000);
  }
  return memory;
}

const idsOf = (memory: MemoryTracker) => memory.publisher.published.map(({ id }) => id);

function forget(memory: MemoryTracker): string[] {
  return memory.publisher.published.splice(0).map(({ id }) => id);
}

describe('a replay of an image', () => {
  test('publishes again what was published, with the same ids, and nothing else', async () => {
    const memory = await publishThree();
    const first = memory.publisher.published.filter(({ subject }) => subject.endsWith(digestOf(2)));
    const { replays, finish } = memoryReplays(memory);
    forget(memory);
    const job = await replays.start(imageScope(2));
    expect(job).toMatchObject({ finishedAt: null, eventsPublished: 0, requestedAt: memory.clock.now() });
    expect(job.id).toMatch(replayIdPattern);
    await finish();
    const again = memory.publisher.published;
    expect(again.map(({ id }) => id).sort()).toEqual(first.map(({ id }) => id).sort());
    expect(again.map(({ type, source, subject, time }) => ({ type, source, subject, time }))).toEqual(
      first.map(({ type, source, subject, time }) => ({ type, source, subject, time })),
    );
    expect(await replays.find(job.id)).toMatchObject({ imagesExamined: 1, eventsPublished: 3 });
    expect((await replays.find(job.id))?.finishedAt).toBeGreaterThan(job.requestedAt);
    expect(await replays.ofImage(nameOf(2))).toMatchObject({ id: job.id });
    expect(await replays.ofImage(nameOf(1))).toBeUndefined();
  });

  test('leaves the records as they are', async () => {
    const memory = await publishThree();
    const before = await memory.store.read(nameOf(1));
    const { replays, finish } = memoryReplays(memory);
    await replays.start(imageScope());
    await finish();
    expect(await memory.store.read(nameOf(1))).toEqual(before);
  });

  test('does not publish what the topic has not accepted: that is pending anyway', async () => {
    let isAway = true;
    const publishedIds: string[] = [];
    const publisher: EventPublisher = {
      async publish(events) {
        if (isAway) throw new UpstreamError('unavailable', 'the topic is away');
        publishedIds.push(...events.map(({ id }) => id));
      },
    };
    const memory = memoryTracker({ ports: { publisher } });
    await deliver(memory, 'eastus');
    await memory.clock.advance(3_000);
    const { replays, finish } = memoryReplays(memory, { publisher: memory.publisher });
    const { id } = await replays.start(imageScope());
    await finish();
    expect(memory.publisher.published).toEqual([]);
    expect(await replays.find(id)).toMatchObject({ eventsPublished: 0, finishedAt: expect.any(Number) });
    isAway = false;
    await memory.clock.advance(60_000);
    expect(publishedIds).toHaveLength(1);
  });

  test('waits until what has just been published is stored', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    await memory.clock.settle();
    const ids = forget(memory);
    expect(ids).toHaveLength(1);
    const { replays, finish, queue } = memoryReplays(memory);
    await replays.start(imageScope());
    expect(queue.sent).toEqual([{ message: expect.anything(), delayMs: 12_000 }]);
    await finish();
    expect(idsOf(memory)).toEqual(ids);
  });

  test('of an image that is gone since publishes nothing', async () => {
    const { replays, finish } = memoryReplays(memoryTracker());
    const { id } = await replays.start(imageScope());
    await finish();
    expect(await replays.find(id)).toMatchObject({ imagesExamined: 0, eventsPublished: 0 });
  });
});

describe('a replay of a range', () => {
  test.each([
    ['2026-06-01T12:00:00.000Z', '2026-06-01T12:00:00.000Z', [1]],
    ['2026-06-01T12:30:00Z', '2026-06-01T13:30:00Z', [2]],
    ['2026-06-01T12:30:00Z', '2026-06-01T15:00:00Z', [2, 3]],
    ['2026-06-01T11:00:00Z', '2026-06-01T15:00:00Z', [1, 2, 3]],
    ['2026-06-01T14:30:00Z', '2026-06-01T15:00:00Z', []],
    ['2026-06-01T10:00:00Z', '2026-06-01T11:59:59.999Z', []],
  ])('from %s until %s publishes the images %j', async (since, until, images) => {
    const memory = await publishThree();
    const { replays, finish } = memoryReplays(memory);
    const publishedIds = memory.publisher.published.splice(0);
    await replays.start(rangeScope(since, until));
    await finish();
    const wanted = publishedIds.filter(({ subject }) => images.some((n) => subject.endsWith(digestOf(n))));
    expect(idsOf(memory).sort()).toEqual(wanted.map(({ id }) => id).sort());
  });

  test('finds what was known long before the topic accepted it', async () => {
    let isAway = true;
    const publishedIds: string[] = [];
    const publisher: EventPublisher = {
      async publish(events) {
        if (isAway) throw new UpstreamError('unavailable', 'the topic is away');
        publishedIds.push(...events.map(({ id }) => id));
      },
    };
    const memory = memoryTracker({ ports: { publisher } });
    await deliver(memory, 'eastus');
    await memory.clock.advance(7_200_000);
    isAway = false;
    await memory.clock.advance(600_000);
    expect(publishedIds).toHaveLength(1);
    const { replays, finish } = memoryReplays(memory, { publisher: memory.publisher });
    await replays.start(rangeScope('2026-06-01T14:00:00Z', '2026-06-01T15:00:00Z'));
    await finish();
    expect(idsOf(memory)).toEqual(publishedIds);
  });

  test('is not delayed by empty pages', async () => {
    const memory = await publishThree();
    const publishedIds = forget(memory);
    const { replays, finish, queue } = memoryReplays(memory, {
      images: {
        ...memory.store,
        async publishedSince(query) {
          const seen = Number(query.cursor ?? 0);
          if (seen < 50) return { images: [], next: String(seen + 1) };
          return memory.store.publishedSince({ ...query, cursor: undefined });
        },
      },
    });
    const { id } = await replays.start(rangeScope('2026-06-01T11:00:00Z', '2026-06-01T15:00:00Z'));
    const sent = queue.sent.length;
    await finish();
    expect(sent).toBe(1);
    expect(idsOf(memory).sort()).toEqual(publishedIds.sort());
    expect(await replays.find(id)).toMatchObject({ imagesExamined: 3, eventsPublished: publishedIds.length });
  });

  test('of another registry publishes nothing of this one', async () => {
    const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
    const memory = memoryTracker({ registries });
    await deliver(memory, 'eastus');
    await memory.clock.advance(60_000);
    forget(memory);
    const { replays, finish } = memoryReplays(memory);
    const scope = rangeScope('2026-06-01T11:00:00Z', '2026-06-01T13:00:00Z');
    await replays.start({ ...scope, registry: 'fabrikam' } as ReplayScope);
    await finish();
    expect(idsOf(memory)).toEqual([]);
  });

  test('goes page by page, and publishes no more than a hundred at once', async () => {
    const memory = memoryTracker();
    for (let n = 1; n <= 130; n++) await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(n) } }));
    await memory.clock.advance(60_000);
    const publishedIds = forget(memory);
    const sizes: number[] = [];
    const cursors: (string | undefined)[] = [];
    const { replays, finish } = memoryReplays(memory, {
      publisher: {
        async publish(events) {
          sizes.push(events.length);
          await memory.publisher.publish(events);
        },
      },
      images: {
        ...memory.store,
        publishedSince(query) {
          cursors.push(query.cursor);
          return memory.store.publishedSince(query);
        },
      },
    });
    const { id } = await replays.start(rangeScope('2026-06-01T11:00:00Z', '2026-06-01T13:00:00Z'));
    await finish();
    expect(cursors).toHaveLength(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(idsOf(memory).sort()).toEqual(publishedIds.sort());
    expect(await replays.find(id)).toMatchObject({ imagesExamined: 130, eventsPublished: 130 });
  });
});

describe('asking again', () => {
  test('while it runs gives the same replay, afterwards another one', async () => {
    const memory = await publishThree();
    const { replays, finish } = memoryReplays(memory);
    const first = await replays.start(imageScope());
    await memory.clock.advance(1_000);
    expect((await replays.start(imageScope())).id).toBe(first.id);
    expect((await replays.start(imageScope(2))).id).not.toBe(first.id);
    await finish();
    const second = await replays.start(imageScope());
    expect(second.id).not.toBe(first.id);
    expect(keyOfReplay(second.id)).toBe(keyOfReplay(first.id));
    expect(await replays.find(first.id)).toBeUndefined();
  });

  test('"until now" is the same question a moment later', async () => {
    const memory = await publishThree();
    const { replays } = memoryReplays(memory);
    const ask = () => replays.start({ ...rangeScope('2026-06-01T12:00:00Z', '2026-06-01T13:00:00Z') });
    const first = await ask();
    const later = rangeScope('2026-06-01T12:00:00Z', '2026-06-01T14:00:00Z');
    expect((await replays.start(later)).id).toBe(first.id);
    expect((await replays.start(later, '2026-06-01T14:00:00.000Z')).id).not.toBe(first.id);
  });

  test('helps a replay whose message was never sent', async () => {
    const memory = await publishThree();
    let fails = true;
    const sent: { readonly id: string }[] = [];
    const { replays } = memoryReplays(memory, {
      queue: {
        async send(message) {
          if (fails) throw new UpstreamError('unavailable', 'the queue is away');
          sent.push(message);
        },
      },
    });
    await expect(replays.start(imageScope())).rejects.toThrow('away');
    fails = false;
    const { id } = await replays.start(imageScope());
    expect(sent).toEqual([{ id, failures: 0 }]);
    await replays.step({ id, failures: 0 });
    expect((await replays.find(id))?.finishedAt).not.toBeNull();
  });

  test('of two at the same moment one begins', async () => {
    const memory = await publishThree();
    const { replays, queue } = memoryReplays(memory);
    const [a, b] = await Promise.all([replays.start(imageScope()), replays.start(imageScope())]);
    expect(a.id).toBe(b.id);
    expect(queue.sent).toHaveLength(1);
  });

  test('a week later the old ones are forgotten', async () => {
    const memory = await publishThree();
    const { replays, finish, jobs } = memoryReplays(memory);
    const { id } = await replays.start(imageScope(1));
    await finish();
    await memory.clock.advance(6 * 86_400_000);
    await replays.start(imageScope(2));
    expect(await jobs.load(keyOfReplay(id))).toBeDefined();
    await memory.clock.advance(2 * 86_400_000);
    await replays.start(imageScope(3));
    expect(await jobs.load(keyOfReplay(id))).toBeUndefined();
  });
});

describe('a failure', () => {
  test('of the topic in the middle: what is left follows after a pause, and the count is right', async () => {
    const memory = await publishThree();
    const publishedIds = forget(memory);
    let failures = 3;
    const { replays, queue, finish } = memoryReplays(memory, {
      publisher: {
        async publish(events) {
          if (failures-- > 0) throw new UpstreamError('unavailable', 'Event Grid topic (503)');
          await memory.publisher.publish(events);
        },
      },
    });
    const { id } = await replays.start(rangeScope('2026-06-01T11:00:00Z', '2026-06-01T15:00:00Z'));
    let [next] = queue.sent.splice(0);
    for (const delayMs of [2_000, 4_000, 8_000]) {
      await replays.step(next?.message ?? expect.fail('no message'));
      [next] = queue.sent.filter(({ message }) => message.stalledAt === undefined);
      expect(next?.delayMs).toBe(delayMs);
      if (delayMs < 8_000) queue.sent.splice(0);
    }
    await finish();
    expect(idsOf(memory).sort()).toEqual(publishedIds.sort());
    expect(await replays.find(id)).toMatchObject({ imagesExamined: 3, eventsPublished: publishedIds.length });
    expect(memory.lines.filter((line) => line.startsWith('replay interrupted'))).toHaveLength(3);
  });

  test('with one event that the topic will never accept does not hold back the others', async () => {
    const memory = await publishThree();
    const publishedIds = forget(memory);
    const bad = publishedIds[2];
    const { replays, finish } = memoryReplays(memory, {
      publisher: {
        async publish(events) {
          if (events.some(({ id }) => id === bad)) throw new UpstreamError('invalid', 'Event Grid topic (400)');
          await memory.publisher.publish(events);
        },
      },
    });
    const { id } = await replays.start(rangeScope('2026-06-01T11:00:00Z', '2026-06-01T15:00:00Z'));
    await finish();
    expect(idsOf(memory).sort()).toEqual(publishedIds.filter((one) => one !== bad).sort());
    expect(await replays.find(id)).toMatchObject({
      eventsPublished: publishedIds.length - 1,
      finishedAt: expect.any(Number),
    });
  });

  test('a crash after a page: the next message goes on there', async () => {
    const memory = memoryTracker();
    for (let n = 1; n <= 120; n++) await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(n) } }));
    await memory.clock.advance(60_000);
    const publishedIds = forget(memory);
    let reads = 0;
    const dying = memoryReplays(memory, {
      images: {
        ...memory.store,
        publishedSince: (query) =>
          ++reads === 2 ? Promise.reject(new Error('the process died')) : memory.store.publishedSince(query),
      },
    });
    const { id } = await dying.replays.start(rangeScope('2026-06-01T11:00:00Z', '2026-06-01T13:00:00Z'));
    await expect(dying.replays.step({ id, failures: 0 })).rejects.toThrow('died');
    expect(idsOf(memory)).toHaveLength(50);
    const other = memoryReplays(memory, { jobs: dying.jobs });
    await other.replays.step({ id, failures: 0 });
    expect(idsOf(memory).sort()).toEqual(publishedIds.sort());
    expect(await other.replays.find(id)).toMatchObject({ imagesExamined: 120, eventsPublished: 120 });
  });

  test('an instance that dies in the middle of a page is missed within a minute', async () => {
    const memory = await publishThree();
    const publishedIds = forget(memory);
    const dying = memoryReplays(memory, {
      publisher: { publish: () => Promise.reject(new Error('the process died')) },
    });
    const { id } = await dying.replays.start(rangeScope('2026-06-01T11:00:00Z', '2026-06-01T15:00:00Z'));
    const [first] = dying.queue.sent.splice(0);
    await expect(dying.replays.step(first?.message ?? expect.fail('no message'))).rejects.toThrow('died');
    const [guard, ...others] = dying.queue.sent;
    expect(guard?.delayMs).toBeLessThanOrEqual(60_000);
    expect(others).toEqual([]);
    const other = memoryReplays(memory, { jobs: dying.jobs });
    await other.replays.step(guard?.message ?? expect.fail('no guard'));
    expect(idsOf(memory).sort()).toEqual(publishedIds.sort());
    expect(await other.replays.find(id)).toMatchObject({ finishedAt: expect.any(Number) });
  });

  test('while one instance works on it no other begins', async () => {
    const memory = memoryTracker();
    for (let n = 1; n <= 60; n++) await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(n) } }));
    await memory.clock.advance(60_000);
    forget(memory);
    const { replays, queue } = memoryReplays(memory);
    const { id } = await replays.start(rangeScope('2026-06-01T11:00:00Z', '2026-06-01T13:00:00Z'));
    const before = (await replays.find(id))?.progressAt;
    await memory.clock.advance(20_000);
    await replays.step({ id, failures: 0 });
    forget(memory);
    queue.sent.splice(0);
    await replays.step({ id, failures: 1, stalledAt: before });
    expect(idsOf(memory)).toEqual([]);
    expect(queue.sent).toEqual([]);
  });

  test('a message that comes twice, late, or about something else does nothing', async () => {
    const memory = await publishThree();
    const { replays, finish, queue } = memoryReplays(memory);
    const { id } = await replays.start(imageScope());
    await finish();
    forget(memory);
    await replays.step({ id, failures: 0 });
    await replays.step({ id: `${'0'.repeat(20)}-abc`, failures: 0 });
    await replays.step({ id: 'nonsense', failures: 0 });
    expect(idsOf(memory)).toEqual([]);
    expect(queue.sent).toEqual([]);
  });

  test('two messages at the same time publish twice at most, and count once', async () => {
    const memory = await publishThree();
    const publishedIds = forget(memory);
    const { replays } = memoryReplays(memory);
    const { id } = await replays.start(rangeScope('2026-06-01T11:00:00Z', '2026-06-01T15:00:00Z'));
    await Promise.all([replays.step({ id, failures: 0 }), replays.step({ id, failures: 0 })]);
    expect(new Set(idsOf(memory))).toEqual(new Set(publishedIds));
    expect(await replays.find(id)).toMatchObject({ imagesExamined: 3, eventsPublished: publishedIds.length });
  });

  test('of a registry that was removed from the settings does nothing', async () => {
    const memory = await publishThree();
    const { replays, jobs, queue } = memoryReplays(memory);
    const { id } = await replays.start(imageScope());
    queue.sent.splice(0);
    forget(memory);
    await memoryReplays(memory, { jobs, registries: [] }).replays.step({ id, failures: 0 });
    expect(idsOf(memory)).toEqual([]);
  });
});

describe('what was published', () => {
  const set = replicaSetOf();
  const record = (announcements: ImageRecord['announcements']): ImageRecord => ({
    ...recordOf(digestOf(1), [pushOf('eastus', '2026-06-01T12:00:00Z')], set),
    announcements,
  });

  test('is what the topic accepted between the two times, both included', () => {
    const entries = [null, 999, 1_000, 1_500, 2_000, 2_001].map((publishedAt, i) => ({
      key: `000001.availableInRegion.region${i}`,
      madeAt: 500 + i,
      publishedAt,
    }));
    expect(publishedKeys(record(entries), 1_000, 2_000).map((key) => key.at(-1))).toEqual(['2', '3', '4']);
  });
});
