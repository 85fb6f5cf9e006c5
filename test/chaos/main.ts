/**
 * `npm run chaos`: several real app processes on one storage, and a registry that loses webhook events. Processes, storage,
 * topic and replicas fail. Exit code 0 only if no answer and no event was untrue, and all that is true at the end was
 * published.
 */
import { type ChaosArguments, readArguments, usage } from './options.ts';
import { formatMarkdown, formatText, formatViolations } from './report.ts';
import { runChaos } from './run.ts';

const badUsage = 64;
const interrupted = 130;
const stopRequest = new AbortController();

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // The second signal ends this process at once, and with it the processes that it started.
    if (stopRequest.signal.aborted) process.exit(interrupted);
    stopRequest.abort();
  });
}

function readOrExplain(): ChaosArguments | undefined {
  try {
    return readArguments(process.argv.slice(2), Math.floor(Math.random() * 1_000_000));
  } catch (failure) {
    process.stderr.write(`${failure instanceof Error ? failure.message : String(failure)}\n\n${usage}`);
    return undefined;
  }
}

async function run(): Promise<number> {
  const options = readOrExplain();
  if (options === undefined) return badUsage;
  const startedAt = Date.now();
  const log = (line: string) => {
    const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6);
    if (options.verbose) process.stderr.write(`${new Date().toISOString()} ${seconds} s  ${line}\n`);
  };
  const { figures, violations, evidence } = await runChaos(options, stopRequest.signal, log);
  if (violations.length > 0) {
    process.stderr.write(`${formatViolations(violations, evidence)}\nThe plan of this run: --seed ${options.seed}\n`);
  }
  const text = options.json
    ? JSON.stringify({ figures, violations })
    : options.markdown
      ? formatMarkdown(figures)
      : formatText(figures);
  await new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
  return violations.length === 0 ? 0 : 1;
}

const exitCode = await run().catch((failure: unknown) => {
  if (stopRequest.signal.aborted) return interrupted;
  process.stderr.write(`${failure instanceof Error ? failure.stack : String(failure)}\n`);
  return 1;
});
process.exit(exitCode);
