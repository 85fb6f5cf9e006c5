import { buildReport } from './build-system.ts';
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { exitCodes } from './exit-codes.ts';
import { plainProgress } from './plain-progress.ts';
import { painter } from './terminal.ts';
import type { Connection } from './tracker-client.ts';
import { trackerClient } from './tracker-client.ts';
import type { Verdict } from './verdict.ts';
import { verdictOn } from './verdict.ts';
import type { Progress, WaitEnd } from './wait-for-image.ts';
import { waitForImage } from './wait-for-image.ts';
import type { HoldPolicy } from './wait-loop.ts';
import type { WaitRequest } from './wait-request.ts';

export interface WaitOptions {
  readonly output: 'text' | 'json';
  /** Set where lines can be rewritten in place. */
  readonly liveProgress?: ((request: WaitRequest, cliContext: CliContext) => Promise<Progress>) | undefined;
}

export const watching: HoldPolicy = (asked) => (asked === 0 ? 0 : 3_000);
/** A log needs no update every second, and availability is reported at once all the same. */
export const logging: HoldPolicy = (asked) => (asked === 0 ? 0 : Math.min(30_000, 5_000 * 1.5 ** (asked - 1)));

export async function wait(
  request: WaitRequest,
  connection: Connection,
  options: WaitOptions,
  cliContext: CliContext,
): Promise<number> {
  const { liveProgress } = options;
  const progress =
    liveProgress === undefined
      ? plainProgress(cliContext.stderr, request, cliContext.clock)
      : await liveProgress(request, cliContext);
  const build = buildReport(cliContext);
  const both: Progress = {
    ...progress,
    answered(answer, elapsedMs) {
      progress.answered(answer, elapsedMs);
      build.answered(answer);
    },
  };
  const client = trackerClient(connection, cliContext);
  const holdPolicy = liveProgress === undefined ? logging : watching;
  const end = await waitForImage(request, client, cliContext, both, holdPolicy);
  progress.finish();
  const verdict = verdictOn(end, request);
  printEnd(end, verdict, options.output, cliContext);
  await build.finish(verdict, end.answer === undefined ? [] : [end.answer], end.answer?.state);
  return exitCodes[end.outcome];
}

/** Prints the last answer, whatever the outcome; without an answer, only the failure. */
function printEnd({ answer }: WaitEnd, verdict: Verdict, output: WaitOptions['output'], cliContext: CliContext) {
  const { stdout, stderr, environment } = cliContext;
  if (output === 'json' && answer !== undefined) printLine(stdout, JSON.stringify(answer.document));
  const isResult = output === 'text' && answer !== undefined;
  const target = isResult ? stdout : stderr;
  if (output === 'json' && verdict.isGood) return;
  printLine(target, painter(target, environment)(verdict.isGood ? 'green' : 'red', verdict.text));
  if (verdict.hint !== undefined) printLine(stderr, verdict.hint);
}
