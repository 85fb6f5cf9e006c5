/**
 * Round trips to the storage, by kind of delivery: what is spent in sequence before the answer decides how long the
 * registry waits; what is spent in all decides what the storage account costs and when it throttles. One delivery at a
 * time, so nothing is shared between them: under load there are fewer, as the tracker's own table shows.
 */
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { mean, median } from './statistics.ts';
import type { Subject } from './subject.ts';
import { freshNames, openSubject } from './subject.ts';
import { deliveryOf, regionsOf } from './workload.ts';

interface Trips {
  readonly inSequence: number;
  readonly total: number;
}

export async function measureTrips({ storage, quick, say }: BenchOptions): Promise<Section> {
  const regions = regionsOf(3);
  const [first, next, last] = regions;
  if (first === undefined || next === undefined || last === undefined) throw new Error('three regions are needed');
  const names = freshNames();
  const subject = openSubject(storage, regions, names);
  const stranger = () => openSubject(storage, regions, names);
  const kinds = new Map<string, Trips[]>();
  const keep = async (kind: string, work: Promise<Trips>) => {
    kinds.set(kind, [...(kinds.get(kind) ?? []), await work]);
  };

  for (const region of regions) await subject.tracker.receive(deliveryOf('warm', 0, region));
  await subject.counter.quiet();
  for (let image = 0, images = quick ? 5 : 20; image < images; image++) {
    const deliver = (to: Subject, region = first) => trips(to, deliveryOf('trips', image, region));
    await keep('first region of an image', deliver(subject));
    await keep('next region', deliver(subject, next));
    await keep('last region', deliver(subject, last));
    await keep('repeat, image known to the process', deliver(subject));
    await keep('repeat, image unknown to the process', deliver(stranger()));
    const moving = deliveryOf('moving', image, first, { repository: 'team/moving', tag: 'latest' });
    await keep('first region, tag moved from earlier digests', trips(subject, moving));
    const alone = stranger();
    await trips(alone, deliveryOf('alone', image, first));
    await keep(
      '  nothing more within 10 s: acknowledging',
      counted(alone, () => alone.tracker.close(10_000)),
    );
    await keep(
      'timer of a finished image',
      counted(subject, () => subject.tracker.wake(moving.name)),
    );
    say(`image ${image}: ${subject.counter.total}`);
  }
  const rows = [...kinds].map(([kind, all]) => ({
    delivery: kind,
    'in sequence before the answer': median(all.map((one) => one.inSequence)),
    'all, with what follows': mean(all.map((one) => one.total)),
  }));
  return { title: 'Round trips to the storage.', note: 'Calls of the storage SDK, one delivery at a time.', rows };
}

function trips(subject: Subject, delivery: Parameters<Subject['tracker']['receive']>[0]): Promise<Trips> {
  return counted(subject, () => subject.tracker.receive(delivery));
}

async function counted({ counter }: Subject, work: () => Promise<unknown>): Promise<Trips> {
  await counter.quiet();
  counter.reset();
  await work();
  const { inSequence } = counter;
  await counter.quiet();
  return { inSequence, total: counter.total };
}
