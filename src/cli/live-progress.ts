/**
 * Progress for a terminal: one line for each region, rewritten in place. Loads what rewrites lines only when somebody
 * looks, since most waits are run by build agents.
 */
import type { Answer, RegionAnswer } from './document.ts';
import { formatDuration } from './duration.ts';
import type { Failure } from './failure.ts';
import { describeRegion, isOfInterest } from './plain-progress.ts';
import type { Output, Surroundings } from './surroundings.ts';
import type { Paint } from './terminal.ts';
import { painter } from './terminal.ts';
import { countOf } from './verdict.ts';
import type { Progress } from './wait-for-image.ts';
import type { WaitRequest } from './wait-request.ts';

export interface Scene {
  readonly request: WaitRequest;
  readonly answer: Answer | undefined;
  readonly trouble: Failure | undefined;
  readonly elapsedMs: number;
  /** Which picture of the spinner; none once it is over. */
  readonly turn: number | undefined;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const turnMs = 120;

export async function liveProgress(request: WaitRequest, surroundings: Surroundings): Promise<Progress> {
  const { stderr, clock, environment } = surroundings;
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(withSize(stderr));
  const paint = painter(stderr, environment);
  const startedAt = clock.now();
  let answer: Answer | undefined;
  let trouble: Failure | undefined;
  let turns = 0;
  const show = (turn: number | undefined) => {
    const elapsedMs = clock.now() - startedAt;
    update(drawScene({ request, answer, trouble, elapsedMs, turn }, paint));
  };
  show(0);
  const timer = setInterval(() => show(++turns), turnMs);
  return {
    answered(latest) {
      answer = latest;
      trouble = undefined;
      show(turns);
    },
    troubled(failure) {
      trouble = failure;
      show(turns);
    },
    finish() {
      clearInterval(timer);
      show(undefined);
      update.done();
    },
  };
}

/** Some terminals say that they have no size at all; then nothing would ever be drawn. */
function withSize(output: Output): NodeJS.WriteStream {
  const sized = {
    isTTY: true,
    write: (text: string) => output.write(text),
    get columns() {
      return output.columns || 80;
    },
    get rows() {
      return output.rows || 24;
    },
  };
  return sized as unknown as NodeJS.WriteStream;
}

export function drawScene({ request, answer, trouble, elapsedMs, turn }: Scene, paint: Paint): string {
  const time = `${formatDuration(elapsedMs)} of ${formatDuration(request.timeoutMs)}`;
  const spin = turn === undefined ? '·' : (spinner[turn % spinner.length] ?? '');
  const head =
    answer === undefined
      ? `${paint('yellow', spin)} ${request.image}  ${paint('dim', time)}`
      : `${answer.image}  in ${countOf(answer)}  ${paint('dim', time)}`;
  const regions = answer?.regions.filter(isOfInterest(answer)) ?? [];
  const width = Math.max(0, ...regions.map(({ region }) => region.length));
  const lines = regions.map((region) => drawRegion(region, width, spin, paint));
  const notice = trouble === undefined ? [] : [paint('yellow', `! ${trouble.message}; asking again`)];
  return [head, ...lines, ...notice].join('\n');
}

function drawRegion(region: RegionAnswer, width: number, spin: string, paint: Paint): string {
  const isThere = region.state === 'available';
  const mark = isThere ? paint('green', '✔') : region.state === 'deleted' ? paint('red', '✖') : paint('yellow', spin);
  return `${mark} ${region.region.padEnd(width)}  ${isThere ? describeRegion(region) : paint('dim', region.state)}`;
}
