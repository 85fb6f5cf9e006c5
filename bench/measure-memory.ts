/**
 * The heap of a tracker that has processed a million deliveries, measured after each tenth. An instance lives for
 * weeks; one that keeps a hundred bytes of every delivery runs out of memory.
 */
import { runChild } from './growth/child.ts';
import type { HeapReport, ManyDeliveries } from './growth/deliver-many.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';

const looks = 10;
/** More bytes per delivery are called a leak: not even the key of an image would fit. */
const maxPerDelivery = 8;
/** Two measurements differ by this much without a leak: compiled code comes and goes, tables are resized. */
const noiseBytes = 6e6;
const withinMs = 600_000;

export async function measureMemory({ quick, say }: BenchOptions): Promise<Section> {
  const deliveries = quick ? 120_000 : 1_000_000;
  // The caches are full before the second report, so that only a leak can grow after it.
  const cachedImages = quick ? 1_000 : 20_000;
  const storedImages = quick ? 3_000 : 12_000;
  const reports = await watchHeap({ deliveries, every: deliveries / looks, cachedImages, storedImages }, say);
  const { perDelivery, isLeak } = judgeHeap(reports);
  const second = reports[1]?.heapBytes ?? Number.NaN;
  const rows = reports.map((one) => ({
    deliveries: one.deliveries,
    images: one.images,
    '× the heap after the second': one.heapBytes / second,
    'heap, MB': one.heapBytes / 1e6,
    'deliveries/s': Math.round(one.rate),
  }));
  const note = [
    `Heap after garbage collection; stores in memory that keep only the newest images, ${cachedImages} images cached.`,
    `From the second reading to the last: ${perDelivery.toFixed(2)} bytes per delivery.`,
  ].join(' ');
  const faults = isLeak ? [`the tracker keeps ${perDelivery.toFixed(1)} bytes of each delivery`] : [];
  return { title: 'Memory over many deliveries.', note, rows, faults };
}

export async function watchHeap(task: ManyDeliveries, say: (line: string) => void): Promise<HeapReport[]> {
  const reports: HeapReport[] = [];
  await runChild<ManyDeliveries, HeapReport>('deliver-many.ts', task, withinMs, (report) => {
    reports.push(report);
    say(`${report.deliveries} deliveries: ${(report.heapBytes / 1e6).toFixed(1)} MB, ${report.rate.toFixed(0)}/s`);
  });
  return reports;
}

/** From the second report to the last. */
export function judgeHeap(reports: readonly HeapReport[]): {
  /** Bytes kept per delivery. */
  readonly perDelivery: number;
  /** More than noise. */
  readonly isLeak: boolean;
} {
  const [, first] = reports;
  const last = reports.at(-1);
  if (first === undefined || last === undefined || first === last) throw new Error('three looks are needed');
  const deliveries = last.deliveries - first.deliveries;
  const grown = last.heapBytes - first.heapBytes;
  return { perDelivery: grown / deliveries, isLeak: grown > noiseBytes + maxPerDelivery * deliveries };
}
