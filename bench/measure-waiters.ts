/**
 * The cost of many waiters for a few images in one process. The tracker reads the storage once per image, not once per
 * waiter.
 */
import { runChild } from './growth/child.ts';
import type { HoldWaiters, WaitersReport } from './growth/hold-waiters.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';

const maxImages = 50;
/** Fewer waiters take less memory than the normal variation of a heap. */
const minToWeigh = 100;
const withinMs = 120_000;

export async function measureWaiters({ storage, quick, say }: BenchOptions): Promise<Section> {
  const counts = quick ? [10, 100, 1_000] : [10, 100, 1_000, 5_000];
  const rows: Section['rows'][number][] = [];
  for (const waiters of counts) {
    const held = await holdWaiters({
      storage,
      waiters,
      images: Math.min(waiters, maxImages),
      watchMs: quick ? 1_500 : 7_500,
    });
    rows.push({
      waiters: held.waiters,
      images: held.images,
      'storage reads/s': held.readsPerSecond,
      'per image': held.readsPerSecond / held.images,
      'memory per waiter, KB': waiters < minToWeigh ? '–' : held.bytesPerWaiter / 1_000,
      'all released, inserts': held.releasedMs / held.insertMs,
      'all released, ms': Math.round(held.releasedMs),
      'one insert, ms': held.insertMs,
    });
    say(`${waiters} waiters: done`);
  }
  const note = `Up to ${maxImages} images, one process; all images complete at the same time. Heap after garbage collection.`;
  return { title: 'Many waiters.', note, rows };
}

export async function holdWaiters(task: HoldWaiters): Promise<WaitersReport> {
  const reports: WaitersReport[] = [];
  await runChild<HoldWaiters, WaitersReport>('hold-waiters.ts', task, withinMs, (report) => void reports.push(report));
  const [report] = reports;
  if (report === undefined) throw new Error('the process with the waiters reported nothing');
  return report;
}
