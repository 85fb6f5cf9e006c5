/**
 * `npm run schedules`: runs several instances of the tracker under thousands of different orders of events and faults,
 * each determined by one seed. It finds faults that no written example shows.
 */
import { randomInt } from 'node:crypto';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { planOf } from './plan.ts';
import { describeFailure, toJson, toMarkdown, toText } from './report.ts';
import { runMany } from './run-many.ts';
import { runSchedule } from './run-schedule.ts';
import { parsePath } from './shrink.ts';

const badUsage = 64;
const countWithoutSeed = 2_000;

interface Arguments {
  readonly count?: number;
  readonly seed?: number;
  readonly path?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly verbose?: boolean;
}

function readWhole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
}

/** One schedule, step by step. */
async function replay(seed: number, path: string | undefined, isVerbose: boolean): Promise<boolean> {
  const plan = planOf(seed);
  if (isVerbose) console.log(`world: ${JSON.stringify(plan.world)}`);
  const trace = isVerbose ? (line: string) => console.log(line) : undefined;
  const outcome = await runSchedule(seed, { kept: path === undefined ? undefined : parsePath(path), trace });
  console.log(
    `seed ${seed}: ${outcome.commands} commands, ${outcome.steps} steps, ${outcome.violations.length} violations`,
  );
  for (const { rule, detail } of outcome.violations) console.log(`  ${rule}: ${detail}`);
  return outcome.violations.length === 0;
}

async function explore({
  count = countWithoutSeed,
  seed,
  json = false,
  markdown = false,
}: Arguments): Promise<boolean> {
  const firstSeed = seed ?? randomInt(2 ** 31);
  const print = (line: string) => process.stderr.write(`${line}\n`);
  const summary = await runMany({ firstSeed, count, maxFailures: Number.POSITIVE_INFINITY, maxRuns: 600, print });
  console.log(json ? toJson(summary) : markdown ? toMarkdown(summary) : toText(summary));
  for (const failure of json ? [] : summary.failures) console.log(`\n${await describeFailure(failure)}`);
  return summary.failures.length === 0;
}

const command = new Command('npm run schedules --')
  .description('Runs the tracker under many orders of events and faults, and prints which rule was broken, and how.')
  .exitOverride()
  .showHelpAfterError('(--help lists all options)')
  .option('--count <number>', `schedules, one seed after the other (${countWithoutSeed}; 1 with --seed)`, readWhole)
  .option('--seed <number>', 'the first seed (default: a random one)', readWhole)
  .option('--path <path>', 'the kept parts of a schedule that was made smaller, as printed with it')
  .option('--verbose', 'print the steps of one schedule')
  .option('--json', 'one line of JSON')
  .option('--markdown', 'Markdown tables')
  .action(async (given: Arguments) => {
    const { seed, count = seed === undefined ? countWithoutSeed : 1, path, verbose = false, json = false } = given;
    const isOne = seed !== undefined && count === 1 && !json;
    const isFine = isOne ? await replay(seed, path, verbose) : await explore({ ...given, count });
    if (!isFine) process.exitCode = 1;
  });

try {
  await command.parseAsync();
} catch (failure) {
  if (!(failure instanceof CommanderError)) throw failure;
  process.exitCode = failure.exitCode === 0 ? 0 : badUsage;
}
