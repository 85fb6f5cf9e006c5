/**
 * A short run with real processes: they are killed and paused, and their storage and topic fail, without an untrue answer or
 * event. `npm run chaos` runs longer. `SEED=12345 npx vitest run test/chaos/chaos` runs the plan of one seed again.
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

// A folder for this test alone shows which files a run does not remove.
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
  // Replicas are probed at sweeps, every 15 s, with pauses that double: one that did not answer the second probe is probed a
  // minute after the last write. Most runs settle within seconds.
  const options = {
    ...{ seed, seconds: 11, processes: 3, regions: 3, imagesPerSecond: 1 },
    ...{ settleSeconds: 80, skipsDelays: true },
  };
  const lines: string[] = [];
  const { figures, violations, evidence } = await runChaos(options, AbortSignal.timeout(150_000), (line) =>
    lines.push(line),
  );
  expect(formatViolations(violations, evidence), `SEED=${seed}\n${lines.join('\n')}`).toBe('');
  // Otherwise nothing was disturbed, or no replica was probed.
  expect(figures.kills).toBeGreaterThan(0);
  expect(figures['storage restarts']).toBeGreaterThan(0);
  expect(figures['webhook events acknowledged']).toBeGreaterThan(20);
  expect(figures['images in all replicas at the end']).toBeGreaterThan(5);
  expect(figures['indexes whose members were known at the end']).toBeGreaterThan(2);
  expect(figures['events accepted again with the same id']).toBeGreaterThan(0);
  expect(await readdir(folder)).toEqual([]);
}, 160_000);
