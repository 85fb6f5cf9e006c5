import { describeDeleted, describeSuperseded, describeTimedOut } from '../core/image/wait-words.ts';
import { formatDuration } from '../core/runtime/format-duration.ts';
import { buildReport } from './build-system.ts';
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { exitCodes } from './exit-codes.ts';
import { nearestNames } from './nearest-names.ts';
import { describeUnknown } from './plain-progress.ts';
import { deletedWords } from './region-words.ts';
import type { SeveralAnswer } from './several-document.ts';
import { describeTogether, nameRequest, readSeveral } from './several-document.ts';
import type { SeveralProgress } from './several-progress.ts';
import { plainSeveral } from './several-progress.ts';
import { painter } from './terminal.ts';
import type { Connection } from './tracker-client.ts';
import { trackerClient } from './tracker-client.ts';
import type { Verdict } from './verdict.ts';
import { failureVerdict } from './verdict.ts';
import { logging, watching } from './wait.ts';
import type { WaitEnd } from './wait-loop.ts';
import { waitFor } from './wait-loop.ts';
import type { SeveralRequest } from './wait-request.ts';

export interface SeveralOptions {
  readonly output: 'text' | 'json';
  /** Set where lines can be rewritten in place. */
  readonly live?: ((request: SeveralRequest, cliContext: CliContext) => Promise<SeveralProgress>) | undefined;
}

const maxSuggestions = 3;

export async function waitForSeveral(
  request: SeveralRequest,
  connection: Connection,
  { output, live }: SeveralOptions,
  cliContext: CliContext,
): Promise<number> {
  const { release, images, regions, require, artifacts, platforms, timeoutMs } = request;
  const { stdout, stderr, environment, clock } = cliContext;
  const progress = live === undefined ? plainSeveral(stderr, request, clock) : await live(request, cliContext);
  const build = buildReport(cliContext);
  const client = trackerClient(connection, cliContext);
  const isUnknown = (answer: SeveralAnswer) => answer.images.some(({ state }) => state === 'unknown');
  const end = await waitFor(
    {
      ask: (timeout, limitMs) =>
        release === undefined
          ? client.post('api/wait', { images, regions, require, artifacts, platforms, timeout }, limitMs)
          : client.get(`api/releases/${release}/wait`, { timeout: String(timeout) }, limitMs),
      read: readSeveral,
      isUnknown,
      async suggest(answer, elapsedMs) {
        for (const { image } of answer.images.filter(({ state }) => state === 'unknown').slice(0, maxSuggestions)) {
          progress.unknown(describeUnknown(image, await nearestNames(image, client)), elapsedMs());
        }
      },
    },
    timeoutMs,
    client,
    cliContext,
    progress,
    live === undefined ? logging : watching,
  );
  progress.finish();
  const verdict = verdictOnSeveral(end, request);
  if (output === 'json' && end.answer !== undefined) printLine(stdout, JSON.stringify(end.answer.document));
  if (output === 'text' || !verdict.isGood) {
    const target = output === 'text' && end.answer !== undefined ? stdout : stderr;
    printLine(target, painter(target, environment)(verdict.isGood ? 'green' : 'red', verdict.text));
    if (verdict.hint !== undefined) printLine(stderr, verdict.hint);
  }
  await build.finish(verdict, end.answer?.images ?? [], end.answer?.state);
  return exitCodes[end.outcome];
}

export function verdictOnSeveral(end: WaitEnd<SeveralAnswer>, request: SeveralRequest): Verdict {
  const { answer, outcome } = end;
  const after = `after ${formatDuration(end.elapsedMs)}`;
  const isGood = outcome === 'satisfied';
  const progress = answer === undefined ? nameRequest(request) : describeTogether(answer);
  switch (outcome) {
    case 'satisfied':
      return { isGood, title: 'Images available', text: `${progress} ${after}`, hint: undefined };
    case 'timedOut': {
      const hint = end.failure === undefined ? hintFor(answer) : `At the end ${end.failure.message}.`;
      return { isGood, title: 'Images not available in time', text: describeTimedOut(end.elapsedMs, progress), hint };
    }
    case 'deleted':
    case 'superseded': {
      const title = outcome === 'deleted' ? 'Image deleted' : 'Image superseded';
      const text = `${describeEnded(answer, outcome)}; ${progress}`;
      return { isGood, title, text, hint: 'Push it again, or wait for another one.' };
    }
    case 'SIGINT':
    case 'SIGTERM':
      return { isGood, title: 'Wait interrupted', text: `interrupted ${after}: ${progress}`, hint: undefined };
    default:
      return failureVerdict(end);
  }
}

function hintFor(answer: SeveralAnswer | undefined): string {
  const isAnyDeleted = answer?.images.some((one) => deletedWords(one) !== undefined) === true;
  return isAnyDeleted
    ? 'Push what is deleted again, or wait for another image.'
    : 'Wait longer with --timeout; `acr-replication replicas` shows how far behind each region usually is.';
}

/** Described by the first image that ended. */
function describeEnded(answer: SeveralAnswer | undefined, outcome: 'deleted' | 'superseded'): string {
  const image = answer?.ended.find((one) => one.outcome === outcome)?.image ?? '';
  const tag = answer?.images.find((one) => one.image === image)?.tag;
  return outcome === 'deleted' ? describeDeleted(image) : describeSuperseded(image, tag?.name ?? '');
}
