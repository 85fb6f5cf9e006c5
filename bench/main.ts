/**
 * `npm run bench`: how fast the tracker is, measured against the least that storing a delivery could cost. Two runs on
 * one machine differ by a third, so only ratios taken in the same run are worth looking at; they come first, and the
 * absolute figures stand beside them. Fails, once all of it is printed, when anything it measured was also wrong.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { startAzurite } from '../src/local/azurite.ts';
import { measureAlternatives } from './measure-alternatives.ts';
import { measureBursts } from './measure-bursts.ts';
import { measureDoor } from './measure-door.ts';
import { measureGrowth } from './measure-growth.ts';
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
  door: measureDoor,
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
    // A storage of its own for each part: rows left by the one before would slow it down.
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
// Steps that wait for company keep a process alive for ten seconds; here nothing is left that they could wait for.
process.exit(exitCode);
