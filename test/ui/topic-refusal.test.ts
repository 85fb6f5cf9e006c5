/** What the topic answered to the events that it has not accepted. */
import { expect, test } from 'vitest';
import { topicRefusal } from '../../src/ui/topic-refusal.ts';

const failed = (count: number, second: number, lastError: string) =>
  ({ status: 'pending', failedAttempts: { count, lastAt: `2026-06-01T12:00:0${second}.000Z`, lastError } }) as const;

test('the last answer counts, with its meaning, and the event that was tried most often', () => {
  const events = [
    failed(1, 3, 'invalid: Event Grid topic (400)'),
    failed(4, 2, 'unavailable: Event Grid topic (503)'),
    { ...failed(9, 9, 'x'), status: 'published' as const },
    { status: 'pending', failedAttempts: null } as const,
  ];
  expect(topicRefusal(events)).toEqual({
    text: 'The topic has not accepted 2 events: 400, invalid, tried 4 times',
    lastAt: '2026-06-01T12:00:03.000Z',
  });
  const reason = failed(2, 1, 'unauthorized: Event Grid topic (401): Request must contain aeg-sas-key');
  expect(topicRefusal([reason])?.text).toBe(
    'The topic has not accepted 1 event: 401, the key or role of the app is not enough (Request must contain aeg-sas-key), tried 2 times',
  );
  expect(topicRefusal(events.slice(2))).toBeUndefined();
  expect(topicRefusal([failed(1, 1, 'a strange answer')])?.text).toMatch(/1 event: a strange answer, tried once$/);
});
