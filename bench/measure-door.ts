/**
 * Deliveries per second over HTTP, by one process and by four with each delivery at a random one. Sender,
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
/** Compilers are at work on the host, the library and the app for some 15,000 requests; a server has long had them. */
const warmups = 5;
const toldWithinMs = 60_000;

export async function measureDoor(options: BenchOptions): Promise<Section> {
  const { storage, quick, say } = options;
  const regions = regionsOf(3);
  const { rate } = await openFloor(storage);
  const rows: Section['rows'][number][] = [];
  const compare = (count: number, subject: (round: number) => Promise<unknown>) =>
    takeTurns({
      rounds: quick ? 2 : 5,
      warmups: quick ? 1 : warmups,
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

  // Four of them share what processor time there is: the more is sent, the longer it takes, and shows nothing new.
  for (const { processes, images } of [
    { processes: 1, images: quick ? 100 : 500 },
    { processes: 4, images: quick ? 100 : 250 },
  ]) {
    const deliveries = images * regions.length * 2;
    const who = processes === 1 ? 'one process' : `${processes} processes`;
    say(who);
    const door = await openDoor(storage, regions, processes);
    try {
      const told = countTold(door);
      let sent = 0;
      const rounds = await compare(deliveries, async (round) => {
        await keepInFlight(shuffled(`door-${processes}-${round}`, images, regions), atOnce, door.deliver);
        sent += images;
        await told.reaches(sent);
      });
      add(`${who}, 3 regions x 2 deliveries, random order, until every event is published`, rounds, door.refused);
      checkTold(door.told, sent);
      const pings = () => keepInFlight(Array.from({ length: deliveries }), atOnce, door.ping);
      if (processes === 1) add(`${who}, pings: HTTP alone`, await compare(deliveries, pings));
    } finally {
      await door.close();
    }
  }
  const note = `${atOnce} in flight over kept connections. Floor: one insert per delivery, from the sender's process.`;
  return { title: 'Over HTTP.', note, rows };
}

/** Counts as they come in: to search all published events for each new one would soon cost more than the app. */
function countTold(door: Door) {
  const ids = new Set<string>();
  let goal = Number.POSITIVE_INFINITY;
  let reached = () => {};
  door.onTold(({ id, type }) => {
    if (type === allReplicas) ids.add(id);
    if (ids.size >= goal) reached();
  });
  return {
    /** Resolves once so many images have been published as in all replicas. */
    reaches: (images: number) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${ids.size} of ${images} images published in time`)),
          toldWithinMs,
        );
        goal = images;
        reached = () => {
          clearTimeout(timer);
          resolve();
        };
        if (ids.size >= goal) reached();
      }),
  };
}
