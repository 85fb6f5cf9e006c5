/** Deletes a release. Its images are not affected; a client that waits for it by name is answered 404. */
import type { HttpFunctionOptions } from '@azure/functions';
import type { Releases } from '../../core/releases/releases.ts';
import { noSuchRelease, readReleaseName, releaseParams } from '../documents/release-document.ts';
import { httpHandler, noQuery } from '../http/http.ts';
import type { RouteDescription } from '../http/route.ts';
import { noKey, refusals } from '../http/route.ts';

export function describeDeleteRelease(): RouteDescription {
  return {
    operation: 'deleteRelease',
    method: 'delete',
    path: '/api/releases/{name}',
    summary: 'Deletes a release, not its images',
    auth: 'functionKey',
    params: releaseParams,
    answers: { 204: { description: 'It is gone.' }, ...refusals(400, 404, 503), ...noKey },
  };
}

export function deleteReleaseFunction(releases: Pick<Releases, 'remove'>): HttpFunctionOptions {
  return {
    methods: ['DELETE'],
    authLevel: 'function',
    route: 'api/releases/{name}',
    handler: httpHandler(noQuery, async function deleteRelease(request) {
      const name = readReleaseName(request);
      if ('refusal' in name) return name.refusal;
      return (await releases.remove(name.value)) ? { status: 204 } : noSuchRelease(name.value);
    }),
  };
}
