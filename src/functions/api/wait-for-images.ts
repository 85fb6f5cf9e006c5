/**
 * Holds the request until all of several images are in their required regions, one of them can no longer get there, or
 * the time is up. All share one deadline.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import type { Tracker } from '../../core/tracker.ts';
import { waitedImage } from '../../core/waiting/who-waits.ts';
import { imagesBody, readImagesBody, severalDocument } from '../documents/several-images.ts';
import { httpHandler, noQuery } from '../http/http.ts';
import type { Waits } from '../http/noted-wait.ts';
import { noted } from '../http/noted-wait.ts';
import type { RouteDescription } from '../http/route.ts';
import { noKey, refusals } from '../http/route.ts';
import { waitResponse } from '../http/wait-response.ts';
import { defaultTimeoutSeconds, maxTimeoutSeconds, readTimeout, timeoutRule } from './wait.ts';

/** An unset variable of a pipeline arrives as an empty text. */
const seconds = z
  .union([z.number(), z.string()], timeoutRule)
  .transform((value, context) => {
    const timeout = readTimeout(String(value).trim());
    if (timeout === undefined) context.addIssue({ code: 'custom', message: timeoutRule });
    return timeout ?? z.NEVER;
  })
  .nullish()
  .meta({
    description: `How long to hold the request, seconds from 0 to ${maxTimeoutSeconds}. Ask again to wait longer.`,
  });

const body = imagesBody.extend({ timeout: seconds });

export function describeWaitForImages(): RouteDescription {
  const document = (description: string) => ({ description, schema: severalDocument() });
  return {
    operation: 'waitForImages',
    method: 'post',
    path: '/api/wait',
    summary: 'Holds the request until all of the images are where they must be, or the time is up',
    detail: 'The same image named twice counts once.',
    auth: 'functionKey',
    body,
    answers: {
      200: document('The requirement is met for every image.'),
      202: { ...document('Not yet: ask again.'), headers: { 'retry-after': 'Seconds to wait before asking again.' } },
      409: document('The tag of one, asked for together with a digest, points at another digest everywhere.'),
      410: document('One has been deleted everywhere.'),
      ...refusals(400, 404, 413, 503),
      ...noKey,
    },
  };
}

export function waitForImagesFunction(tracker: Tracker, waits?: Waits): HttpFunctionOptions {
  return {
    methods: ['POST'],
    authLevel: 'function',
    route: 'api/wait',
    handler: httpHandler(noQuery, async function waitForImages(request) {
      const read = await readImagesBody(request, body, tracker);
      if ('refusal' in read) return read.refusal;
      const { asked, input } = read.value;
      const timeout = input.timeout ?? defaultTimeoutSeconds;
      const hold = () => tracker.waitForAll(asked, timeout * 1000);
      const { outcome, document } = await noted(waits, asked.map(waitedImage), timeout, hold);
      return waitResponse(outcome, document);
    }),
  };
}
