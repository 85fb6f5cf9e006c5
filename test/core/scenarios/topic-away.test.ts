/**
 * A topic that does not answer, and one that refuses single events, when the process that had them in memory has died: what that
 * costs, and when everything is published.
 */

import { describe, expect, test } from 'vitest';
import { memoryImageStore, memoryPublisher, memoryReconcileQueue } from '../../../src/adapters/memory.ts';
import { announcementTypes } from '../../../src/core/image/announcement-key.ts';
import type { CloudEvent } from '../../../src/core/image/cloud-event.ts';
import type { ImageStore, ReconcileQueue } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, pushOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const minute = 60_000;
const hour = 60 * minute;
const nameOf = (image: number) => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(image),
});
/** Two regions, and all of them. */
const eventsEach = 3;

/** Images that are everywhere, of which nothing is published, and whose process has died; another one goes on. */
async function leftBehind(images: number, answer: (events: readonly CloudEvent[]) => void) {
  const clock = manualClock();
  const counts = { reads: 0, writes: 0, timers: 0, publishes: 0 };
  const [store, timer, publisher] = [memoryImageStore(), memoryReconcileQueue(), memoryPublisher()];
  const counted =
    <A extends unknown[], R>(what: keyof typeof counts, call: (...args: A) => R) =>
    (...args: A): R => {
      counts[what]++;
      return call(...args);
    };
  const countedStore: ImageStore = {
    ...store,
    read: counted('reads', store.read),
    commit: counted('writes', store.commit),
    noteAccepted: counted('writes', store.noteAccepted),
  };
  const countedTimer: ReconcileQueue = { ...timer, add: counted('timers', timer.add) };
  const publish = counted('publishes', async (events: readonly CloudEvent[]) => {
    answer(events);
    await publisher.publish(events);
  });
  const ports = { store: countedStore, timer: countedTimer, publisher: { publish } };
  const instance = () => ({ ...memoryTracker({ clock, ports }), timer });
  const dead = instance();
  await dead.tracker.close(0);
  for (let image = 1; image <= images; image++) {
    for (const region of ['eastus', 'westeurope'])
      await dead.tracker.receive({ name: nameOf(image), fact: pushOf(region, '2026-06-01T12:00:00Z') });
  }
  Object.assign(counts, { reads: 0, writes: 0, timers: 0, publishes: 0 });
  const { published } = publisher;
  return { living: instance(), store, counts, published, isPublished: () => new Set(published.map(({ id }) => id)) };
}

describe('a topic that is away for an hour, with 1,000 images of which nothing is published', () => {
  test('costs ten reads of each image, and is asked once in ten seconds', async () => {
    const { living, counts, isPublished } = await leftBehind(1_000, () => {
      throw new UpstreamError('unavailable', 'the topic is away');
    });
    await passTime(living, hour, 5_000);
    // At half a minute each time it were 348,000 reads, 120,000 writes, 120,000 timers and 120,000 requests to the topic.
    expect(counts.reads).toBeLessThanOrEqual(20_000);
    expect(counts.writes).toBeLessThanOrEqual(10_000);
    expect(counts.timers).toBeLessThanOrEqual(10_000);
    expect(counts.publishes).toBeLessThanOrEqual(370);
    expect(isPublished().size).toBe(0);
  });

  test.each([3, 12, 60, 61, 70, 300])(
    'and is back after %i minutes: all is published ten minutes later',
    async (minutes) => {
      let isAway = true;
      const { living, store, isPublished, published } = await leftBehind(100, () => {
        if (isAway) throw new UpstreamError('unavailable', 'the topic is away');
      });
      await passTime(living, minutes * minute, 5_000);
      isAway = false;
      await passTime(living, 11 * minute, 5_000);
      expect(isPublished().size).toBe(100 * eventsEach);
      // Nothing is published twice only because its timer fires once more.
      expect(published).toHaveLength(100 * eventsEach);
      const stored = await store.read(nameOf(1));
      expect(stored?.record.announcements.map(({ publishedAt }) => publishedAt)).not.toContain(null);
    },
  );
});

describe('an event that the topic refuses, whose process has died', () => {
  test('keeps no other event of its image from being published, and follows once it is accepted', async () => {
    let isRefused = true;
    const { living, isPublished, published } = await leftBehind(1, (events) => {
      const isMeant = events.some(({ type, data }) => {
        return type === announcementTypes.availableInRegion && data.region === 'eastus';
      });
      if (isRefused && isMeant) throw new UpstreamError('invalid', 'Event Grid topic (400)');
    });
    await passTime(living, 2 * minute);
    expect(published.map(({ type }) => type)).toEqual([
      announcementTypes.availableInRegion,
      announcementTypes.availableInAllReplicas,
    ]);
    isRefused = false;
    await passTime(living, 10 * minute);
    expect(isPublished().size).toBe(eventsEach);
  });
});
