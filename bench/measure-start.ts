/**
 * From process start to the first answered webhook event. The registry gives up after five seconds and never tries
 * again, so on a platform that starts instances on demand, this is time taken from the first event.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openDoor } from './door.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { median, quantile } from './statistics.ts';
import { deliveryOf, regionsOf, registryName } from './workload.ts';

const bundle = new URL('../dist/main.cjs', import.meta.url).pathname;
const regions = regionsOf(3);

export async function measureStart({ storage, quick, say }: BenchOptions): Promise<Section> {
  const bare: number[] = [];
  const loaded: number[] = [];
  const answered: number[] = [];
  const settings = {
    PATH: process.env.PATH ?? '',
    REGISTRIES: JSON.stringify([{ name: registryName, regions }]),
    WEBHOOK_SECRETS: 'a-secret-of-the-benchmark',
    AzureWebJobsStorage: storage,
    EVENT_GRID_TOPIC_ENDPOINT: 'http://127.0.0.1:9/api/events',
    EVENT_GRID_TOPIC_KEY: 'none',
  };
  for (let round = 0, rounds = quick ? 3 : 11; round <= rounds; round++) {
    const times = [
      await runNode('0', settings),
      await runNode(`require(${JSON.stringify(bundle)}); process.exit(0)`, settings),
      await answerOnce(storage, round),
    ] as const;
    say(`start: ${times.map((time) => time.toFixed(0)).join(', ')} ms`);
    // The first fills the disk's cache.
    if (round === 0) continue;
    bare.push(times[0]);
    loaded.push(times[1]);
    answered.push(times[2]);
  }
  const row = (what: string, times: readonly number[]) => ({
    what,
    '× bare Node': median(times.map((time, i) => time / (bare[i] ?? Number.NaN))),
    'more than bare Node, ms': Math.round(median(times.map((time, i) => time - (bare[i] ?? Number.NaN)))),
    'median, ms': Math.round(median(times)),
    'highest, ms': Math.round(quantile(times, 1)),
  });
  const rows = [
    row('bare Node: `node -e 0`', bare),
    row('the deployed bundle loaded, settings checked', loaded),
    row('`npm start` process: first webhook event answered', answered),
  ];
  const note = 'A new process each time, storage already running.';
  return { title: 'Start.', note, rows };
}

async function runNode(script: string, env: Record<string, string>): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (data: Buffer) => {
    complaints += data.toString();
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`node ended with exit code ${code}: ${complaints}`);
  return performance.now() - startedAt;
}

async function answerOnce(storage: string, round: number): Promise<number> {
  const startedAt = performance.now();
  const door = await openDoor(storage, regions, 1);
  try {
    const [first] = regions;
    if (first !== undefined) await door.deliver(deliveryOf('start', round, first));
    return performance.now() - startedAt;
  } finally {
    await door.close();
  }
}
