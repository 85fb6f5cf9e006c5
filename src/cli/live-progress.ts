/**
 * Progress for a terminal: one line for each region, rewritten in place. The library for that is loaded only for a
 * terminal, since most waits run on build agents.
 */

import { formatDuration } from '../core/runtime/format-duration.ts';
import type { CliContext } from './cli-context.ts';
import type { Answer, RegionAnswer } from './document.ts';
import type { Failure } from './failure.ts';
import { withSize } from './live-output.ts';
import { describeUnknown, isOfInterest } from './plain-progress.ts';
import { describeRegion, isThere } from './region-words.ts';
import type { Paint } from './terminal.ts';
import { painter } from './terminal.ts';
import { countOf } from './verdict.ts';
import type { Progress } from './wait-for-image.ts';
import type { WaitRequest } from './wait-request.ts';

export interface Scene {
  readonly request: WaitRequest;
  readonly answer: Answer | undefined;
  readonly failure: Failure | undefined;
  /** Similar names in the registry, where no region has reported the image. */
  readonly names?: readonly string[] | undefined;
  readonly elapsedMs: number;
  /** The frame of the spinner; `undefined` once the wait is over. */
  readonly frame: number | undefined;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 120;

export async function liveProgress(request: WaitRequest, cliContext: CliContext): Promise<Progress> {
  const { stderr, clock, environment } = cliContext;
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(withSize(stderr));
  const paint = painter(stderr, environment);
  const startedAt = clock.now();
  let answer: Answer | undefined;
  let failure: Failure | undefined;
  let names: readonly string[] | undefined;
  let frames = 0;
  const show = (frame: number | undefined) => {
    const elapsedMs = clock.now() - startedAt;
    update(drawScene({ request, answer, failure, names, elapsedMs, frame }, paint));
  };
  show(0);
  const timer = setInterval(() => show(++frames), frameMs);
  return {
    answered(latest) {
      answer = latest;
      failure = undefined;
      show(frames);
    },
    failed(latest) {
      failure = latest;
      show(frames);
    },
    movedOn() {},
    unknown(found) {
      names = found;
      show(frames);
    },
    finish() {
      clearInterval(timer);
      show(undefined);
      update.done();
    },
  };
}

export function drawScene({ request, answer, failure, names, elapsedMs, frame }: Scene, paint: Paint): string {
  const time = `${formatDuration(elapsedMs)} of ${formatDuration(request.timeoutMs)}`;
  const spin = frame === undefined ? '·' : (spinner[frame % spinner.length] ?? '');
  const head =
    answer === undefined
      ? `${paint('yellow', spin)} ${request.image}  ${paint('dim', time)}`
      : `${answer.image}  in ${countOf(answer)}  ${paint('dim', time)}`;
  const regions = answer?.regions.filter(isOfInterest(answer)) ?? [];
  const width = Math.max(0, ...regions.map(({ region }) => region.length));
  const lines = answer === undefined ? [] : regions.map((region) => drawRegion(answer, region, width, spin, paint));
  const notice = failure === undefined ? [] : [paint('yellow', `! ${failure.message}; asking again`)];
  const isUnknown = names !== undefined && answer?.state === 'unknown';
  const suggestion = isUnknown ? [paint('yellow', `! ${describeUnknown(request.image, names)}`)] : [];
  return [head, ...lines, ...suggestion, ...notice].join('\n');
}

function drawRegion(answer: Answer, region: RegionAnswer, width: number, spin: string, paint: Paint): string {
  const isComplete = isThere(answer, region);
  const mark = isComplete
    ? paint('green', '✔')
    : region.state === 'deleted'
      ? paint('red', '✖')
      : paint('yellow', spin);
  const text = describeRegion(answer, region);
  return `${mark} ${region.region.padEnd(width)}  ${isComplete ? text : paint('dim', text)}`;
}
