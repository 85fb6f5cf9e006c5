/** Progress of several images for logs: one line for each change, and one a minute while nothing changes. */

import { listMissing } from '../core/image/wait-words.ts';
import type { Clock } from '../core/ports.ts';
import { formatDuration } from '../core/runtime/format-duration.ts';
import type { Output } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { Answer } from './document.ts';
import { deletedWords, missingWords } from './region-words.ts';
import type { SeveralAnswer } from './several-document.ts';
import { countImages, describeTogether, labeller, nameRequest } from './several-document.ts';
import { countOf } from './verdict.ts';
import type { Progress } from './wait-loop.ts';
import type { SeveralRequest } from './wait-request.ts';

export interface SeveralProgress extends Progress<SeveralAnswer> {
  unknown(line: string, elapsedMs: number): void;
}

const maxSilenceMs = 60_000;

export function plainSeveral(output: Output, request: SeveralRequest, clock: Clock): SeveralProgress {
  const { timeoutMs } = request;
  const before = new Map<number, string>();
  const over = new AbortController();
  const startedAt = clock.now();
  let printedAt = startedAt;
  let state = 'no answer yet';
  let isFailing = false;
  const print = (elapsedMs: number, line: string) => {
    printedAt = clock.now();
    printLine(output, `${formatDuration(elapsedMs).padStart(6)}  ${line}`);
  };
  printLine(output, `waiting for ${nameRequest(request)}, at most ${formatDuration(timeoutMs)}`);

  async function breakSilence(): Promise<void> {
    while (!over.signal.aborted) {
      await clock.sleep(printedAt + maxSilenceMs - clock.now(), over.signal);
      const isSilent = clock.now() - printedAt >= maxSilenceMs;
      if (isSilent && !over.signal.aborted) print(clock.now() - startedAt, `still waiting: ${state}`);
    }
  }
  void breakSilence();

  return {
    answered(answer, elapsedMs) {
      if (isFailing) print(elapsedMs, 'the tracker answers again');
      isFailing = false;
      state = describeTogether(answer);
      const label = labeller(answer.images);
      for (const [i, image] of answer.images.entries()) {
        const line = describeImage(image);
        if (before.get(i) !== line) print(elapsedMs, `${label(image)}: ${line} (${countImages(answer)})`);
        before.set(i, line);
      }
    },
    failed({ message }, elapsedMs) {
      isFailing = true;
      state = message;
      print(elapsedMs, `${message}; asking again until ${formatDuration(timeoutMs)} are over`);
    },
    movedOn({ message }, elapsedMs) {
      if (!isFailing) print(elapsedMs, `${message}; the next address answers`);
    },
    unknown: (line, elapsedMs) => print(elapsedMs, line),
    finish() {
      over.abort();
    },
  };
}

function describeImage(answer: Answer): string {
  const gone = deletedWords(answer);
  if (gone !== undefined) return gone;
  const where = `in ${countOf(answer)}`;
  return answer.satisfied ? where : `${where}${listMissing(missingWords(answer))}`;
}
