/**
 * How long after the last region's webhook event the topic has "in all replicas", in single-operation times: divided by
 * the middle of what one insert takes on this machine in the same minute, with nothing else going on.
 */
import type { Delivery } from '../src/core/ports.ts';
import { allReplicas, type Told } from './check-told.ts';
import { openDoor } from './door.ts';
import type { Floor } from './floor.ts';
import { openFloor } from './floor.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { median, quantile } from './statistics.ts';
import { openSubject } from './subject.ts';
import { deliveryOf, regionsOf } from './workload.ts';

/** What is measured, behind a door or without one. */
interface Way {
  readonly what: string;
  /** For the names of its images. */
  readonly label: string;
  deliver(delivery: Delivery): Promise<unknown>;
  onTold(listener: (event: Told) => void): void;
  /** Nothing of what was delivered is still being worked on. */
  quiet(): Promise<void>;
}

const regions = regionsOf(3);
const warmups = 20;
const toldWithinMs = 30_000;
const breathMs = 25;

export async function measureLatency({ storage, quick, say }: BenchOptions): Promise<Section> {
  const floor = await openFloor(storage);
  const images = quick ? 60 : 300;
  const subject = openSubject(storage, regions);
  const alone: Way = {
    what: 'tracker alone',
    label: 'alone',
    deliver: subject.tracker.receive,
    onTold: subject.onPublished,
    quiet: subject.counter.quiet,
  };
  const rows = [await measureWay(alone, floor, images)];
  say('tracker alone: done');
  const door = await openDoor(storage, regions, 1);
  try {
    const quiet = () => new Promise<void>((resolve) => setTimeout(resolve, breathMs));
    rows.push(
      await measureWay(
        { ...door, what: 'app process, over HTTP, to a topic over HTTP', label: 'door', quiet },
        floor,
        images,
      ),
    );
  } finally {
    await door.close();
  }
  const note = 'In times of one insert; one image at a time, nothing else under way.';
  return { title: "From the last region's webhook event to the topic.", note, rows };
}

async function measureWay(way: Way, floor: Floor, images: number) {
  const waiting = new Map<string, () => void>();
  way.onTold(({ type, subject }) => {
    if (type === allReplicas) waiting.get(subject)?.();
  });
  const latencies: number[] = [];
  const inserts: number[] = [];
  for (let image = -warmups; image < images; image++) {
    const deliveries = regions.map((region) => deliveryOf(way.label, image, region, { repository: 'team/app' }));
    const last = deliveries.pop();
    if (last === undefined) break;
    for (const delivery of deliveries) await way.deliver(delivery);
    await way.quiet();
    const insert = await floor.insert();
    const told = Promise.withResolvers<void>();
    waiting.set(`${last.name.repository}@${last.name.digest}`, told.resolve);
    const timer = setTimeout(() => told.reject(new Error('not told in time')), toldWithinMs);
    const startedAt = performance.now();
    const [latency] = await Promise.all([told.promise.then(() => performance.now() - startedAt), way.deliver(last)]);
    clearTimeout(timer);
    await way.quiet();
    if (image < 0) continue;
    latencies.push(latency);
    inserts.push(insert);
  }
  const single = median(inserts);
  return {
    way: way.what,
    'median, inserts': median(latencies) / single,
    'p99, inserts': quantile(latencies, 0.99) / single,
    'median, ms': median(latencies),
    'p99, ms': quantile(latencies, 0.99),
    'one insert, ms': single,
    'its p99, ms': quantile(inserts, 0.99),
  };
}
