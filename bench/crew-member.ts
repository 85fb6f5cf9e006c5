/** One process of a crew: does what it is told, and says what it came to. */
import type { Done, Order } from './crew.ts';
import { openFloor } from './floor.ts';
import { openSubject } from './subject.ts';
import { deliveryOf, keepInFlight, regionsOf, registryName, shuffled } from './workload.ts';

const regions = regionsOf(3);
const [storage = ''] = process.argv.slice(2);

const floor = await openFloor(storage);

async function carryOut(order: Order): Promise<Pick<Done, 'told' | 'trips'>> {
  if (order.kind === 'insert') {
    await floor.rate(order.inserts, order.atOnce);
    return { told: [], trips: order.inserts };
  }
  const { names, label, images, member, members, atOnce } = order;
  const { tracker, counter, published } = openSubject(storage, regions, names);
  const mine = shuffled(label, images, regions).filter((_, place) => chance(place) % members === member);
  await keepInFlight(mine, atOnce, tracker.receive);
  await tracker.close(30_000);
  await counter.quiet();
  return { told: published.map(({ id, type, subject }) => ({ id, type, subject })), trips: counter.total };
}

/** The same in every member: each delivery goes to one of them. */
function chance(place: number): number {
  return Number.parseInt(deliveryOf('place', place, regions[0] ?? fail()).name.digest.slice(-6), 16);
}

function fail(): never {
  throw new Error(`${registryName} has no regions`);
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
