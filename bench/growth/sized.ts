/**
 * Tables with a given number of images, and a table for the floor with as many rows: all sizes in one storage, so that
 * they can be measured alternately and disturbances of the machine affect all of them.
 */
import type { Region } from '../../src/core/model/region.ts';
import { checkPublished } from '../check-published.ts';
import type { Floor } from '../floor.ts';
import { openFloor } from '../floor.ts';
import type { Work } from '../rounds.ts';
import { measured } from '../rounds.ts';
import type { Subject } from '../subject.ts';
import { freshNames, openSubject } from '../subject.ts';
import { keepInFlight, shuffled } from '../workload.ts';
import { fillTables } from './fill-tables.ts';

export interface Sized {
  readonly images: number;
  readonly names: string;
  readonly floor: Floor;
}

const atOnce = 64;

export async function openSized(storage: string, images: number): Promise<Sized> {
  const names = freshNames();
  await fillTables(storage, names, images);
  const floor = await openFloor(storage);
  await floor.rate(images, atOnce);
  return { images, names, floor };
}

export interface Compared {
  readonly floor: Work;
  /** Updates per second of existing rows. */
  readonly updateRate: number;
  readonly subject: Work;
}

/** Floor, subject, floor: a newly started process gets deliveries about new images. */
export async function compareOnce(
  { floor, names }: Sized,
  work: {
    readonly storage: string;
    readonly storagePid: number;
    readonly regions: readonly Region[];
    readonly images: number;
    /** Names images that no other round uses. */
    readonly label: string;
  },
): Promise<Compared> {
  const { storage, storagePid, regions, images, label } = work;
  const deliveries = shuffled(label, images, regions);
  const insert = () => measured(deliveries.length, storagePid, () => floor.rate(deliveries.length, atOnce));
  const before = await insert();
  const updatedBefore = await floor.updateRate(atOnce);
  const { tracker, published, counter }: Subject = openSubject(storage, regions, names);
  const subject = await measured(deliveries.length, storagePid, async () => {
    await keepInFlight(deliveries, atOnce, tracker.receive);
    await tracker.close(30_000);
  });
  await counter.quiet();
  checkPublished(published, images);
  const after = await insert();
  const updateRate = (updatedBefore + (await floor.updateRate(atOnce))) / 2;
  const mean = { rate: (before.rate + after.rate) / 2, cpu: (before.cpu + after.cpu) / 2 };
  return { floor: mean, updateRate, subject };
}
