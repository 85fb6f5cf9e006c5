/**
 * Creates a release, or a new revision of it. Sending the same content again changes nothing, so a pipeline may repeat
 * its step.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import { formatReference } from '../../core/model/reference.ts';
import type { Asked } from '../../core/query/ask.ts';
import type { ReleaseContent } from '../../core/releases/release.ts';
import type { Releases } from '../../core/releases/releases.ts';
import type { Tracker } from '../../core/tracker.ts';
import { answerRelease, readReleaseName, releaseDocument, releaseParams } from '../documents/release-document.ts';
import { imagesBody, readImagesBody } from '../documents/several-images.ts';
import { httpHandler, json, noQuery } from '../http/http.ts';
import type { RouteDescription } from '../http/route.ts';
import { noKey, refusals } from '../http/route.ts';

export function describePutRelease(): RouteDescription {
  return {
    operation: 'putRelease',
    method: 'put',
    path: '/api/releases/{name}',
    summary: 'Creates or revises a release: images that can be waited for under one name',
    detail:
      'The same content again changes nothing, whatever the order of the images; other images, regions, artifacts or platforms are the next revision.',
    auth: 'functionKey',
    params: releaseParams,
    body: imagesBody,
    answers: {
      200: { description: 'It exists already: as it is now.', schema: releaseDocument() },
      201: { description: 'There was none.', schema: releaseDocument() },
      ...refusals(400, 404, 413, 503),
      ...noKey,
    },
  };
}

export function putReleaseFunction(tracker: Tracker, releases: Pick<Releases, 'put'>): HttpFunctionOptions {
  return {
    methods: ['PUT'],
    authLevel: 'function',
    route: 'api/releases/{name}',
    handler: httpHandler(noQuery, async function putRelease(request, context) {
      const name = readReleaseName(request);
      if ('refusal' in name) return name.refusal;
      const read = await readImagesBody(request, imagesBody, tracker);
      if ('refusal' in read) return read.refusal;
      const { outcome, found } = await releases.put(name.value, contentOf(read.value.asked));
      if (found.kind === 'evaluated')
        context.info(`release ${name.value} ${outcome}, revision ${found.release.revision}`);
      return answerRelease(name.value, found, (document) => json(outcome === 'created' ? 201 : 200, document));
    }),
  };
}

/** Normalized: a regional login server or an omitted tag does not make the content different. */
function contentOf(asked: readonly Asked[]): ReleaseContent {
  const images = asked.map(({ question: { registry, ...rest } }) =>
    formatReference({ registry: registry.loginServer, ...rest }),
  );
  const { requirement, question } = asked[0] ?? {};
  const { isForEveryExpected, regions = [], require = 'all' } = requirement ?? {};
  const { artifacts = [], platforms = [] } = question ?? {};
  return {
    images: [...new Set(images)],
    regions: isForEveryExpected === true ? null : regions,
    require,
    ...(artifacts.length > 0 ? { artifacts } : {}),
    ...(platforms.length > 0 ? { platforms } : {}),
  };
}
