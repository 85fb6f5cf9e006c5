/** Progress for logs: one line for each thing that changes, and nothing while nothing does. */
import type { Answer, RegionAnswer } from './document.ts';
import { formatDuration, formatLag } from './duration.ts';
import type { Output } from './surroundings.ts';
import { printLine } from './surroundings.ts';
import { countOf } from './verdict.ts';
import type { Progress } from './wait-for-image.ts';
import type { WaitRequest } from './wait-request.ts';

export function plainProgress(output: Output, request: WaitRequest): Progress {
  const states = new Map<string, string>();
  let isTroubled = false;
  let image = request.image;
  const say = (elapsedMs: number, line: string) =>
    printLine(output, `${formatDuration(elapsedMs).padStart(6)}  ${line}`);
  printLine(output, `waiting for ${request.image}, at most ${formatDuration(request.timeoutMs)}`);

  return {
    answered(answer, elapsedMs) {
      if (isTroubled) say(elapsedMs, 'the tracker answers again');
      isTroubled = false;
      const isFirst = states.size === 0;
      if (answer.digest !== undefined && answer.image !== image) say(elapsedMs, `the image is ${answer.image}`);
      if (answer.digest !== undefined) image = answer.image;
      for (const region of answer.regions.filter(isOfInterest(answer))) {
        const before = states.get(region.region);
        states.set(region.region, region.state);
        if (before === region.state || (before === undefined && region.state === 'missing')) continue;
        const count = answer.asked.includes(region.region) ? countOf(answer) : 'not asked for';
        say(elapsedMs, `${region.region}: ${describeRegion(region)} (${count})`);
      }
      if (isFirst && answer.missing.length > 0) say(elapsedMs, `missing: ${answer.missing.join(', ')}`);
    },
    troubled(failure, elapsedMs) {
      isTroubled = true;
      say(elapsedMs, `${failure.message}; asking again until ${formatDuration(request.timeoutMs)} are over`);
    },
    finish() {},
  };
}

/** The regions asked about, and any other one that has said something. */
export function isOfInterest(answer: Answer): (region: RegionAnswer) => boolean {
  return ({ region, state }) => answer.asked.includes(region) || state !== 'missing';
}

export function describeRegion({ state, lagSeconds }: RegionAnswer): string {
  if (state !== 'available' || lagSeconds === undefined) return state;
  return lagSeconds === 0 ? 'available, first' : `available, ${formatLag(lagSeconds)} after the first`;
}
