/**
 * Holds the request until the image is where it must be, or can no longer come there, or the time is up. The platform
 * cuts every response off after 230 seconds, so the caller asks again rather than waiting longer.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import type { Tracker, WaitResult } from '../core/tracker.ts';
import { httpHandler, json, readQuery } from './http.ts';
import { readQuestion, readRequirement, refuse } from './question.ts';

const defaultTimeoutSeconds = 60;
const longestTimeoutSeconds = 200;

const statusByOutcome: Record<WaitResult['outcome'], number> = {
  satisfied: 200,
  waiting: 202,
  superseded: 409,
  deleted: 410,
};

export function waitFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/wait',
    handler: httpHandler(async function waitForImage(request) {
      const query = readQuery(request);
      const question = readQuestion(query, tracker);
      if ('refusal' in question) return question.refusal;
      const requirement = await readRequirement(query, question.value.registry, tracker);
      if ('refusal' in requirement) return requirement.refusal;
      const timeout = readTimeout(query('timeout'));
      if ('refusal' in timeout) return timeout.refusal;

      const { outcome, document } = await tracker.wait(question.value, requirement.value, timeout.value * 1000);
      return json(statusByOutcome[outcome], document, outcome === 'waiting' ? { 'retry-after': '1' } : {});
    }),
  };
}

function readTimeout(text: string | undefined) {
  if (text === undefined) return { value: defaultTimeoutSeconds };
  const seconds = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 0 && seconds <= longestTimeoutSeconds) return { value: seconds };
  return refuse('timeout', `must be a number of seconds from 0 to ${longestTimeoutSeconds}; ask again to wait longer`);
}
