/**
 * A release of 40 images in four regions, and pipelines that wait for it by name: the time from the last webhook until
 * the last pipeline has its answer, compared with that of as many pings.
 */
import { openHttpApp } from './http-app.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { median } from './statistics.ts';
import { deliveryOf, keepInFlight, regionsOf } from './workload.ts';

const images = 40;
const waiterCounts = [1, 20, 200];
/** By then all waiting requests have arrived. */
const settleMs = 1_000;
const withinMs = 60_000;

export async function measureReleases({ storage, quick, say }: BenchOptions): Promise<Section> {
  const regions = regionsOf(4);
  const rows: Section['rows'][number][] = [];
  const httpApp = await openHttpApp(storage, regions, 1);
  const [app] = httpApp.apps;
  if (app === undefined) throw new Error('no app');

  async function ask(path: string, init: RequestInit = {}): Promise<number> {
    const response = await fetch(new URL(path, app?.url), { ...init, signal: AbortSignal.timeout(withinMs) });
    await response.arrayBuffer();
    return response.status;
  }

  /** @returns milliseconds from sending the last webhook to the last answer */
  async function release(name: string, waiters: number): Promise<number> {
    const deliveries = Array.from({ length: images }, (_, i) => regions.map((region) => deliveryOf(name, i, region)));
    const named = deliveries.flatMap(([first]) => first ?? []);
    const body = JSON.stringify({
      images: named.map(
        ({ name: { registry, repository, digest } }) => `${registry}.azurecr.io/${repository}@${digest}`,
      ),
    });
    const headers = { 'content-type': 'application/json' };
    const made = await ask(`/api/releases/${name}`, { method: 'PUT', headers, body });
    if (made !== 201) throw new Error(`the release was answered ${made}`);
    const waiting = Array.from({ length: waiters }, () =>
      ask(`/api/releases/${name}/wait?timeout=${withinMs / 1_000}`),
    );
    const earlier = deliveries.flatMap((all) => all.slice(0, -1));
    await keepInFlight(earlier, 16, httpApp.deliver);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const lastRegion = deliveries.flatMap((all) => all.slice(-1));
    await keepInFlight(lastRegion.slice(0, -1), 16, httpApp.deliver);
    const startedAt = performance.now();
    const [, ...statuses] = await Promise.all([...lastRegion.slice(-1).map(httpApp.deliver), ...waiting]);
    const other = statuses.find((status) => status !== 200);
    if (other !== undefined) throw new Error(`a waiting request was answered ${other}`);
    return performance.now() - startedAt;
  }

  async function pings(count: number): Promise<number> {
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: count }, httpApp.ping));
    return performance.now() - startedAt;
  }

  try {
    for (let round = 0; round < 3; round++) await release(`warm-${round}`, 20);
    for (const waiters of waiterCounts) {
      const times: number[] = [];
      const floors: number[] = [];
      for (let round = 0; round < (quick ? 3 : 10); round++) {
        const before = await pings(waiters);
        times.push(await release(`r${waiters}-${round}`, waiters));
        floors.push((before + (await pings(waiters))) / 2);
        say(`${waiters} waiting: ${times.at(-1)?.toFixed(0)} ms, as many pings ${floors.at(-1)?.toFixed(0)} ms`);
      }
      rows.push({
        waiting: waiters,
        '× pings': median(times.map((time, i) => time / (floors[i] ?? Number.NaN))),
        'last answer, ms': median(times),
        'worst case, ms': Math.max(...times),
        'later than 1 s': times.filter((time) => time > 1_000).length,
        'last of as many pings, ms': median(floors),
      });
    }
  } finally {
    await httpApp.close();
  }
  const note = `${images} images × ${regions.length} regions, one process: from sending the last webhook to the last answer of those that wait by name.`;
  return { title: 'A release that is waited for.', note, rows };
}
