/** How a wait ended, in words: what, where, how long; and when it failed, what is missing and what to do about it. */
import type { Answer } from './document.ts';
import { formatDuration } from './duration.ts';
import type { WaitEnd } from './wait-for-image.ts';
import type { WaitRequest } from './wait-request.ts';

export interface Verdict {
  readonly isGood: boolean;
  /** A few words. */
  readonly title: string;
  /** One line. */
  readonly text: string;
  readonly hint: string | undefined;
}

export function verdictOn(end: WaitEnd, request: WaitRequest): Verdict {
  const { answer, failure, outcome } = end;
  const after = `after ${formatDuration(end.elapsedMs)}`;
  const what = answer?.image ?? request.image;
  const where = answer === undefined ? '' : `in ${countOf(answer)}`;
  const isGood = outcome === 'satisfied';
  switch (outcome) {
    case 'satisfied':
      return { isGood, title: 'Image available', text: `${what} is ${where} ${after}`, hint: undefined };
    case 'timedOut':
      return {
        isGood,
        title: 'Image not available in time',
        text: `timed out ${after}: ${what} is ${where}${missingOf(answer)}`,
        hint: hintFor(answer, end),
      };
    case 'deleted':
      return {
        isGood,
        title: 'Image deleted',
        text: `deleted: ${what} is gone from every replica that had it`,
        hint: 'Push the image again, or wait for another one.',
      };
    case 'superseded':
      return {
        isGood,
        title: 'Image superseded',
        text: `superseded: the tag of ${request.image} points at another digest everywhere`,
        hint: 'A newer push has won. Deploy that one, or name the digest without the tag.',
      };
    case 'SIGINT':
    case 'SIGTERM':
      return {
        isGood,
        title: 'Wait interrupted',
        text: `interrupted ${after}: ${answer === undefined ? `nothing is known of ${what} yet` : `${what} is ${where}`}${missingOf(answer)}`,
        hint: undefined,
      };
    default:
      return {
        isGood,
        title: titles[outcome] ?? 'Wait failed',
        text: failure?.message ?? 'the wait failed',
        hint:
          failure?.hint ??
          (outcome === 'unreachable'
            ? `No answer in ${formatDuration(end.elapsedMs)}. Is it running, and is --url or ACR_REPLICATION_URL right?`
            : undefined),
      };
  }
}

const titles: Partial<Record<WaitEnd['outcome'], string>> = {
  refused: 'Tracker refused',
  unreachable: 'Tracker unreachable',
  badUsage: 'Question not understood',
  foreign: 'No tracker at this address',
};

/** `3 of 4 regions`, and how many would do where that is not all of them. */
export function countOf({ have, asked, needed }: Answer): string {
  const regions = `${have} of ${asked.length} ${asked.length === 1 ? 'region' : 'regions'}`;
  return needed < asked.length ? `${regions}, ${needed} needed` : regions;
}

function missingOf(answer: Answer | undefined): string {
  return answer === undefined || answer.missing.length === 0 ? '' : `; missing: ${answer.missing.join(', ')}`;
}

function hintFor(answer: Answer | undefined, { failure }: WaitEnd): string {
  if (failure !== undefined) return `At the end ${failure.message}.`;
  return answer?.state === 'unknown'
    ? 'No region has reported it. Check the reference and the push; `acr-replication replicas` shows whose webhook is silent.'
    : 'Wait longer with --timeout; `acr-replication replicas` shows how far behind each region usually is.';
}
