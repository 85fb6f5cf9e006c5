/**
 * `npm run fuzz`: hostile input to every route of the running app. Ends with 1 when anything was wrong, and prints the
 * bytes that caused it and the seed that makes them again.
 */
import type { FuzzOptions } from './options.ts';
import { readOptions, usage } from './options.ts';
import { formatReport, isClean } from './report.ts';
import type { FuzzResult } from './run-fuzz.ts';
import { runFuzz } from './run-fuzz.ts';

const badUsage = 64;

function readOrExplain(): FuzzOptions | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (failure) {
    process.stderr.write(`${failure instanceof Error ? failure.message : String(failure)}\n\n${usage}`);
    return undefined;
  }
}

function toJson(result: FuzzResult): string {
  return JSON.stringify(result, (_key, value) => (value instanceof Map ? Object.fromEntries(value) : value));
}

async function run(): Promise<number> {
  const options = readOrExplain();
  if (options === undefined) return badUsage;
  process.stderr.write(`seed ${options.seed}\n`);
  const result = await runFuzz({ ...options, say: (line) => process.stderr.write(`${line}\n`) });
  const text = options.format === 'json' ? toJson(result) : formatReport(result, options.format === 'markdown');
  await new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
  return isClean(result) ? 0 : 1;
}

process.exitCode = await run();
