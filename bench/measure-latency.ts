/**
 * The time from the last region's webhook event until the topic has "in all replicas", and until the waiter is
 * released. In multiples of one operation: divided by the median time of an insert on this machine in the same minute,
 * with as many others in flight.
 */
import type { Delivery } from '../src/core/ports.ts';
import { allReplicas } from './check-published.ts';
import type { Floor } from './floor.ts';
import { openFloor } from './floor.ts';
import { openHttpApp } from './http-app.ts';
import type { Way } from './latency-ways.ts';
import { aloneWay, breathe, httpWay } from './latency-ways.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { median, quantile } from './statistics.ts';
import { openSubject } from './subject.ts';
import { deliveryOf, keepInFlight, regionsOf } from './workload.ts';

/** The times of one image, in milliseconds. */
interface Latency {
  readonly published: number;
  readonly released: number;
  /** One insert, with as many in flight. */
  readonly insert: number;
}

export interface Company {
  /** Images that complete at the same time. */
  readonly atOnce: number;
  readonly rounds: number;
  /** First rounds that do not count. */
  readonly warmups: number;
}

const regions = regionsOf(3);
const publishWithinMs = 30_000;

export async function measureLatency({ storage, quick, say }: BenchOptions): Promise<Section> {
  const companies: Company[] = [
    { atOnce: 1, rounds: quick ? 25 : 300, warmups: quick ? 10 : 20 },
    { atOnce: 64, rounds: quick ? 2 : 15, warmups: quick ? 1 : 3 },
  ];
  const floor = await openFloor(storage);
  const rows: Section['rows'][number][] = [];
  const measure = async (way: Way) => {
    for (const company of companies) {
      rows.push(...describe(way.what, company, await measureWay(way, floor, company)));
      say(`${way.what}, ${company.atOnce} in flight: done`);
    }
    way.close();
  };
  await measure(aloneWay(openSubject(storage, regions)));
  const httpApp = await openHttpApp(storage, regions, 1);
  try {
    await measure(httpWay(httpApp));
  } finally {
    await httpApp.close();
  }
  const note =
    'The unit is the time of one insert while as many inserts are in flight. One request waits for each image: `GET /api/wait`, or the call behind it.';
  return { title: "From the last region's webhook event to the topic, and to the waiter.", note, rows };
}

export async function measureWay(way: Way, floor: Floor, { atOnce, rounds, warmups }: Company): Promise<Latency[]> {
  const waiting = new Map<string, () => void>();
  way.onPublished(({ type, subject }) => {
    if (type === allReplicas) waiting.get(subject)?.();
  });

  async function finish(last: Delivery, waiter: Promise<void>): Promise<Omit<Latency, 'insert'>> {
    const published = Promise.withResolvers<void>();
    waiting.set(`${last.name.repository}@${last.name.digest}`, published.resolve);
    const timer = setTimeout(() => published.reject(new Error('not published in time')), publishWithinMs);
    const startedAt = performance.now();
    const since = () => performance.now() - startedAt;
    const ends = [published.promise.then(since), waiter.then(since), way.deliver(last).then(since)] as const;
    const [publishedAfter, releasedAfter] = await Promise.all(ends);
    clearTimeout(timer);
    return { published: publishedAfter, released: releasedAfter };
  }

  const latencies: Latency[] = [];
  for (let round = -warmups; round < rounds; round++) {
    const all = Array.from({ length: atOnce }, (_, i) =>
      regions.map((region) => deliveryOf(`${way.label}-${atOnce}`, round * atOnce + i, region, { repository })),
    );
    const lasts = all.flatMap((deliveries) => deliveries.slice(-1));
    const before = all.flatMap((deliveries) => deliveries.slice(0, -1));
    await keepInFlight(before, atOnce, way.deliver);
    await way.quiet();
    const waiters = lasts.map(({ name }) => way.wait(name));
    // A waiter that arrived after its image completed would wait for too short a time.
    await breathe(50 + 2 * atOnce);
    const inserts = await Promise.all(lasts.map(() => floor.insert()));
    const done = await Promise.all(lasts.map((last, i) => finish(last, waiters[i] ?? Promise.resolve())));
    await way.quiet();
    if (round < 0) continue;
    latencies.push(...done.map((one, i) => ({ ...one, insert: inserts[i] ?? Number.NaN })));
  }
  return latencies;
}

const repository = 'team/app';

function describe(way: string, { atOnce }: Company, latencies: readonly Latency[]): Section['rows'] {
  const inserts = latencies.map(({ insert }) => insert);
  const single = median(inserts);
  const row = (until: string, times: readonly number[]) => ({
    way,
    'in flight': atOnce,
    until,
    'median, inserts': median(times) / single,
    'p99, inserts': quantile(times, 0.99) / single,
    'median, ms': median(times),
    'p99, ms': quantile(times, 0.99),
    'one insert, ms': single,
    'its p99, ms': quantile(inserts, 0.99),
  });
  return [
    row(
      'topic has accepted it',
      latencies.map(({ published }) => published),
    ),
    row(
      'waiter released',
      latencies.map(({ released }) => released),
    ),
  ];
}
