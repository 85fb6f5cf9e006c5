/**
 * A short bad day with real processes: killed, stopped, their storage and their topic taken away, and not one untrue
 * word. `npm run chaos` is the long one. `SEED=12345 npx vitest run test/chaos/chaos` has the plan of one seed again.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatViolations } from './report.ts';
import { runChaos } from './run.ts';

const seed = Number(process.env.SEED ?? 1);
const { TMPDIR: usualFolder } = process.env;
let folder: string;

// Of its own, so that what a run leaves behind is seen.
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-replication-test-'));
  process.env.TMPDIR = folder;
});

afterEach(async () => {
  if (usualFolder === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usualFolder;
  await rm(folder, { recursive: true, force: true });
});

test('a short run: nothing untrue, nothing lost, nothing unpublished', async () => {
  // Replicas are asked at sweeps, every 15 s, with pauses that double: who was away at the second look is asked a minute after
  // the last write. Most runs settle within seconds.
  const options = {
    ...{ seed, seconds: 11, processes: 3, regions: 3, imagesPerSecond: 1 },
    ...{ settleSeconds: 80, isHurried: true },
  };
  const said: string[] = [];
  const { figures, violations, evidence } = await runChaos(options, AbortSignal.timeout(150_000), (line) =>
    said.push(line),
  );
  expect(formatViolations(violations, evidence), `SEED=${seed}\n${said.join('\n')}`).toBe('');
  // Otherwise nothing was disturbed, or no replica was probed.
  expect(figures.kills).toBeGreaterThan(0);
  expect(figures['storage restarts']).toBeGreaterThan(0);
  expect(figures['webhook events acknowledged']).toBeGreaterThan(20);
  expect(figures['images in all replicas at the end']).toBeGreaterThan(5);
  expect(figures['indexes whose members were known at the end']).toBeGreaterThan(2);
  expect(figures['events accepted again with the same id']).toBeGreaterThan(0);
  expect(await readdir(folder)).toEqual([]);
}, 160_000);
