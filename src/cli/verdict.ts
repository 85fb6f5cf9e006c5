/**
 * The outcome of a wait in sentences: what, where, how long; after a failure, what is missing and what to do about it.
 */
import {
  countRegions,
  describeDeleted,
  describeSuperseded,
  describeTimedOut,
  listMissing,
} from '../core/image/wait-words.ts';
import { formatDuration } from '../core/runtime/format-duration.ts';
import type { Answer } from './document.ts';
import type { Failure } from './failure.ts';
import { deletedWords, missingWords } from './region-words.ts';
import type { WaitEnd } from './wait-for-image.ts';
import type { WaitRequest } from './wait-request.ts';

export interface Verdict {
  readonly isGood: boolean;
  /** Short, for a heading. */
  readonly title: string;
  /** One line. */
  readonly text: string;
  readonly hint: string | undefined;
}

const pushAgain = 'Push the image again, or wait for another one.';

export function verdictOn(end: WaitEnd, request: WaitRequest): Verdict {
  const { answer, outcome } = end;
  const after = `after ${formatDuration(end.elapsedMs)}`;
  const what = answer?.image ?? request.image;
  const progress = answer === undefined ? `nothing is known of ${what} yet` : describeProgress(answer);
  const isGood = outcome === 'satisfied';
  switch (outcome) {
    case 'satisfied':
      return { isGood, title: 'Image available', text: `${progress} ${after}`, hint: undefined };
    case 'timedOut':
      return {
        isGood,
        title: 'Image not available in time',
        text: describeTimedOut(end.elapsedMs, progress),
        hint: hintFor(answer, end),
      };
    case 'deleted':
      return {
        isGood,
        title: 'Image deleted',
        text: describeDeleted(what),
        hint: pushAgain,
      };
    case 'superseded':
      return {
        isGood,
        title: 'Image superseded',
        text: describeSuperseded(what, answer?.tag?.name ?? ''),
        hint: 'A newer push has replaced it. Deploy that one, or name the digest without the tag.',
      };
    case 'SIGINT':
    case 'SIGTERM':
      return {
        isGood,
        title: 'Wait interrupted',
        text: `interrupted ${after}: ${progress}`,
        hint: undefined,
      };
    default:
      return failureVerdict(end);
  }
}

/** The verdict where there was no usable answer, for one image or several. */
export function failureVerdict({ outcome, failure, elapsedMs }: Omit<WaitEnd, 'answer'>): Verdict {
  return {
    isGood: false,
    title: Object.hasOwn(titles, outcome) ? titles[outcome as keyof typeof titles] : titles.unexpected,
    text: failure?.message ?? 'the wait failed',
    hint:
      failure?.hint ??
      (outcome === 'unreachable'
        ? `No answer in ${formatDuration(elapsedMs)}. Is it running, and is --url or ACR_REPLICATION_URL right?`
        : undefined),
  };
}

export const titles = {
  refused: 'Tracker refused',
  unreachable: 'Tracker unreachable',
  badUsage: 'Bad usage',
  foreign: 'No tracker at this address',
  unexpected: 'Wait failed',
} as const satisfies Record<Failure['outcome'], string>;

export function countOf({ have, asked, needed }: Answer): string {
  return countRegions({ have, of: asked.length, needed });
}

function describeProgress(answer: Answer): string {
  const gone = deletedWords(answer);
  if (gone !== undefined) return `${answer.image} is ${gone}`;
  return `${answer.image} is in ${countOf(answer)}${answer.satisfied ? '' : listMissing(missingWords(answer))}`;
}

function hintFor(answer: Answer | undefined, { failure }: WaitEnd): string {
  if (failure !== undefined) return `At the end ${failure.message}.`;
  if (answer !== undefined && deletedWords(answer) !== undefined) return pushAgain;
  return answer?.state === 'unknown'
    ? 'No region has reported it. Check the reference and the push; `acr-replication replicas` shows whose webhook is silent.'
    : 'Wait longer with --timeout; `acr-replication replicas` shows how far behind each region usually is.';
}
