/** One process with a tracker: carries out orders and reports the results. */
import { openRandom } from '../src/local/simulator/random.ts';
import { openFloor } from './floor.ts';
import { openSubject } from './subject.ts';
import type { Done, Order } from './tracker-processes.ts';
import { keepInFlight, regionsOf, shuffled } from './workload.ts';

const regions = regionsOf(3);
const [storage = ''] = process.argv.slice(2);

const floor = await openFloor(storage);

async function carryOut(order: Order): Promise<Pick<Done, 'published' | 'trips'>> {
  if (order.kind === 'insert') {
    await floor.rate(order.inserts, order.atOnce);
    return { published: [], trips: order.inserts };
  }
  const { names, label, images, member, members, atOnce } = order;
  const { tracker, counter, published } = openSubject(storage, regions, names);
  // The same random values in every member, so that each delivery goes to exactly one.
  const random = openRandom(images, `${label} taken by`);
  const isMine = () => Math.floor(random() * members) === member;
  await keepInFlight(shuffled(label, images, regions, isMine), atOnce, tracker.receive);
  await tracker.close(30_000);
  await counter.quiet();
  return { published: published.map(({ id, type, subject }) => ({ id, type, subject })), trips: counter.total };
}

process.on('message', (order: Order) => {
  const before = process.cpuUsage();
  carryOut(order).then(
    (done) => {
      const { user, system } = process.cpuUsage(before);
      process.send?.({ ...done, cpu: user + system } satisfies Done);
    },
    (failure: unknown) => {
      process.stderr.write(`${failure instanceof Error ? failure.stack : String(failure)}\n`);
      process.exit(1);
    },
  );
});
