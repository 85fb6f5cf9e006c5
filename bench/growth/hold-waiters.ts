/**
 * A process in which many clients wait for a few images: measures its storage requests meanwhile, its memory per
 * waiter, and how long it takes to release them all. Run by `measure-waiters.ts`.
 */
import type { ImageName } from '../../src/core/image/record.ts';
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import { openFloor } from '../floor.ts';
import { median } from '../statistics.ts';
import { openSubject } from '../subject.ts';
import { deliveryOf, keepInFlight, regionsOf } from '../workload.ts';
import { report, taskOf } from './child.ts';
import { heapInUse } from './heap.ts';

export interface HoldWaiters {
  readonly storage: string;
  /** A multiple of the number of images. */
  readonly waiters: number;
  readonly images: number;
  /** How long storage requests are counted while nothing happens. */
  readonly watchMs: number;
}

export interface WaitersReport {
  readonly waiters: number;
  readonly images: number;
  readonly readsPerSecond: number;
  readonly bytesPerWaiter: number;
  /** From the last regions' webhook events to the last waiter released. */
  readonly releasedMs: number;
  readonly insertMs: number;
}

const { storage, waiters, images, watchMs } = taskOf<HoldWaiters>();
const regions = regionsOf(3);
const waitMs = 200_000;
const settleMs = 500;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const { tracker, counter } = openSubject(storage, regions);
const floor = await openFloor(storage);

/** Creates the tables and compiles the code of waits. */
async function warm(): Promise<void> {
  for (let image = 0; image < 20; image++) {
    const [first, ...others] = regions.map((region) => deliveryOf('warm', image, region));
    if (first === undefined) throw new Error('three regions are needed');
    await tracker.receive(first);
    const waiting = hold(first.name);
    await Promise.all(others.map(tracker.receive));
    await waiting;
  }
}

async function hold({ repository, digest }: ImageName): Promise<void> {
  const [registry] = tracker.registries;
  if (registry === undefined) throw new Error('the tracker has no registry');
  const question = { registry, repository, digest, tag: undefined };
  const { outcome } = await tracker.wait(question, defaultRequirement(tracker.replicaSet(registry)), waitMs);
  if (outcome !== 'satisfied') throw new Error(`a wait ended with ${outcome}`);
}

await warm();
const deliveries = Array.from({ length: images }, (_, i) => regions.map((region) => deliveryOf('held', i, region)));
await keepInFlight(
  deliveries.flatMap((all) => all.slice(0, -1)),
  16,
  tracker.receive,
);
await counter.quiet();
const heapBefore = heapInUse();
const names = deliveries.flatMap(([first]) => (first === undefined ? [] : [first.name]));
const released = Promise.all(
  Array.from({ length: waiters / images }, () => names)
    .flat()
    .map(hold),
);
await pause(settleMs);
const heapHolding = heapInUse();
counter.reset();
const watchedFrom = performance.now();
await pause(watchMs);
const readsPerSecond = counter.total / ((performance.now() - watchedFrom) / 1_000);
const inserts: number[] = [];
for (let i = 0; i < 40; i++) inserts.push(await floor.insert());
const startedAt = performance.now();
await Promise.all(deliveries.flatMap((all) => all.slice(-1)).map(tracker.receive));
await released;
const releasedMs = performance.now() - startedAt;
await report<WaitersReport>({
  waiters,
  images,
  readsPerSecond,
  bytesPerWaiter: (heapHolding - heapBefore) / waiters,
  releasedMs,
  insertMs: median(inserts),
});
process.exit(0);
