/**
 * From process start to the first answered webhook event. The registry gives up after five seconds and never retries,
 * so on a platform that starts instances on demand, the start is part of that time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { secret, webhookBody } from '../test/support/app.ts';
import { openHttpApp } from './http-app.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { median, quantile } from './statistics.ts';
import { deliveryOf, regionsOf, registryName } from './workload.ts';

const app = fileURLToPath(new URL('../dist/', import.meta.url));
const regions = regionsOf(3);

export async function measureStart({ storage, quick, say }: BenchOptions): Promise<Section> {
  const bare: number[] = [];
  const loaded: number[] = [];
  const worked: number[] = [];
  const answered: number[] = [];
  const settings = {
    PATH: process.env.PATH ?? '',
    REGISTRIES: JSON.stringify([{ name: registryName, regions }]),
    WEBHOOK_SECRETS: secret,
    AzureWebJobsStorage: storage,
    EVENT_GRID_TOPIC_ENDPOINT: 'http://127.0.0.1:9/api/events',
    EVENT_GRID_TOPIC_KEY: 'none',
  };
  const folder = await mkdtemp(join(tmpdir(), 'acr-replication-start-'));
  try {
    const worker = join(folder, 'worker.mjs');
    await bundleWorker(worker);
    for (let round = 0, rounds = quick ? 3 : 11; round <= rounds; round++) {
      const times = [
        await runNode(['-e', '0'], settings),
        await runNode(['-e', `require(${JSON.stringify(app)}); process.exit(0)`], settings),
        await runNode([worker, app, ...firstEvent(round)], settings, '200\n'),
        await answerOnce(storage, round),
      ] as const;
      say(`start: ${times.map((time) => time.toFixed(0)).join(', ')} ms`);
      // The first round fills the disk's cache and creates the tables.
      if (round === 0) continue;
      bare.push(times[0]);
      loaded.push(times[1]);
      worked.push(times[2]);
      answered.push(times[3]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
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
    row('the same by a worker: first webhook event answered', worked),
    row('`npm start` process: first webhook event answered', answered),
  ];
  const note = 'A new process each time, storage already running.';
  return { title: 'Start.', note, rows };
}

/** Bundled, since compiling the worker's TypeScript is not part of the measurement. */
async function bundleWorker(outfile: string): Promise<void> {
  const entry = fileURLToPath(new URL('worker.ts', import.meta.url));
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node24' });
}

function firstEvent(round: number): string[] {
  const [region = ''] = regions;
  const { name } = deliveryOf('worker', round, regions[0] ?? (region as never));
  const { repository, digest } = name;
  return [registryName, region, `Bearer ${secret}`, webhookBody({ region, repository, digest, tag: 'v1' })];
}

/** @returns milliseconds until it has ended with the expected output */
async function runNode(words: readonly string[], env: Record<string, string>, expected = ''): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complaints = '';
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    complaints += data.toString();
  });
  const [code] = await once(child, 'close');
  if (code !== 0 || said !== expected)
    throw new Error(`node ended with exit code ${code}, saying ${said}${complaints}`);
  return performance.now() - startedAt;
}

async function answerOnce(storage: string, round: number): Promise<number> {
  const startedAt = performance.now();
  const httpApp = await openHttpApp(storage, regions, 1);
  try {
    const [first] = regions;
    if (first !== undefined) await httpApp.deliver(deliveryOf('start', round, first));
    return performance.now() - startedAt;
  } finally {
    await httpApp.close();
  }
}
