/** Event Grid sends again whatever fails: the function fails when that helps, and only then. */
import functions from '@azure/functions';
import { describe, expect, test } from 'vitest';
import { memoryImageStore } from '../../src/adapters/memory.ts';
import type { ImageName } from '../../src/core/image/record.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { registryEventsFunction } from '../../src/functions/triggers/registry-events.ts';
import { digestOf, repositoryOf } from '../support/build.ts';
import { memoryTracker } from '../support/memory-tracker.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const away = () => Promise.reject(new UpstreamError('unavailable', 'the tables are away'));

function eventOf(location?: string) {
  const target = { repository: 'team/app', digest: digestOf(1), tag: 'v1' };
  const data = { id: 'e', timestamp: '2026-06-01T12:00:00Z', action: 'push', location, target };
  const source = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso';
  return { id: 'e', specversion: '1.0', type: 'Microsoft.ContainerRegistry.ImagePushed', source, data };
}

async function handle(event: unknown, memory = memoryTracker(), failWith?: UpstreamError) {
  const log: string[] = [];
  const noticed: ImageName[] = [];
  const { tracker, clock } = memory;
  const { handler } = registryEventsFunction({
    registries: tracker.registries,
    process: (delivery) => tracker.process(delivery),
    trackUnseen: async (image) => {
      if (failWith !== undefined) throw failWith;
      noticed.push(image);
    },
    now: clock.now,
  });
  const invocation = new functions.InvocationContext({
    logHandler: (level, ...words) => {
      log.push(`${level}: ${words.join(' ')}`);
    },
  });
  await handler(event, invocation);
  return { memory, log, noticed };
}

describe('an event', () => {
  test('with a location counts for that region', async () => {
    const { memory, log } = await handle(eventOf('East US'));
    expect((await memory.store.read(name))?.record.arrivals).toMatchObject({ eastus: { evidence: ['eventGrid'] } });
    expect(log).toEqual([expect.stringMatching(/^information: .*push recorded contoso\/team\/app@sha256:\S+ eastus$/)]);
  });

  test('without one counts for none, and the image is looked for', async () => {
    const { memory, noticed } = await handle(eventOf());
    expect(await memory.store.read(name)).toBeUndefined();
    expect(noticed).toEqual([name]);
  });

  test.each([{ ...eventOf('eastus'), type: 'ChartPushed' }, 'nonsense', { ...eventOf('1'), id: 'x' }, null])(
    'that says nothing is logged and accepted: %#',
    async (event) => {
      const { memory, log } = await handle(event);
      expect(log).toEqual([expect.stringMatching(/^(information|warning): registry event (ignored|not readable): /)]);
      expect(await memory.store.read(name)).toBeUndefined();
    },
  );
});

describe('a failure', () => {
  test('that passes goes to the queue and needs no second delivery', async () => {
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), commit: away } } });
    await handle(eventOf('eastus'), memory);
    expect(memory.queue.deferred).toHaveLength(1);
  });

  test('of the queue as well fails the function', async () => {
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), commit: away }, queue: { defer: away } } });
    await expect(handle(eventOf('eastus'), memory)).rejects.toThrow(UpstreamError);
  });

  test('when an image is noticed fails the function', async () => {
    const failure = new UpstreamError('throttled', 'slow down');
    await expect(handle(eventOf(), memoryTracker(), failure)).rejects.toBe(failure);
  });

  test('that would come again every time is logged instead', async () => {
    const { log } = await handle(eventOf(), memoryTracker(), new UpstreamError('invalid', 'too large'));
    expect(log).toEqual(['warning: registry event given up: invalid: too large']);
  });
});
