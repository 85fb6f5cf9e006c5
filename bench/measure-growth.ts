/**
 * Whether full tables cost more than empty ones: round trips, and time in inserts of the same minute into a table of as
 * many rows. All sizes are in one storage and are measured alternately.
 */
import type { Asked } from './growth/ask-sized.ts';
import { askSized } from './growth/ask-sized.ts';
import type { Compared, Sized } from './growth/sized.ts';
import { compareOnce, openSized } from './growth/sized.ts';
import type { Trips } from './measure-trips.ts';
import { tripsByKind } from './measure-trips.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { median } from './statistics.ts';
import { regionsOf } from './workload.ts';

interface Grown {
  readonly size: number;
  readonly trips: ReadonlyMap<string, Trips>;
  readonly wait: Asked;
  readonly page: Asked;
  readonly compared: readonly Compared[];
}

export interface Growth {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly warmups: number;
  /** In each round. */
  readonly images: number;
}

const quickGrowth: Growth = { sizes: [300, 1_000, 3_000], rounds: 3, warmups: 1, images: 50 };
const fullGrowth: Growth = { sizes: [1_000, 10_000, 100_000], rounds: 9, warmups: 2, images: 150 };

export function measureGrowth(options: BenchOptions): Promise<Section> {
  return measureSizes(options, options.quick ? quickGrowth : fullGrowth);
}

export async function measureSizes(options: BenchOptions, growth: Growth): Promise<Section> {
  const { storage, storagePid, quick, say } = options;
  const filled: Sized[] = [];
  for (const size of growth.sizes) {
    const startedAt = performance.now();
    filled.push(await openSized(storage, size));
    say(`${size} images: filled in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  }
  const compared = new Map<Sized, Compared[]>(filled.map((sized) => [sized, []]));
  for (let round = -growth.warmups; round < growth.rounds; round++) {
    for (const sized of filled) {
      const work = { storage, storagePid, regions: regionsOf(3), images: growth.images, label: `grown-${round}` };
      const one = await compareOnce(sized, work);
      say(`  ${sized.images}: floor ${one.floor.rate.toFixed(0)}, subject ${one.subject.rate.toFixed(0)} per second`);
      if (round >= 0) compared.get(sized)?.push(one);
    }
  }
  const grown: Grown[] = [];
  for (const [sized, rounds] of compared) {
    const asked = await askSized(sized, storage, quick ? 5 : 20);
    const trips = await tripsByKind(storage, sized.names, quick ? 2 : 5, () => undefined);
    grown.push({ size: sized.images, ...asked, trips, compared: rounds });
    say(`${sized.images} images: asked`);
  }
  const note = [
    'Images in the tables; the last column compares the largest table with the smallest.',
    'The unit of time is one insert of the same minute into a table of as many rows.',
    'Azurite searches the whole table to update a row or to list rows.',
    'So a delivery, which is at least one insert and two updates, becomes slower with the table, and so does a page.',
  ].join(' ');
  return { title: 'What a full table costs.', note, rows: toRows(grown) };
}

function toRows(grown: readonly Grown[]): Section['rows'] {
  const row = (what: string, figure: (one: Grown) => number) => {
    const figures = grown.map(figure);
    const [min = Number.NaN] = figures;
    const max = figures.at(-1) ?? Number.NaN;
    const columns = grown.map(({ size }, i) => [size.toLocaleString('en'), figures[i] ?? Number.NaN]);
    return { 'what it costs': what, ...Object.fromEntries(columns), ratio: max === min ? 1 : max / min };
  };
  const middle = (one: Grown, figure: (compared: Compared) => number) => median(one.compared.map(figure));
  const kinds = [...(grown[0]?.trips.keys() ?? [])];
  return [
    row('delivery, time in inserts, 64 in flight', (one) =>
      middle(one, ({ floor, subject }) => floor.rate / subject.rate),
    ),
    row('delivery, time in writes of one row: one insert, two updates', (one) =>
      middle(one, ({ floor, updateRate, subject }) => 3 / (1 / floor.rate + 2 / updateRate) / subject.rate),
    ),
    row('delivery, processor time in inserts', (one) => middle(one, ({ floor, subject }) => subject.cpu / floor.cpu)),
    ...kinds.map((kind) => row(`round trips: ${kind}`, ({ trips }) => trips.get(kind)?.total ?? Number.NaN)),
    row('round trips: wait for an image that is there', ({ wait }) => wait.trips),
    row('round trips: page of 50 images', ({ page }) => page.trips),
    row('wait for an image that is there, inserts', ({ wait }) => wait.ms / wait.insertMs),
    row('page of 50 images, inserts', ({ page }) => page.ms / page.insertMs),
    row('page of 50 images, ms', ({ page }) => page.ms),
    row('deliveries/s', (one) => middle(one, ({ subject }) => subject.rate)),
    row('inserts/s', (one) => middle(one, ({ floor }) => floor.rate)),
    row('updates/s', (one) => middle(one, ({ updateRate }) => updateRate)),
  ];
}
