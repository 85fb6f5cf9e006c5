/**
 * `npm run chaos`: several real app processes on one storage, a registry that loses webhooks, and everything that can go
 * wrong going wrong. Exit code 0 only if the app never said what was not so, and in the end said all that was.
 */
import { type ChaosArguments, readArguments, usage } from './options.ts';
import { formatMarkdown, formatText, formatViolations } from './report.ts';
import { runChaos } from './run.ts';

const badUsage = 64;
const interrupted = 130;
const stopRequest = new AbortController();

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // Asked twice, it does not wait: what it has started is killed with it.
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
  const asked = readOrExplain();
  if (asked === undefined) return badUsage;
  const startedAt = Date.now();
  const say = (line: string) => {
    const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6);
    if (asked.verbose) process.stderr.write(`${new Date().toISOString()} ${seconds} s  ${line}\n`);
  };
  const { figures, violations, evidence } = await runChaos(asked, stopRequest.signal, say);
  if (violations.length > 0) {
    process.stderr.write(`${formatViolations(violations, evidence)}\nThe plan of this run: --seed ${asked.seed}\n`);
  }
  const text = asked.json
    ? JSON.stringify({ figures, violations })
    : asked.markdown
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
