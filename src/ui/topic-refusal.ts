/** What the topic answered to the events that it has not accepted, in one sentence. */
import type { RefusedEvents } from '../core/image/refused-events.ts';
import { plural } from './format.ts';
import { lastAnswer, reasonIn } from './last-answer.ts';

export interface Undelivered {
  readonly status: 'pending' | 'published';
  readonly failedAttempts?: { readonly count: number; readonly lastAt: string; readonly lastError: string } | null;
}

const meanings: Readonly<Record<string, string>> = {
  400: '400, invalid',
  401: '401, the key or role of the app is not enough',
  403: '403, the key or role of the app is not enough',
  413: '413, too large',
  429: '429, too many requests',
};

export interface Refusal {
  readonly text: string;
  /** Of the last attempt, ISO 8601. */
  readonly lastAt: string;
}

/** @returns `undefined` if no attempt to publish a pending event has failed */
export function topicRefusal(events: readonly Undelivered[]): Refusal | undefined {
  const failed = events.flatMap(({ status, failedAttempts }) => (status === 'pending' ? (failedAttempts ?? []) : []));
  const [last] = failed.toSorted((a, b) => (a.lastAt < b.lastAt ? 1 : -1));
  if (last === undefined) return undefined;
  const attempts = Math.max(...failed.map(({ count }) => count));
  return {
    text: `The topic has not accepted ${refusedText({ events: failed.length, attempts, lastError: last.lastError })}`,
    lastAt: last.lastAt,
  };
}

/** `2 events: 401, the key or role of the app is not enough (Request must contain …), tried 4 times` */
export function refusedText({
  events,
  attempts,
  lastError,
}: Pick<RefusedEvents, 'events' | 'attempts' | 'lastError'>): string {
  const answer = lastAnswer(lastError);
  const reason = reasonIn(lastError);
  const why = `${meanings[answer] ?? answer}${reason === '' ? '' : ` (${reason})`}`;
  return `${plural(events, 'event')}: ${why}, tried ${attempts === 1 ? 'once' : `${attempts} times`}`;
}
