/**
 * `GET /api/availability`: where an image is, and whether it can be pulled now. Answered from the tables, also for an
 * image that no event has mentioned.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import type { Tracker } from '../../core/tracker.ts';
import { availabilityDocument } from '../documents/availability-document.ts';
import { httpHandler, json, readQuery } from '../http/http.ts';
import { imageQuery, readQuestion, readRequirement, requirementQuery } from '../http/question.ts';
import type { RouteDescription } from '../http/route.ts';
import { noKey, refusals } from '../http/route.ts';

const query = imageQuery.extend(requirementQuery.shape);

export function describeAvailability(): RouteDescription {
  return {
    operation: 'answerAvailability',
    method: 'get',
    path: '/api/availability',
    summary: 'Where is it, and may I pull now?',
    detail: 'Answered from what is stored. An image that no region has reported has the state `unknown`.',
    auth: 'functionKey',
    query,
    answers: {
      200: { description: 'The answer.', schema: availabilityDocument() },
      ...refusals(400, 404, 503),
      ...noKey,
    },
  };
}

export function availabilityFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/availability',
    handler: httpHandler(query, async function answerAvailability(request) {
      const given = readQuery(request);
      const question = readQuestion(given, tracker);
      if ('refusal' in question) return question.refusal;
      const requirement = await readRequirement(given, question.value.registry, tracker);
      if ('refusal' in requirement) return requirement.refusal;
      return json(200, await tracker.answer(question.value, requirement.value));
    }),
  };
}
