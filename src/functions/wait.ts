/**
 * Holds the request until the image is where it must be, or can no longer come there, or the time is up. The platform
 * cuts every response off after 230 seconds, so the caller asks again rather than waiting longer.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import type { Tracker, WaitResult } from '../core/tracker.ts';
import { availabilityDocument } from './availability-document.ts';
import { httpHandler, json, readQuery } from './http.ts';
import { readInput, textReadBy } from './input.ts';
import { imageQuery, readQuestion, readRequirement, requirementQuery } from './question.ts';
import type { RouteDescription } from './route.ts';
import { noKey, refusals } from './route.ts';

const defaultTimeoutSeconds = 60;
const longestTimeoutSeconds = 200;

const timeoutRule = `must be a number of seconds from 0 to ${longestTimeoutSeconds}; ask again to wait longer`;
const timeoutQuery = z.object({
  timeout: textReadBy(parseTimeout, timeoutRule).default(defaultTimeoutSeconds).meta({
    description: 'How long to hold the request, seconds. Ask again to wait longer.',
    type: 'number',
    default: defaultTimeoutSeconds,
    minimum: 0,
    maximum: longestTimeoutSeconds,
  }),
});

export function describeWait(): RouteDescription {
  const document = (description: string) => ({ description, schema: availabilityDocument() });
  return {
    operation: 'waitForImage',
    method: 'get',
    path: '/api/wait',
    summary: 'Holds the request until the image is where it must be, or the time is up',
    lock: 'functionKey',
    query: imageQuery.extend({ ...requirementQuery.shape, ...timeoutQuery.shape }),
    answers: {
      200: document('The requirement is met.'),
      202: { ...document('Not yet: ask again.'), headers: { 'retry-after': 'Seconds to wait before asking again.' } },
      409: document('A tag asked for together with a digest points at another digest everywhere.'),
      410: document('The digest has been deleted everywhere.'),
      ...refusals(400, 404, 503),
      ...noKey,
    },
  };
}

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
      const input = readInput(timeoutQuery, query);
      if ('refusal' in input) return input.refusal;

      const { timeout } = input.value;
      const { outcome, document } = await tracker.wait(question.value, requirement.value, timeout * 1000);
      return json(statusByOutcome[outcome], document, outcome === 'waiting' ? { 'retry-after': '1' } : {});
    }),
  };
}

function parseTimeout(text: string): number | undefined {
  const seconds = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return seconds >= 0 && seconds <= longestTimeoutSeconds ? seconds : undefined;
}
