/**
 * `npm run mutations`: puts deliberate faults into the code, one at a time, and checks whether a test fails. It finds
 * tests that cannot fail. The faults are chosen by hand for the harm that they would do.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { allFaults } from './faults.ts';
import { summarize } from './report.ts';
import type { Finding } from './run-faults.ts';
import { runFaults } from './run-faults.ts';

const badUsage = 64;
const timeoutMs = 180_000;

interface Arguments {
  readonly only?: string;
  readonly jobs: number;
}

function readJobs(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('a number from 1 to 99, please.');
  return Number(text);
}

function say({ fault, verdict, seconds }: Finding): void {
  const by = verdict.kind === 'detected' ? ` (by: ${verdict.by})` : '';
  const why = verdict.kind === 'unusable' ? ` (${verdict.problem})` : by;
  process.stderr.write(`${verdict.kind.padEnd(8)} ${seconds.toFixed(1)} s  ${fault.file}: ${fault.meaning}${why}\n`);
}

const command = new Command('npm run mutations --')
  .description('Puts deliberate faults into a copy of the code, one at a time, and lists those that no test detects.')
  .exitOverride()
  .showHelpAfterError('(--help lists all options)')
  .option('--only <pattern>', 'faults whose file or meaning fits this regular expression')
  .option('--jobs <number>', 'faults tried at a time', readJobs, 2)
  .action(async ({ only = '', jobs }: Arguments) => {
    const pattern = new RegExp(only, 'i');
    const faults = allFaults.filter(({ file, meaning }) => pattern.test(`${file}: ${meaning}`));
    if (faults.length === 0) throw new CommanderError(badUsage, 'no-faults', `no fault fits ${only}`);
    const { text, isFine } = summarize(await runFaults(faults, { jobs, timeoutMs, onFinding: say }));
    console.log(text);
    if (!isFine) process.exitCode = 1;
  });

// An end like any other: copies and tests under way go with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  await command.parseAsync();
} catch (failure) {
  if (!(failure instanceof CommanderError)) throw failure;
  if (failure.code === 'no-faults') console.error(failure.message);
  process.exitCode = failure.exitCode === 0 ? 0 : badUsage;
}
