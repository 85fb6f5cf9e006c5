/**
 * Round trips to the storage, by kind of delivery: those in sequence before the answer decide how long the registry
 * waits; the total decides what the storage account costs and when it throttles. One delivery at a time, so nothing is
 * shared between them: under load there are fewer, as the tracker's own table shows.
 */
import type { Delivery } from '../src/core/ports.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { mean, median } from './statistics.ts';
import type { Subject } from './subject.ts';
import { freshNames, openSubject } from './subject.ts';
import { deliveryOf, regionsOf } from './workload.ts';

export interface Trips {
  readonly inSequence: number;
  readonly total: number;
}

/** The number of earlier digests of a tag that are checked is limited; this many show the limit. */
const earlierDigests = 12;

export async function measureTrips({ storage, quick, say }: BenchOptions): Promise<Section> {
  const kinds = await tripsByKind(storage, freshNames(), quick ? 3 : 20, say);
  const rows = [...kinds].map(([kind, { inSequence, total }]) => ({
    delivery: kind,
    'in sequence before the answer': inSequence,
    'all, with what follows': total,
  }));
  const note =
    'Calls of the storage SDK, one delivery at a time. The column *all* is a mean: after some images the instance no longer reads a record before it writes it.';
  return { title: 'Round trips to the storage.', note, rows };
}

/**
 * @param names of the tables, which may hold rows already
 * @param images of each kind
 */
export async function tripsByKind(
  storage: string,
  names: string,
  images: number,
  say: (line: string) => void,
): Promise<Map<string, Trips>> {
  const regions = regionsOf(3);
  const [first, next, last] = regions;
  if (first === undefined || next === undefined || last === undefined) throw new Error('three regions are needed');
  const subject = openSubject(storage, regions, names);
  const newProcess = () => openSubject(storage, regions, names);
  const latest = (image: number) => deliveryOf('latest', image, first, { repository: 'team/moving', tag: 'latest' });
  const kinds = new Map<string, Trips[]>();
  const keep = async (kind: string, work: Promise<Trips>) => {
    kinds.set(kind, [...(kinds.get(kind) ?? []), await work]);
  };

  for (const region of regions) await subject.tracker.receive(deliveryOf('warm', 0, region));
  for (let image = 0; image < earlierDigests; image++) await trips(subject, latest(image));
  for (let image = 0; image < images; image++) {
    const delivery = deliveryOf('trips', image, first);
    await keep('first region of an image', trips(subject, delivery));
    await keep('next region', trips(subject, deliveryOf('trips', image, next)));
    await keep('last region', trips(subject, deliveryOf('trips', image, last)));
    await keep('repeat, image known to the process', trips(subject, delivery));
    await keep('repeat, image unknown to the process', trips(newProcess(), delivery));
    await keep(
      `first region, under a tag that ${earlierDigests} digests had before`,
      trips(subject, latest(earlierDigests + image)),
    );
    await keep(
      'timer of an image that is everywhere',
      counted(subject, () => subject.tracker.reconcile(delivery.name)),
    );
    const alone = newProcess();
    await trips(alone, deliveryOf('alone', image, first));
    await keep(
      'storing that the topic accepted it, when no region follows for ten seconds',
      counted(alone, () => alone.tracker.close(10_000)),
    );
    say(`image ${image + 1} of ${images}`);
  }
  const middle = (all: readonly Trips[]): Trips => ({
    inSequence: median(all.map((one) => one.inSequence)),
    total: mean(all.map((one) => one.total)),
  });
  return new Map([...kinds].map(([kind, all]) => [kind, middle(all)]));
}

function trips(subject: Subject, delivery: Delivery): Promise<Trips> {
  return counted(subject, () => subject.tracker.receive(delivery));
}

export async function counted({ counter }: Subject, work: () => Promise<unknown>): Promise<Trips> {
  await counter.quiet();
  counter.reset();
  await work();
  const { inSequence } = counter;
  await counter.quiet();
  return { inSequence, total: counter.total };
}
