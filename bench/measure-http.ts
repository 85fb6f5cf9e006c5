/**
 * Deliveries per second over HTTP, by one process and by four, each delivery at a random one. Sender, topic, storage
 * and all app processes share this machine, so the figures are far below those of separate machines.
 */
import { allReplicas, checkPublished } from './check-published.ts';
import { openFloor } from './floor.ts';
import type { HttpApp } from './http-app.ts';
import { openHttpApp } from './http-app.ts';
import type { BenchOptions } from './options.ts';
import type { Rounds } from './rounds.ts';
import { alternate, measured } from './rounds.ts';
import type { Section } from './section.ts';
import { keepInFlight, regionsOf, shuffled } from './workload.ts';

const atOnce = 64;
/**
 * Some 15,000 requests until the code of the host, the library and the app is compiled, as on a server that runs for
 * long.
 */
const warmups = 5;
const publishWithinMs = 60_000;

export async function measureHttp(options: BenchOptions): Promise<Section> {
  const { storage, quick, say } = options;
  const regions = regionsOf(3);
  const { rate } = await openFloor(storage);
  const rows: Section['rows'][number][] = [];
  const compare = (count: number, subject: (round: number) => Promise<unknown>) =>
    alternate({
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

  // Four processes share the available processor time: more deliveries would only take longer.
  for (const { processes, images } of [
    { processes: 1, images: quick ? 100 : 500 },
    { processes: 4, images: quick ? 100 : 250 },
  ]) {
    const deliveries = images * regions.length * 2;
    const who = processes === 1 ? 'one process' : `${processes} processes`;
    say(who);
    const httpApp = await openHttpApp(storage, regions, processes);
    try {
      const counted = countPublished(httpApp);
      let sent = 0;
      const rounds = await compare(deliveries, async (round) => {
        await keepInFlight(shuffled(`door-${processes}-${round}`, images, regions), atOnce, httpApp.deliver);
        sent += images;
        await counted.reaches(sent);
      });
      add(`${who}, 3 regions x 2 deliveries, random order, until every event is published`, rounds, httpApp.refused);
      checkPublished(httpApp.published, sent);
      const pings = () => keepInFlight(Array.from({ length: deliveries }), atOnce, httpApp.ping);
      if (processes === 1) add(`${who}, pings: HTTP alone`, await compare(deliveries, pings));
    } finally {
      await httpApp.close();
    }
  }
  const note = `${atOnce} in flight over kept connections. Floor: one insert per delivery, from the sender's process.`;
  return { title: 'Over HTTP.', note, rows };
}

/** Counts as they come in: to search all published events for each new one would soon cost more than the app. */
function countPublished(httpApp: HttpApp) {
  const ids = new Set<string>();
  let goal = Number.POSITIVE_INFINITY;
  let reached = () => {};
  httpApp.onPublished(({ id, type }) => {
    if (type === allReplicas) ids.add(id);
    if (ids.size >= goal) reached();
  });
  return {
    /** Resolves once so many images have been published as available in all replicas. */
    reaches: (images: number) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${ids.size} of ${images} images published in time`)),
          publishWithinMs,
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
