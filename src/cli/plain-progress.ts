/** Progress for logs: one line for each change, and one a minute while nothing changes. */

import { listMissing, words } from '../core/image/wait-words.ts';
import type { Clock } from '../core/ports.ts';
import { formatDuration } from '../core/runtime/format-duration.ts';
import type { Output } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { Answer, RegionAnswer } from './document.ts';
import type { Failure } from './failure.ts';
import { deletedWords, describeRegion, missingWords, regionState } from './region-words.ts';
import { countOf } from './verdict.ts';
import type { Progress } from './wait-for-image.ts';
import type { WaitRequest } from './wait-request.ts';

const maxSilenceMs = 60_000;

export function plainProgress(output: Output, request: WaitRequest, clock: Clock): Progress {
  const states = new Map<string, string>();
  const over = new AbortController();
  const startedAt = clock.now();
  let printedAt = startedAt;
  let failure: Failure | undefined;
  let last: Answer | undefined;
  let image = request.image;
  const print = (elapsedMs: number, line: string) => {
    printedAt = clock.now();
    printLine(output, `${formatDuration(elapsedMs).padStart(6)}  ${line}`);
  };
  printLine(output, `waiting for ${request.image}, at most ${formatDuration(request.timeoutMs)}`);

  async function breakSilence(): Promise<void> {
    for (;;) {
      await clock.sleep(printedAt + maxSilenceMs - clock.now(), over.signal);
      if (over.signal.aborted) return;
      if (clock.now() - printedAt >= maxSilenceMs)
        print(clock.now() - startedAt, `still waiting: ${describeWait(last, failure)}`);
    }
  }
  void breakSilence();

  return {
    answered(answer, elapsedMs) {
      if (failure !== undefined) print(elapsedMs, 'the tracker answers again');
      failure = undefined;
      last = answer;
      const isFirst = states.size === 0;
      const gone = deletedWords(answer);
      if (answer.digest !== undefined && answer.image !== image) print(elapsedMs, `the image is ${answer.image}`);
      if (answer.digest !== undefined) image = answer.image;
      for (const region of answer.regions.filter(isOfInterest(answer))) {
        const before = states.get(region.region);
        const state = regionState(answer, region);
        states.set(region.region, state);
        // What is missing or deleted at first is on one line.
        const isOnLine = state.startsWith('missing') || (gone !== undefined && state === 'deleted');
        if (before === state || (before === undefined && isOnLine)) continue;
        const count = answer.asked.includes(region.region) ? countOf(answer) : words.notWaitedFor;
        print(elapsedMs, `${region.region}: ${describeRegion(answer, region)} (${count})`);
      }
      if (!isFirst || answer.missing.length === 0) return;
      print(elapsedMs, gone ?? `missing: ${missingWords(answer).join(', ')}`);
    },
    failed(latest, elapsedMs) {
      failure = latest;
      print(elapsedMs, `${latest.message}; asking again until ${formatDuration(request.timeoutMs)} are over`);
    },
    movedOn({ message }, elapsedMs) {
      if (failure === undefined) print(elapsedMs, `${message}; the next address answers`);
    },
    unknown(names, elapsedMs) {
      print(elapsedMs, describeUnknown(request.image, names));
    },
    finish() {
      over.abort();
    },
  };
}

function describeWait(answer: Answer | undefined, failure: Failure | undefined): string {
  if (failure !== undefined) return failure.message;
  if (answer === undefined) return 'no answer yet';
  if (answer.state === 'unknown') return `${words.unreported} ${answer.image}`;
  const gone = deletedWords(answer);
  if (gone !== undefined) return gone;
  return `in ${countOf(answer)}${listMissing(missingWords(answer))}`;
}

export function describeUnknown(image: string, names: readonly string[]): string {
  const nearest = names.length === 0 ? '' : `; the nearest names: ${names.join(', ')}`;
  return `${words.unreported} ${image} yet${nearest}`;
}

/** The required regions, and any other region that has reported something. */
export function isOfInterest(answer: Answer): (region: RegionAnswer) => boolean {
  return ({ region, state }) => answer.asked.includes(region) || state !== 'missing';
}
