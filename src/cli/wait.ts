/** The `wait` command, for the command line and for the action alike: asks, shows, tells the build, gives an exit code. */
import { buildReport } from './build-report.ts';
import { exitCodes } from './exit-codes.ts';
import { plainProgress } from './plain-progress.ts';
import type { Surroundings } from './surroundings.ts';
import { printLine } from './surroundings.ts';
import { painter } from './terminal.ts';
import type { Connection } from './tracker-client.ts';
import { trackerClient } from './tracker-client.ts';
import type { Verdict } from './verdict.ts';
import { verdictOn } from './verdict.ts';
import type { Patience, Progress, WaitEnd } from './wait-for-image.ts';
import { waitForImage } from './wait-for-image.ts';
import type { WaitRequest } from './wait-request.ts';

export interface WaitOptions {
  readonly output: 'text' | 'json';
  /** Given where lines can be rewritten in place. */
  readonly liveProgress?: ((request: WaitRequest, surroundings: Surroundings) => Promise<Progress>) | undefined;
}

const watching: Patience = (asked) => (asked === 0 ? 0 : 3_000);
/** In a log nobody looks at every second; that the image is there is told at once all the same. */
const logging: Patience = (asked) => (asked === 0 ? 0 : Math.min(30_000, 5_000 * 1.5 ** (asked - 1)));

export async function wait(
  request: WaitRequest,
  connection: Connection,
  options: WaitOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { liveProgress } = options;
  const progress =
    liveProgress === undefined
      ? plainProgress(surroundings.stderr, request)
      : await liveProgress(request, surroundings);
  const build = buildReport(surroundings);
  const both: Progress = {
    ...progress,
    answered(answer, elapsedMs) {
      progress.answered(answer, elapsedMs);
      build.answered(answer);
    },
  };
  const client = trackerClient(connection, surroundings);
  const patience = liveProgress === undefined ? logging : watching;
  const end = await waitForImage(request, client, surroundings, both, patience);
  progress.finish();
  const verdict = verdictOn(end, request);
  printEnd(end, verdict, options.output, surroundings);
  await build.finish(verdict, end.answer);
  return exitCodes[end.outcome];
}

/** What is known of the image is the result, good or bad; without any, there is only something that went wrong. */
function printEnd({ answer }: WaitEnd, verdict: Verdict, output: WaitOptions['output'], surroundings: Surroundings) {
  const { stdout, stderr, environment } = surroundings;
  if (output === 'json' && answer !== undefined) printLine(stdout, JSON.stringify(answer.document));
  const isResult = output === 'text' && answer !== undefined;
  const target = isResult ? stdout : stderr;
  if (output === 'json' && verdict.isGood) return;
  printLine(target, painter(target, environment)(verdict.isGood ? 'green' : 'red', verdict.text));
  if (verdict.hint !== undefined) printLine(stderr, verdict.hint);
}
