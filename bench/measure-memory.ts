/**
 * What is left on the heap of a tracker that has taken a million deliveries, looked at after each tenth of them. An
 * instance lives for weeks; one that keeps a hundred bytes of every delivery is killed in the middle of some night.
 */
import { runChild } from './growth/child.ts';
import type { HeapReport, ManyDeliveries } from './growth/deliver-many.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';

const looks = 10;
/** More than that per delivery is called a leak: not even the key of an image fits. */
const mostPerDelivery = 8;
/** By so much two looks differ when nothing has leaked: compiled code that comes and goes, tables that are resized. */
const noiseBytes = 6e6;
const withinMs = 600_000;

export async function measureMemory({ quick, say }: BenchOptions): Promise<Section> {
  const deliveries = quick ? 60_000 : 1_000_000;
  // All that may be cached is cached before the second look, so that only what should not grow can grow after it.
  const cachedImages = quick ? 1_000 : 20_000;
  const reports = await watchHeap({ deliveries, every: deliveries / looks, cachedImages }, say);
  const slope = checkFlat(reports);
  const second = reports[1]?.heapBytes ?? Number.NaN;
  const rows = reports.map((one) => ({
    deliveries: one.deliveries,
    images: one.images,
    '× the heap after the second': one.heapBytes / second,
    'heap, MB': one.heapBytes / 1e6,
    'deliveries/s': Math.round(one.rate),
  }));
  const note = [
    `Heap after garbage collection; ports in memory that forget, ${cachedImages} images cached.`,
    `From the second look to the last: ${slope.toFixed(2)} bytes per delivery.`,
  ].join(' ');
  return { title: 'Memory over many deliveries.', note, rows };
}

export async function watchHeap(task: ManyDeliveries, say: (line: string) => void): Promise<HeapReport[]> {
  const reports: HeapReport[] = [];
  await runChild<ManyDeliveries, HeapReport>('deliver-many.ts', task, withinMs, (report) => {
    reports.push(report);
    say(`${report.deliveries} deliveries: ${(report.heapBytes / 1e6).toFixed(1)} MB, ${report.rate.toFixed(0)}/s`);
  });
  return reports;
}

/**
 * @returns bytes that each delivery left behind, from the second look to the last
 * @throws Error when that is more than could be chance
 */
export function checkFlat(reports: readonly HeapReport[]): number {
  const [, first] = reports;
  const last = reports.at(-1);
  if (first === undefined || last === undefined || first === last) throw new Error('three looks are needed');
  const deliveries = last.deliveries - first.deliveries;
  const grown = last.heapBytes - first.heapBytes;
  if (grown > noiseBytes + mostPerDelivery * deliveries) {
    throw new Error(`the tracker keeps ${(grown / deliveries).toFixed(1)} bytes of each delivery`);
  }
  return grown / deliveries;
}
