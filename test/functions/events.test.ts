import { describe, expect, test } from 'vitest';
import { WorldError } from '../../src/core/errors.ts';
import { eventsFunction } from '../../src/functions/events.ts';
import { digestOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const image = `contoso.azurecr.io/team/app@${digestOf(1)}`;

interface Listing {
  readonly image: string;
  readonly events: readonly { readonly id: string; readonly type: string; readonly publishedAt: string | null }[];
}

async function list(memory: MemoryTracker, text = image): Promise<Listing> {
  const answer = await call(eventsFunction(memory.tracker), { path: `events?image=${text}` });
  expect(answer.status).toBe(200);
  return answer.body as Listing;
}

describe('what was published for an image', () => {
  test.each([
    ['a digest', image],
    ['a tag', 'contoso.azurecr.io/team/app:v1'],
    ['a tag and a digest', `contoso.azurecr.io/team/app:v1@${digestOf(1)}`],
  ])('is nothing for %s never seen', async (_what, text) => {
    expect(await list(memoryTracker(), text)).toEqual({ image: text, events: [] });
  });

  test('is each event with its time and its delivery, as the topic has it', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    // Shown at once, although the note that it was taken waits a while for the next write.
    await memory.clock.settle();
    const told = {
      id: memory.publisher.published[0]?.id,
      source: 'https://contoso.azurecr.io',
      type: 'AcrReplication.ImageAvailableInRegion',
      subject: `team/app@${digestOf(1)}`,
      time: '2026-06-01T12:00:00.000Z',
      generation: 1,
      region: 'eastus',
      status: 'published',
      publishedAt: '2026-06-01T12:00:00.000Z',
    };
    for (const text of [image, 'contoso.azurecr.io/team/app:v1', 'contoso.eastus.geo.azurecr.io/team/app:v1']) {
      expect(await list(memory, text)).toEqual({ image, events: [told] });
    }
  });

  test('follows the image through all replicas and out again', async () => {
    const memory = memoryTracker();
    for (const [action, second] of [
      ['push', 1],
      ['delete', 2],
    ] as const) {
      const body = bodyOf({ action, timestamp: `2026-06-01T12:00:0${second}Z` });
      for (const region of ['eastus', 'westeurope']) await deliver(memory, region, body);
    }
    await memory.clock.advance(60_000);
    const { events } = await list(memory);
    expect(events.map(({ type }) => type.replace('AcrReplication.Image', '')).sort()).toEqual([
      'AvailableInAllReplicas',
      'AvailableInRegion',
      'AvailableInRegion',
      'DeletedInAllReplicas',
      'DeletedInRegion',
      'DeletedInRegion',
    ]);
    expect(events.every(({ publishedAt }) => publishedAt !== null)).toBe(true);
    expect(new Set(events.map(({ id }) => id))).toEqual(new Set(memory.publisher.published.map(({ id }) => id)));
  });

  test('says so while the topic does not take it', async () => {
    const publish = () => Promise.reject(new WorldError('unavailable', 'the topic is away'));
    const memory = memoryTracker({ ports: { publisher: { publish } } });
    await deliver(memory, 'eastus');
    await memory.clock.advance(5_000);
    expect((await list(memory)).events).toEqual([expect.objectContaining({ status: 'pending', publishedAt: null })]);
  });
});
