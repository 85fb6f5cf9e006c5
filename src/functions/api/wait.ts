/**
 * Holds the request until the image is in its required regions, can no longer get there, or the time is up. The
 * platform cuts every response off after 230 seconds, so a client that wants to wait longer asks again.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import type { Tracker } from '../../core/tracker.ts';
import { waitedImage } from '../../core/waiting/who-waits.ts';
import { availabilityDocument } from '../documents/availability-document.ts';
import { httpHandler, readQuery } from '../http/http.ts';
import { readInput, textReadBy } from '../http/input.ts';
import type { Waits } from '../http/noted-wait.ts';
import { noted } from '../http/noted-wait.ts';
import { imageQuery, readQuestion, readRequirement, requirementQuery } from '../http/question.ts';
import type { RouteDescription } from '../http/route.ts';
import { noKey, refusals } from '../http/route.ts';
import { waitResponse } from '../http/wait-response.ts';

export const defaultTimeoutSeconds = 60;
export const maxTimeoutSeconds = 200;

export const timeoutRule = `must be a number of seconds from 0 to ${maxTimeoutSeconds}; ask again to wait longer`;
export const timeoutQuery = z.object({
  timeout: textReadBy(readTimeout, timeoutRule).default(defaultTimeoutSeconds).meta({
    description: 'How long the request waits at most, seconds. Ask again to wait longer.',
    type: 'number',
    default: defaultTimeoutSeconds,
    minimum: 0,
    maximum: maxTimeoutSeconds,
  }),
});

const query = imageQuery.extend({ ...requirementQuery.shape, ...timeoutQuery.shape });

export function describeWait(): RouteDescription {
  const document = (description: string) => ({ description, schema: availabilityDocument() });
  return {
    operation: 'waitForImage',
    method: 'get',
    path: '/api/wait',
    summary: 'Holds the request until the image is where it must be, or the time is up',
    auth: 'functionKey',
    query,
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

export function waitFunction(tracker: Tracker, waits?: Waits): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/wait',
    handler: httpHandler(query, async function waitForImage(request) {
      const given = readQuery(request);
      const question = readQuestion(given, tracker);
      if ('refusal' in question) return question.refusal;
      const requirement = await readRequirement(given, question.value.registry, tracker);
      if ('refusal' in requirement) return requirement.refusal;
      const input = readInput(timeoutQuery, given);
      if ('refusal' in input) return input.refusal;

      const { timeout } = input.value;
      const hold = () => tracker.wait(question.value, requirement.value, timeout * 1000);
      const waited = waitedImage({ question: question.value, requirement: requirement.value });
      const { outcome, document } = await noted(waits, [waited], timeout, hold);
      return waitResponse(outcome, document);
    }),
  };
}

/** An empty text counts as not given, as with the regions: it is an unset variable. */
export function readTimeout(text: string): number | undefined {
  return text === '' ? defaultTimeoutSeconds : parseTimeout(text);
}

function parseTimeout(text: string): number | undefined {
  const seconds = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return seconds >= 0 && seconds <= maxTimeoutSeconds ? seconds : undefined;
}
