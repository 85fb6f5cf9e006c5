/** `GET /api/availability` for several images: where they are, and whether all can be pulled now. */
import type { HttpFunctionOptions } from '@azure/functions';
import type { Tracker } from '../../core/tracker.ts';
import { imagesBody, readImagesBody, severalDocument } from '../documents/several-images.ts';
import { httpHandler, json, noQuery } from '../http/http.ts';
import type { RouteDescription } from '../http/route.ts';
import { noKey, refusals } from '../http/route.ts';

export function describeAvailabilityOfImages(): RouteDescription {
  return {
    operation: 'answerAvailabilityOfImages',
    method: 'post',
    path: '/api/availability',
    summary: 'Where are these images, and may I pull all of them now?',
    detail:
      'Answered from stored data, also for images that no region has reported. The same image named twice counts once.',
    auth: 'functionKey',
    body: imagesBody,
    answers: {
      200: { description: 'The answer.', schema: severalDocument() },
      ...refusals(400, 404, 413, 503),
      ...noKey,
    },
  };
}

export function availabilityOfImagesFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['POST'],
    authLevel: 'function',
    route: 'api/availability',
    handler: httpHandler(noQuery, async function answerAvailabilityOfImages(request) {
      const read = await readImagesBody(request, imagesBody, tracker);
      if ('refusal' in read) return read.refusal;
      return json(200, (await tracker.answerAll(read.value.asked)).document);
    }),
  };
}
