/** The functions that nobody waits for: deferred deliveries, timers of images, forgetting. */
import functions from '@azure/functions';
import { describe, expect, test } from 'vitest';
import { memoryImageStore } from '../../src/adapters/memory.ts';
import { memoryDueWork } from '../../src/adapters/memory-due-work.ts';
import { dueReconcileQueue } from '../../src/core/due-work/due-queues.ts';
import { sweepEveryMs } from '../../src/core/due-work/due-work.ts';
import { runDueWork } from '../../src/core/due-work/run-due-work.ts';
import { sweeper } from '../../src/core/due-work/sweeper.ts';
import type { DueWorkStore } from '../../src/core/ports.ts';
import { toDeliveryMessage, toSharedMessage } from '../../src/core/queue-messages.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { deferredDeliveriesFunction } from '../../src/functions/triggers/deferred-deliveries.ts';
import { retentionFunction } from '../../src/functions/triggers/retention.ts';
import { sweepFunction } from '../../src/functions/triggers/sweep.ts';
import { parseSchedule } from '../../src/local/host/ncrontab.ts';
import { digestOf, pushOf, repositoryOf } from '../support/build.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const delivery = { name, fact: pushOf('eastus', '2026-06-01T12:00:00Z', { tag: 'v1' }) };
const away = () => Promise.reject(new UpstreamError('unavailable', 'the tables are away'));

function context() {
  const log: string[] = [];
  const logHandler = (_level: string, ...words: unknown[]) => {
    log.push(words.map(String).join(' '));
  };
  return { log, invocation: new functions.InvocationContext({ logHandler }) };
}

/** As the queue hands it over: through JSON. */
function received(message: object): unknown {
  return JSON.parse(JSON.stringify(message));
}

describe('a deferred delivery', () => {
  test('is recorded as if it had come through the door', async () => {
    const memory = memoryTracker();
    const { handler } = deferredDeliveriesFunction(memory.tracker, 'deliveries');
    await handler(received(toDeliveryMessage(delivery)), context().invocation);
    expect((await memory.store.read(name))?.record.arrivals).toHaveProperty('eastus');
  });

  test('that comes twice is recorded once', async () => {
    const memory = memoryTracker();
    const { handler } = deferredDeliveriesFunction(memory.tracker, 'deliveries');
    const { log, invocation } = context();
    for (let time = 0; time < 2; time++) await handler(received(toDeliveryMessage(delivery)), invocation);
    expect(log.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'deferred push recorded',
      'deferred push duplicate',
    ]);
  });

  test('is recorded with those that share its message, also when one of them fails', async () => {
    const store = memoryImageStore();
    const other = { ...delivery, name: { ...name, digest: digestOf(2) } };
    const unknown = { ...delivery, name: { ...name, registry: 'fabrikam' } };
    const memory = memoryTracker({ ports: { store } });
    const { handler } = deferredDeliveriesFunction(memory.tracker, 'deliveries');
    const { log, invocation } = context();
    await handler(received(toSharedMessage([delivery, other])), invocation);
    expect(log).toHaveLength(2);
    for (const { name } of [delivery, other])
      expect((await store.read(name))?.record.arrivals).toHaveProperty('eastus');

    const third = { ...delivery, name: { ...name, digest: digestOf(3) } };
    await expect(handler(received(toSharedMessage([unknown, third])), invocation)).rejects.toThrow('fabrikam');
    expect((await store.read(third.name))?.record.arrivals).toHaveProperty('eastus');
  });

  test('goes back to the queue while the tables are away', async () => {
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), commit: away } } });
    await deferredDeliveriesFunction(memory.tracker, 'deliveries').handler(
      received(toDeliveryMessage(delivery)),
      context().invocation,
    );
    expect(memory.queue.deferred).toEqual([delivery]);
  });

  test('fails when the queue is away as well, so that the host keeps the message', async () => {
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), commit: away }, queue: { defer: away } } });
    const { handler } = deferredDeliveriesFunction(memory.tracker, 'deliveries');
    await expect(handler(received(toDeliveryMessage(delivery)), context().invocation)).rejects.toThrow(UpstreamError);
  });

  test('that is none fails, so that the host puts it aside', async () => {
    const { handler } = deferredDeliveriesFunction(memoryTracker().tracker, 'deliveries');
    await expect(handler('nonsense', context().invocation)).rejects.toThrow();
  });
});

describe('a sweep', () => {
  const timer = {
    isPastDue: false,
    schedule: { adjustForDST: false },
    scheduleStatus: { last: '', next: '', lastUpdated: '' },
  };
  const nobody = {
    deliver: () => Promise.reject(new Error('nobody')),
    send: () => Promise.reject(new Error('nobody')),
    resume: () => Promise.reject(new Error('nobody')),
  };
  const sweepOf = ({ tracker, clock }: MemoryTracker, dueWork: DueWorkStore) => {
    const run = runDueWork({ tracker, checks: undefined, forwarder: nobody, releases: nobody, replays: nobody });
    const log = { info: () => undefined, warn: () => undefined };
    const { handler } = sweepFunction(sweeper({ dueWork, clock, log, run }));
    return () => handler(timer, context().invocation);
  };

  test('calls an image delayed once its time has come, though nobody knows of it any more', async () => {
    const dueWork = memoryDueWork();
    const first = memoryTracker({ ports: { timer: dueReconcileQueue(dueWork, () => 0) } });
    await deliver(first, 'eastus');
    const { store, lists, tags, clock } = first;
    const second = memoryTracker({ clock, ports: { store, lists, tags, timer: dueReconcileQueue(dueWork, () => 0) } });
    const sweep = sweepOf(second, dueWork);
    await clock.advance(30_000);
    await sweep();
    await clock.advance(870_000);
    await sweep();
    await clock.settle();
    expect(second.publisher.published.map(({ type }) => type)).toContain('AcrReplication.ReplicationDelayed');
  });

  test('of an image that is forgotten leaves nothing', async () => {
    const memory = memoryTracker();
    const dueWork = memoryDueWork();
    await dueReconcileQueue(dueWork, () => 0).add(name, 0);
    await sweepOf(memory, dueWork)();
    expect(memory.publisher.published).toEqual([]);
    expect(dueWork.rows.size).toBe(0);
  });

  test('that the tables do not let happen is made again for that image, which is looked for since the same time', async () => {
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), read: away } } });
    const dueWork = memoryDueWork();
    await dueReconcileQueue(dueWork, () => 0).add(name, 0, 5);
    await sweepOf(memory, dueWork)();
    expect([...dueWork.rows.values()]).toMatchObject([
      { dueAt: memory.clock.now() + 30_000, text: JSON.stringify({ kind: 'image', name, firstNoticedAt: 5 }) },
    ]);
  });

  test('that cannot read what is due says so, and the next one does it; what nobody foresaw is an error', async () => {
    const { log, invocation } = context();
    await sweepFunction({ sweep: away }).handler(timer, invocation);
    expect(log).toEqual(['what is due could not be read, will retry: unavailable: the tables are away']);
    const broken = sweepFunction({ sweep: () => Promise.reject(new TypeError('x is not a function')) });
    await expect(broken.handler(timer, invocation)).rejects.toThrow(TypeError);
  });

  test('is as often as the core counts on', () => {
    const { schedule } = sweepFunction({ sweep: async () => undefined });
    const next = parseSchedule(schedule);
    const first = next.next(new Date('2026-01-01T00:00:01Z'));
    expect(next.next(first).getTime() - first.getTime()).toBe(sweepEveryMs);
  });
});

describe('forgetting', () => {
  test('removes images that were deleted everywhere and whose time has passed, and no others', async () => {
    const memory = memoryTracker();
    const open = { ...name, digest: digestOf(2) };
    for (const region of ['eastus', 'westeurope']) {
      await deliver(memory, region);
      await deliver(memory, region, bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:09Z' }));
    }
    await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(2) } }));
    await memory.clock.advance(89 * 86_400_000);
    const releases = { expire: async () => 3 };
    const { log, invocation } = context();
    const { handler } = retentionFunction(memory.tracker, releases);
    const timer = {
      isPastDue: false,
      schedule: { adjustForDST: false },
      scheduleStatus: { last: '', next: '', lastUpdated: '' },
    };
    await handler(timer, invocation);
    expect((await memory.store.read(name))?.record.expiredAt).toBeNull();
    await memory.clock.advance(2 * 86_400_000);
    await handler(timer, invocation);
    expect((await memory.store.read(name))?.record.expiredAt).not.toBeNull();
    expect((await memory.store.read(open))?.record.expiredAt).toBeNull();
    expect(log).toEqual(['expired 3 releases', 'expired 1 images', 'expired 3 releases']);
  });
});
