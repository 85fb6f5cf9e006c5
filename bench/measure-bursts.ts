/**
 * Many webhooks at once, from sending to the answer: a release pushes dozens of images, and every region reports each.
 * The registry gives up after five seconds and never sends a webhook again, so what matters is the last answer, and
 * that none is 503.
 */

import type { Delivery } from '../src/core/ports.ts';
import { allReplicas, checkPublished } from './check-published.ts';
import { openHttpApp } from './http-app.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { median, quantile } from './statistics.ts';
import { regionsOf, shuffled } from './workload.ts';

/** Multiples of the number of regions. */
const bursts = [50, 200, 1_000];
/** The registry gives up after 5 s; the rest is for the network. */
const answerWithinMs = 4_000;
const publishWithinMs = 60_000;
/** Rounds in bursts of the largest size before anything is counted, until the code is compiled. */
const warmups = 5;

interface Burst {
  /** Milliseconds from sending to the answer. */
  readonly times: readonly number[];
  readonly statuses: readonly number[];
}

export async function measureBursts({ storage, quick, say }: BenchOptions): Promise<Section> {
  const regions = regionsOf(5);
  const rows: Section['rows'][number][] = [];
  for (const processes of [1, 4]) {
    const httpApp = await openHttpApp(storage, regions, processes);
    try {
      const published = new Set<string>();
      httpApp.onPublished(({ id, type }) => void (type === allReplicas && published.add(id)));
      let images = 0;
      const webhooks = async (count: number) => {
        const chosen = shuffled(`burst-${processes}-${images}`, count / regions.length, regions).filter(once());
        images += count / regions.length;
        const burst = await sendAtOnce(chosen, httpApp.deliverOnce);
        await reached(() => published.size, images);
        return burst;
      };
      const pings = (count: number) => sendAtOnce(Array.from({ length: count }), httpApp.pingOnce);
      const max = Math.max(...bursts);
      for (let round = 0; round < (quick ? 1 : warmups); round++) {
        await pings(max);
        await webhooks(max);
      }
      for (const count of bursts) {
        const ratios: number[] = [];
        const floors: number[] = [];
        const subjects: Burst[] = [];
        for (let round = 0; round < (quick ? 3 : 10); round++) {
          const before = last(await pings(count));
          const burst = await webhooks(count);
          const floor = (before + last(await pings(count))) / 2;
          say(`${processes}, ${count} at once: pings ${floor.toFixed(0)} ms, webhooks ${last(burst).toFixed(0)} ms`);
          ratios.push(last(burst) / floor);
          floors.push(floor);
          subjects.push(burst);
        }
        const times = subjects.flatMap((burst) => burst.times);
        const answers = (status: number) =>
          subjects.flatMap(({ statuses }) => statuses.filter((one) => one === status)).length;
        rows.push({
          'at once': `${count}, ${processes === 1 ? 'one process' : `${processes} processes`}`,
          '× pings': median(ratios),
          highest: Math.max(...ratios),
          'median, ms': quantile(times, 0.5),
          'last answer, ms': median(subjects.map(last)),
          'worst case, ms': quantile(times, 1),
          'later than 4 s': times.filter((time) => time > answerWithinMs).length,
          'answered 202': answers(202),
          'answered 503': answers(503),
          'last ping, ms': median(floors),
        });
      }
      checkPublished(httpApp.published, images);
    } finally {
      await httpApp.close();
    }
  }
  const note = [
    `${regions.length} regions, each image once from each, in random order, over connections that are open.`,
    '`× pings` compares the last answer of a burst with the last answer to as many pings, sent just before and just after it.',
  ].join(' ');
  return { title: 'Bursts, from sending to the answer.', note, rows };
}

/** From a workload that sends everything twice, keeps the first. */
function once(): (delivery: Delivery) => boolean {
  const seen = new Set<string>();
  return ({ name, fact }) => seen.size < seen.add(`${name.digest} ${fact.region}`).size;
}

async function sendAtOnce<T>(items: readonly T[], send: (item: T) => Promise<number>): Promise<Burst> {
  const startedAt = performance.now();
  const answers = await Promise.all(
    items.map(async (item) => ({ status: await send(item), time: performance.now() - startedAt })),
  );
  return { times: answers.map(({ time }) => time), statuses: answers.map(({ status }) => status) };
}

function last({ times }: Burst): number {
  return Math.max(...times);
}

async function reached(count: () => number, goal: number): Promise<void> {
  const deadline = performance.now() + publishWithinMs;
  while (count() < goal) {
    if (performance.now() > deadline) throw new Error(`${count()} of ${goal} images published in time`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
