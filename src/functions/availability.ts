/** Where is it, and may I pull now? Answered from what is stored, also for an image nobody has spoken of. */
import type { HttpFunctionOptions } from '@azure/functions';
import type { Tracker } from '../core/tracker.ts';
import { httpHandler, json, readQuery } from './http.ts';
import { readQuestion, readRequirement } from './question.ts';

export function availabilityFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/availability',
    handler: httpHandler(async function answerAvailability(request) {
      const query = readQuery(request);
      const question = readQuestion(query, tracker);
      if ('refusal' in question) return question.refusal;
      const requirement = await readRequirement(query, question.value.registry, tracker);
      if ('refusal' in requirement) return requirement.refusal;
      return json(200, await tracker.answer(question.value, requirement.value));
    }),
  };
}
