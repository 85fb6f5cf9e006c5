/** The functions that nobody waits for: deferred deliveries, timers of images, forgetting. */
import functions from '@azure/functions';
import { describe, expect, test } from 'vitest';
import { memoryImageStore } from '../../src/adapters/memory.ts';
import { WorldError } from '../../src/core/errors.ts';
import { toDeliveryMessage, toWakeMessage } from '../../src/core/messages.ts';
import { deliveriesFunction } from '../../src/functions/deliveries.ts';
import { retentionFunction } from '../../src/functions/retention.ts';
import { wakesFunction } from '../../src/functions/wakes.ts';
import { digestOf, pushOf, repositoryOf } from '../support/build.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const delivery = { name, fact: pushOf('eastus', '2026-06-01T12:00:00Z', { tag: 'v1' }) };
const away = () => Promise.reject(new WorldError('unavailable', 'the tables are away'));

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
    const { handler } = deliveriesFunction(memory.tracker, 'deliveries');
    await handler(received(toDeliveryMessage(delivery)), context().invocation);
    expect((await memory.store.read(name))?.record.arrivals).toHaveProperty('eastus');
  });

  test('that comes twice is recorded once', async () => {
    const memory = memoryTracker();
    const { handler } = deliveriesFunction(memory.tracker, 'deliveries');
    const { log, invocation } = context();
    for (let time = 0; time < 2; time++) await handler(received(toDeliveryMessage(delivery)), invocation);
    expect(log.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'deferred push recorded',
      'deferred push duplicate',
    ]);
  });

  test('goes back to the queue while the tables are away', async () => {
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), commit: away } } });
    await deliveriesFunction(memory.tracker, 'deliveries').handler(
      received(toDeliveryMessage(delivery)),
      context().invocation,
    );
    expect(memory.queue.deferred).toEqual([delivery]);
  });

  test('fails when the queue is away as well, so that the host keeps the message', async () => {
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), commit: away }, queue: { defer: away } } });
    const { handler } = deliveriesFunction(memory.tracker, 'deliveries');
    await expect(handler(received(toDeliveryMessage(delivery)), context().invocation)).rejects.toThrow(WorldError);
  });

  test('that is none fails, so that the host puts it aside', async () => {
    const { handler } = deliveriesFunction(memoryTracker().tracker, 'deliveries');
    await expect(handler('nonsense', context().invocation)).rejects.toThrow();
  });
});

describe('a wake', () => {
  const parts = ({ tracker, timer, clock }: MemoryTracker) => ({ tracker, timer, now: clock.now });

  test('calls an image delayed once its time has come', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    await memory.clock.advance(900_000);
    const { handler } = wakesFunction(parts(memory), 'wakes');
    await handler(received(toWakeMessage({ images: [name], at: 0 })), context().invocation);
    await memory.clock.settle();
    expect(memory.publisher.published.map(({ type }) => type)).toContain('AcrReplication.ReplicationDelayed');
  });

  test('of an image that is forgotten, or of a registry that has left the settings, is nothing to do', async () => {
    const memory = memoryTracker();
    const message = toWakeMessage({ images: [name, { ...name, registry: 'fabrikam' }], at: 0 });
    await wakesFunction(parts(memory), 'wakes').handler(received(message), context().invocation);
    expect(memory.publisher.published).toEqual([]);
  });

  test('that the tables do not let happen gets a new timer for that image, and the others are tried', async () => {
    const store = memoryImageStore();
    const tried: string[] = [];
    const read: typeof store.read = (asked) => {
      tried.push(asked.digest);
      return asked.digest === digestOf(3) ? away() : store.read(asked);
    };
    const memory = memoryTracker({ ports: { store: { ...store, read } } });
    const names = Array.from({ length: 20 }, (_, i) => ({ ...name, digest: digestOf(i) }));
    const { handler } = wakesFunction(parts(memory), 'wakes');
    await handler(received(toWakeMessage({ images: names, at: 0 })), context().invocation);
    expect(new Set(tried)).toEqual(new Set(names.map(({ digest }) => digest)));
    expect(memory.timer.set).toEqual([{ name: { ...name, digest: digestOf(3) }, at: memory.clock.now() + 30_000 }]);
  });

  test('of what is only looked for says to the new timer since when', async () => {
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), read: away } } });
    const { handler } = wakesFunction(parts(memory), 'wakes');
    await handler(received(toWakeMessage({ images: [name], at: 0, noticedAt: 5 })), context().invocation);
    expect(memory.timer.set).toEqual([{ name, at: memory.clock.now() + 30_000, noticedAt: 5 }]);
  });

  test('fails when no timer can be set either, so that the host keeps the message', async () => {
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), read: away } } });
    const { handler } = wakesFunction({ ...parts(memory), timer: { wake: away } }, 'wakes');
    await expect(handler(received(toWakeMessage({ images: [name], at: 0 })), context().invocation)).rejects.toThrow(
      '1 of 1 images',
    );
  });

  test('that is none fails, so that the host puts it aside', async () => {
    const { handler } = wakesFunction(parts(memoryTracker()), 'wakes');
    await expect(handler({ images: [] }, context().invocation)).rejects.toThrow();
  });
});

describe('forgetting', () => {
  test('takes finished images whose time has passed, and no others', async () => {
    const memory = memoryTracker();
    const open = { ...name, digest: digestOf(2) };
    for (const region of ['eastus', 'westeurope']) await deliver(memory, region);
    await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(2) } }));
    await memory.clock.advance(89 * 86_400_000);
    const { log, invocation } = context();
    const { handler } = retentionFunction(memory.tracker);
    const timer = {
      isPastDue: false,
      schedule: { adjustForDST: false },
      scheduleStatus: { last: '', next: '', lastUpdated: '' },
    };
    await handler(timer, invocation);
    expect(await memory.store.read(name)).toBeDefined();
    await memory.clock.advance(2 * 86_400_000);
    await handler(timer, invocation);
    expect(await memory.store.read(name)).toBeUndefined();
    expect(await memory.store.read(open)).toBeDefined();
    expect(log).toEqual(['forgot 1 finished images']);
  });
});
