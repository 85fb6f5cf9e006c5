/**
 * Whether a leak would be seen. A check of memory that has never failed may be looking at the wrong heap.
 */
import { describe, expect, test } from 'vitest';
import { judgeHeap, watchHeap } from '../../bench/measure-memory.ts';

const say = () => undefined;

describe('memory over many deliveries', () => {
  test('is flat for the tracker, and not for one that keeps what it published', async () => {
    const task = { deliveries: 12_000, every: 3_000, cachedImages: 200, storedImages: 1_000 };
    const [reports, leaky] = await Promise.all([watchHeap(task, say), watchHeap({ ...task, leak: true }, say)]);
    expect(reports.map(({ deliveries, images }) => [deliveries, images])).toEqual([
      [3_000, 500],
      [6_000, 1_000],
      [9_000, 1_500],
      [12_000, 2_000],
    ]);
    // The storage of the measurement itself is not taken for a leak, however short the look is.
    expect(judgeHeap(reports).perDelivery).toBeLessThan(300);
    expect(judgeHeap(reports).isLeak).toBe(false);
    expect(judgeHeap(leaky).isLeak).toBe(true);
  }, 240_000);

  test.each([
    ['as it was', [50e6, 100e6, 100e6, 100e6], 0],
    ['what chance does', [50e6, 100e6, 90e6, 104e6], 2],
  ])('%s is flat', (_what, heaps, slope) => {
    expect(judgeHeap(looksAt(heaps))).toEqual({ perDelivery: slope, isLeak: false });
  });

  test('a hundred bytes of each are a leak', () => {
    expect(judgeHeap(looksAt([50e6, 100e6, 200e6, 300e6]))).toEqual({ perDelivery: 100, isLeak: true });
  });
});

function looksAt(heaps: readonly number[]) {
  return heaps.map((heapBytes, i) => ({ deliveries: (i + 1) * 1e6, images: 0, heapBytes, rate: 0 }));
}
