/** What the topic answered to the events that it has not accepted, in one sentence. */
import { plural } from './format.ts';
import { lastAnswer } from './last-answer.ts';

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
  const answer = lastAnswer(last.lastError);
  const tried = Math.max(...failed.map(({ count }) => count));
  const times = tried === 1 ? 'once' : `${tried} times`;
  return {
    text: `The topic has not accepted ${plural(failed.length, 'event')}: ${meanings[answer] ?? answer}, tried ${times}`,
    lastAt: last.lastAt,
  };
}
