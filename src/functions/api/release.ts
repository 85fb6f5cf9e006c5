/** Whether every image of a release is in its required regions. */
import type { HttpFunctionOptions } from '@azure/functions';
import type { Releases } from '../../core/releases/releases.ts';
import { answerRelease, readReleaseName, releaseDocument, releaseParams } from '../documents/release-document.ts';
import { httpHandler, json, noQuery } from '../http/http.ts';
import type { RouteDescription } from '../http/route.ts';
import { noKey, refusals } from '../http/route.ts';

export function describeRelease(): RouteDescription {
  return {
    operation: 'answerRelease',
    method: 'get',
    path: '/api/releases/{name}',
    summary: 'Is every image of this release where it must be?',
    detail: 'Answered from what is stored.',
    auth: 'functionKey',
    params: releaseParams,
    answers: {
      200: { description: 'The answer.', schema: releaseDocument() },
      ...refusals(400, 404, 503),
      ...noKey,
    },
  };
}

export function releaseFunction(releases: Pick<Releases, 'read'>): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/releases/{name}',
    handler: httpHandler(noQuery, async function answerAboutRelease(request) {
      const name = readReleaseName(request);
      if ('refusal' in name) return name.refusal;
      return answerRelease(name.value, await releases.read(name.value), (document) => json(200, document));
    }),
  };
}
