/**
 * Deliveries per second of one tracker, with everything it does for them: lists, tags, timers, events and their
 * acknowledgements, until nothing is left to do.
 */
import type { Region } from '../src/core/region.ts';
import { checkTold } from './check-told.ts';
import { openFloor } from './floor.ts';
import type { BenchOptions } from './options.ts';
import { measured, takeTurns } from './rounds.ts';
import type { Section } from './section.ts';
import { mean } from './statistics.ts';
import type { Subject } from './subject.ts';
import { openSubject } from './subject.ts';
import { deliveryOf, keepInFlight, regionsOf, shuffled } from './workload.ts';

interface Workload {
  readonly what: string;
  readonly regions: readonly Region[];
  readonly images: number;
  readonly deliveries: number;
  readonly atOnce: number;
  /** Resolves when every delivery has been answered. */
  run(subject: Subject, label: string): Promise<unknown>;
}

export async function measureTracker({ storage, storagePid, quick, say }: BenchOptions): Promise<Section> {
  const { rate } = await openFloor(storage);
  const rows: Section['rows'][number][] = [];
  for (const work of [mixed(quick ? 200 : 500), burst(quick ? 80 : 250)]) {
    const { deliveries, atOnce } = work;
    const trips: number[] = [];
    say(work.what);
    const rounds = await takeTurns({
      rounds: quick ? 3 : 7,
      warmups: quick ? 1 : 3,
      say,
      floor: () => measured(deliveries, storagePid, () => rate(deliveries, atOnce)),
      async subject(round) {
        const subject = await warmSubject(storage, work.regions);
        const result = await measured(deliveries, storagePid, async () => {
          await work.run(subject, `round-${round}`);
          await subject.tracker.close(30_000);
        });
        await subject.counter.quiet();
        checkTold(subject.published, work.images + 1);
        trips.push(subject.counter.total / deliveries);
        return result;
      },
    });
    rows.push({
      workload: work.what,
      '× floor': rounds.ratio,
      lowest: rounds.low,
      highest: rounds.high,
      'processor time × floor': rounds.cpu,
      'round trips per delivery': mean(trips),
      'deliveries/s': rounds.rate,
      'floor, inserts/s': rounds.floorRate,
    });
  }
  const note = 'One tracker, storage in a process of its own. Floor: one insert per delivery, as many in flight.';
  return { title: 'Deliveries per second, tracker alone.', note, rows };
}

/** With its tables and queues made, which in real life happens once. */
async function warmSubject(storage: string, regions: readonly Region[]): Promise<Subject> {
  const subject = openSubject(storage, regions);
  for (const region of regions) await subject.tracker.receive(deliveryOf('warm', 0, region));
  await subject.counter.quiet();
  subject.counter.reset();
  return subject;
}

function mixed(images: number): Workload {
  const regions = regionsOf(3);
  return {
    what: `3 regions x 2 deliveries, random order, ${images} images, 64 in flight`,
    regions,
    images,
    deliveries: images * regions.length * 2,
    atOnce: 64,
    run: ({ tracker }, label) => keepInFlight(shuffled(label, images, regions), 64, tracker.receive),
  };
}

function burst(images: number): Workload {
  const regions = regionsOf(10);
  return {
    what: `10 regions at once, ${images} images one after another`,
    regions,
    images,
    deliveries: images * regions.length,
    atOnce: regions.length,
    async run({ tracker }, label) {
      for (let image = 0; image < images; image++) {
        await Promise.all(regions.map((region) => tracker.receive(deliveryOf(label, image, region))));
      }
    },
  };
}
