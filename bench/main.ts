/**
 * `npm run bench`: how fast the tracker is, compared with the least cost of storing a delivery. Two runs on one machine
 * differ by a third, so the ratios within a run come first, and absolute figures beside them. Fails, after printing
 * everything, when a part failed or its results were wrong.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { startAzurite } from '../src/local/azurite.ts';
import { measureAlternatives } from './measure-alternatives.ts';
import { measureBursts } from './measure-bursts.ts';
import { measureGrowth } from './measure-growth.ts';
import { measureHttp } from './measure-http.ts';
import { measureLatency } from './measure-latency.ts';
import { measureMemory } from './measure-memory.ts';
import { measureReleases } from './measure-releases.ts';
import { measureStart } from './measure-start.ts';
import { measureTracker } from './measure-tracker.ts';
import { measureTrips } from './measure-trips.ts';
import { measureWaiters } from './measure-waiters.ts';
import type { BenchArguments, BenchOptions, PartName } from './options.ts';
import { readArguments, usage } from './options.ts';
import { checkPage, writePage } from './pages.ts';
import { runParts } from './run-parts.ts';
import type { Result, Section } from './section.ts';
import { formatText } from './section.ts';

const badUsage = 64;

const measures: Record<PartName, (options: BenchOptions) => Promise<Section>> = {
  tracker: measureTracker,
  trips: measureTrips,
  latency: measureLatency,
  http: measureHttp,
  bursts: measureBursts,
  start: measureStart,
  alternatives: measureAlternatives,
  growth: measureGrowth,
  waiters: measureWaiters,
  releases: measureReleases,
  memory: measureMemory,
};

async function measure({
  parts,
  quick,
  verbose,
}: BenchArguments): Promise<Result & { readonly faults: readonly string[] }> {
  const say = (line: string) => void (verbose && process.stderr.write(`${line}\n`));
  const loadBefore = load();
  const { sections, faults } = await runParts(parts, async (part) => {
    // A new storage for each part: rows of the part before would slow it down.
    const azurite = await startAzurite();
    try {
      const { connectionString: storage, pid: storagePid } = azurite;
      return await measures[part]({ storage, storagePid, quick, say });
    } finally {
      await azurite.stop();
    }
  });
  const machine = {
    Node: process.versions.node,
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    'load before': loadBefore,
    'load after': load(),
  };
  return { machine, sections, faults };
}

function load(): number {
  return Number((loadavg()[0] ?? Number.NaN).toFixed(2));
}

function readOrExplain(): BenchArguments | undefined {
  try {
    return readArguments(process.argv.slice(2));
  } catch (failure) {
    process.stderr.write(`${failure instanceof Error ? failure.message : String(failure)}\n\n${usage}`);
    return undefined;
  }
}

async function run(): Promise<number> {
  const asked = readOrExplain();
  if (asked === undefined) return badUsage;
  if (asked.write) checkPage();
  const { faults, ...result } = await measure(asked);
  const text = asked.json ? JSON.stringify(result) : formatText(result);
  await new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) return 1;
  if (asked.write) writePage(result);
  return 0;
}

const exitCode = await run().catch((failure: unknown) => {
  process.stderr.write(`${failure instanceof Error ? failure.stack : String(failure)}\n`);
  return 1;
});
// Batches that wait for more work keep a process alive for ten seconds; no more work will come.
process.exit(exitCode);
