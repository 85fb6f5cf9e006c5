/**
 * Deliveries per second of the tracker with everything it does for them: lists, tags, timers, events and their
 * acknowledgements, until no work is left. By one process, and by four that share a storage without affinity.
 */
import type { Region } from '../src/core/model/region.ts';
import { checkPublished } from './check-published.ts';
import { cpuSpent } from './cpu.ts';
import type { Floor } from './floor.ts';
import { openFloor } from './floor.ts';
import type { BenchOptions } from './options.ts';
import type { Rounds, Work } from './rounds.ts';
import { alternate, measured } from './rounds.ts';
import type { Section } from './section.ts';
import { mean } from './statistics.ts';
import type { Subject } from './subject.ts';
import { freshNames, openSubject } from './subject.ts';
import type { TrackerProcesses } from './tracker-processes.ts';
import { openTrackerProcesses } from './tracker-processes.ts';
import { deliveryOf, keepInFlight, regionsOf, shuffled } from './workload.ts';

interface Workload {
  readonly what: string;
  readonly regions: readonly Region[];
  readonly images: number;
  readonly deliveries: number;
  /** Resolves when every delivery has been answered. */
  run(subject: Subject, label: string): Promise<unknown>;
  /** As many inserts, arriving in the same way. */
  floor(floor: Floor): Promise<unknown>;
}

const members = 4;

export async function measureTracker(options: BenchOptions): Promise<Section> {
  const { storage, quick, say } = options;
  const floor = await openFloor(storage);
  const rows: Section['rows'][number][] = [];
  const add = (workload: string, rounds: Rounds, trips: readonly number[]) =>
    rows.push({
      workload,
      '× floor': rounds.ratio,
      lowest: rounds.low,
      highest: rounds.high,
      'processor time × floor': rounds.cpu,
      'round trips per delivery': mean(trips),
      'deliveries/s': rounds.rate,
      'floor, inserts/s': rounds.floorRate,
    });
  for (const work of [mixed(quick ? 200 : 500), burst(quick ? 80 : 250, 1), burst(quick ? 120 : 360, 6)]) {
    say(work.what);
    const trips: number[] = [];
    add(work.what, await measureOne(options, floor, work, trips), trips);
  }
  const images = members * (quick ? 50 : 500);
  const what = `${members} processes, a delivery to any of them, 3 regions x 2 deliveries, ${images} images`;
  say(what);
  const trips: number[] = [];
  add(what, await measureSeveral(options, images, trips), trips);
  const note = 'Storage in a process of its own. Floor: one insert per delivery, arriving in the same way.';
  return { title: 'Deliveries per second, tracker alone.', note, rows };
}

function measureOne(options: BenchOptions, floor: Floor, work: Workload, trips: number[]): Promise<Rounds> {
  const { storage, storagePid, quick, say } = options;
  const { deliveries } = work;
  return alternate({
    rounds: quick ? 3 : 7,
    warmups: quick ? 1 : 3,
    say,
    floor: () => measured(deliveries, storagePid, () => work.floor(floor)),
    async subject(round) {
      const subject = await warmSubject(storage, work.regions);
      const result = await measured(deliveries, storagePid, async () => {
        await work.run(subject, `round-${round}`);
        await subject.tracker.close(30_000);
      });
      await subject.counter.quiet();
      checkPublished(subject.published, work.images + warmImages);
      trips.push(subject.counter.total / deliveries);
      return result;
    },
  });
}

async function measureSeveral(options: BenchOptions, images: number, trips: number[]): Promise<Rounds> {
  const { storage, storagePid, quick, say } = options;
  const deliveries = images * 6;
  const atOnce = 64 / members;
  const trackers = openTrackerProcesses(storage, members);
  const work = async (order: Parameters<TrackerProcesses['work']>[0]) => {
    const before = cpuSpent(storagePid);
    const startedAt = performance.now();
    const done = await trackers.work(order);
    const seconds = (performance.now() - startedAt) / 1_000;
    const cpu = cpuSpent(storagePid) - before + done.reduce((sum, one) => sum + one.cpu, 0);
    const result: Work = { rate: deliveries / seconds, cpu: cpu / deliveries };
    return { done, result };
  };
  try {
    return await alternate({
      rounds: quick ? 3 : 5,
      warmups: quick ? 1 : 2,
      say,
      floor: async () => (await work(() => ({ kind: 'insert', inserts: deliveries / members, atOnce }))).result,
      async subject(round) {
        const shared = {
          kind: 'deliver',
          names: freshNames(),
          label: `crew-${round}`,
          images,
          atOnce,
          members,
        } as const;
        const { done, result } = await work((member) => ({ ...shared, member }));
        checkPublished(
          done.flatMap(({ published }) => published),
          images,
        );
        trips.push(done.reduce((sum, one) => sum + one.trips, 0) / deliveries);
        return result;
      },
    });
  } finally {
    await trackers.close();
  }
}

/** Enough for the tracker to learn that it is mostly the first to receive an event of an image. */
const warmImages = 50;

/** With its tables and queues created, which happens once in production. */
async function warmSubject(storage: string, regions: readonly Region[]): Promise<Subject> {
  const subject = openSubject(storage, regions);
  for (let image = 0; image < warmImages; image++) {
    await Promise.all(regions.map((region) => subject.tracker.receive(deliveryOf('warm', image, region))));
  }
  await subject.counter.quiet();
  subject.counter.reset();
  return subject;
}

function mixed(images: number): Workload {
  const regions = regionsOf(3);
  const deliveries = images * regions.length * 2;
  return {
    what: `3 regions x 2 deliveries, random order, ${images} images, 64 in flight`,
    regions,
    images,
    deliveries,
    run: ({ tracker }, label) => keepInFlight(shuffled(label, images, regions), 64, tracker.receive),
    floor: ({ rate }) => rate(deliveries, 64),
  };
}

/** @param together images that arrive at the same time, each from all regions at once */
function burst(images: number, together: number): Workload {
  const regions = regionsOf(10);
  const numbers = Array.from({ length: images }, (_, image) => image);
  return {
    what: `10 regions at once, ${together === 1 ? 'one image' : `${together} images`} at a time, ${images} images`,
    regions,
    images,
    deliveries: images * regions.length,
    run: ({ tracker }, label) =>
      keepInFlight(numbers, together, (image) =>
        Promise.all(regions.map((region) => tracker.receive(deliveryOf(label, image, region)))),
      ),
    floor: ({ rate }) => keepInFlight(numbers, together, () => rate(regions.length, regions.length)),
  };
}
