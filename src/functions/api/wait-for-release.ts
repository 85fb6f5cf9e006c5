/**
 * Holds the request until every image of a release is in its required regions, one of them can no longer get there, or
 * the time is up.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import type { Releases } from '../../core/releases/releases.ts';
import { answerRelease, readReleaseName, releaseDocument, releaseParams } from '../documents/release-document.ts';
import { httpHandler, readQuery } from '../http/http.ts';
import { readInput } from '../http/input.ts';
import type { Waits } from '../http/noted-wait.ts';
import { noted } from '../http/noted-wait.ts';
import type { RouteDescription } from '../http/route.ts';
import { noKey, refusals } from '../http/route.ts';
import { waitResponse } from '../http/wait-response.ts';
import { timeoutQuery } from './wait.ts';

export function describeWaitForRelease(): RouteDescription {
  const document = (description: string) => ({ description, schema: releaseDocument() });
  return {
    operation: 'waitForRelease',
    method: 'get',
    path: '/api/releases/{name}/wait',
    summary: 'Holds the request until every image of the release is where it must be, or the time is up',
    detail: 'If the release gets a new revision meanwhile, the request waits for that one.',
    auth: 'functionKey',
    params: releaseParams,
    query: timeoutQuery,
    answers: {
      200: document('Every image is where it must be.'),
      202: { ...document('Not yet: ask again.'), headers: { 'retry-after': 'Seconds to wait before asking again.' } },
      409: document('The tag of one, asked for together with a digest, points at another digest everywhere.'),
      410: document('One has been deleted everywhere.'),
      ...refusals(400, 404, 503),
      ...noKey,
    },
  };
}

export function waitForReleaseFunction(releases: Pick<Releases, 'wait'>, waits?: Waits): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/releases/{name}/wait',
    handler: httpHandler(timeoutQuery, async function waitForRelease(request) {
      const name = readReleaseName(request);
      if ('refusal' in name) return name.refusal;
      const input = readInput(timeoutQuery, readQuery(request));
      if ('refusal' in input) return input.refusal;
      const { timeout } = input.value;
      const waited = { kind: 'release', name: name.value, registry: null } as const;
      const found = await noted(waits, [waited], timeout, () => releases.wait(name.value, timeout * 1000));
      return answerRelease(name.value, found, (document, { result }) => waitResponse(result.outcome, document));
    }),
  };
}
