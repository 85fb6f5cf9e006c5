/** Whether the stopwatch runs from the last region's webhook event to each of its two ends. */
import { describe, expect, test } from 'vitest';
import { allReplicas, type Published } from '../../bench/check-published.ts';
import type { Way } from '../../bench/latency-ways.ts';
import { breathe } from '../../bench/latency-ways.ts';
import { measureWay } from '../../bench/measure-latency.ts';
import type { Delivery } from '../../src/core/ports.ts';

const floor = { insert: async () => 2, rate: async () => 1, updateRate: async () => 500 };

/** Publishes and releases that long after the third region's event. */
function slowWay(publishedAfterMs: number, releasedAfterMs: number): Way {
  const listeners: ((event: Published) => void)[] = [];
  const spoken = new Map<string, number>();
  const released = new Map<string, PromiseWithResolvers<void>>();
  const releaseOf = (digest: string) => {
    const release = released.get(digest) ?? Promise.withResolvers<void>();
    released.set(digest, release);
    return release;
  };
  return {
    what: 'slow',
    label: 'slow',
    async deliver({ name }: Delivery) {
      const { repository, digest } = name;
      spoken.set(digest, (spoken.get(digest) ?? 0) + 1);
      if (spoken.get(digest) !== 3) return;
      const event = { id: digest, type: allReplicas, subject: `${repository}@${digest}` };
      setTimeout(() => listeners.forEach((listener) => void listener(event)), publishedAfterMs);
      setTimeout(releaseOf(digest).resolve, releasedAfterMs);
    },
    onPublished: (listener) => void listeners.push(listener),
    wait: ({ digest }) => releaseOf(digest).promise,
    quiet: () => breathe(1),
    close: () => undefined,
  };
}

describe('latency', () => {
  test.each([1, 4])('%i in flight: publication and release are measured separately', async (atOnce) => {
    const latencies = await measureWay(slowWay(20, 60), floor, { atOnce, rounds: 2, warmups: 1 });
    expect(latencies).toHaveLength(2 * atOnce);
    for (const { published, released, insert } of latencies) {
      // A timer of the platform may fire a millisecond early.
      expect(published).toBeGreaterThanOrEqual(19);
      expect(released).toBeGreaterThanOrEqual(59);
      expect(published).toBeLessThan(released);
      expect(insert).toBe(2);
    }
  });

  test('a wait that fails ends it', async () => {
    const way: Way = { ...slowWay(1, 1), wait: () => breathe(80).then(() => Promise.reject(new Error('wait failed'))) };
    await expect(measureWay(way, floor, { atOnce: 1, rounds: 1, warmups: 0 })).rejects.toThrow('wait failed');
  });
});
