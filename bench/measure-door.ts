/**
 * Deliveries per second through the HTTP door, by one process and by four with each delivery at a random one. Sender,
 * topic, storage and every app process share this machine, so the figures are far below what each could do alone.
 */
import { allReplicas, checkTold } from './check-told.ts';
import type { Door } from './door.ts';
import { openDoor } from './door.ts';
import { openFloor } from './floor.ts';
import type { BenchOptions } from './options.ts';
import type { Rounds } from './rounds.ts';
import { measured, takeTurns } from './rounds.ts';
import type { Section } from './section.ts';
import { keepInFlight, regionsOf, shuffled } from './workload.ts';

const atOnce = 64;
const toldWithinMs = 60_000;

export async function measureDoor(options: BenchOptions): Promise<Section> {
  const { storage, quick, say } = options;
  const regions = regionsOf(3);
  const images = quick ? 100 : 250;
  const deliveries = images * regions.length * 2;
  const { rate } = await openFloor(storage);
  const rows: Section['rows'][number][] = [];
  const compare = (count: number, subject: (round: number) => Promise<unknown>) =>
    takeTurns({
      rounds: quick ? 2 : 5,
      warmups: quick ? 1 : 2,
      say,
      floor: () => measured(count, options.storagePid, () => rate(count, atOnce)),
      subject: (round) => measured(count, options.storagePid, () => subject(round)),
    });
  const add = (what: string, { ratio, low, high, rate: perSecond, floorRate }: Rounds, refused = 0) =>
    rows.push({
      workload: what,
      '× floor': ratio,
      lowest: low,
      highest: high,
      'answered 503': refused,
      'requests/s': perSecond,
      'floor, inserts/s': floorRate,
    });

  for (const processes of [1, 4]) {
    const who = processes === 1 ? 'one process' : `${processes} processes`;
    say(who);
    const door = await openDoor(storage, regions, processes);
    try {
      let sent = 0;
      const rounds = await compare(deliveries, async (round) => {
        await keepInFlight(shuffled(`door-${processes}-${round}`, images, regions), atOnce, door.deliver);
        sent += images;
        await allTold(door, sent);
      });
      add(`${who}, 3 regions x 2 deliveries, random order, until every event is told`, rounds, door.refused);
      checkTold(door.told, sent);
      const pings = () => keepInFlight(Array.from({ length: deliveries }), atOnce, door.ping);
      if (processes === 1) add(`${who}, pings: the door alone`, await compare(deliveries, pings));
    } finally {
      await door.close();
    }
  }
  const note = `${atOnce} in flight over kept connections. Floor: one insert per delivery, from the sender's process.`;
  return { title: 'Through the HTTP door.', note, rows };
}

function allTold(door: Door, images: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const known = () => new Set(door.told.filter(({ type }) => type === allReplicas).map(({ id }) => id)).size;
    if (known() >= images) return resolve();
    const timer = setTimeout(() => reject(new Error(`${known()} of ${images} images told in time`)), toldWithinMs);
    door.onTold(() => {
      if (known() < images) return;
      clearTimeout(timer);
      resolve();
    });
    return undefined;
  });
}
