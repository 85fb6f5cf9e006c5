/** What was told about an image, when, and whether the topic has taken it. */
import type { HttpFunctionOptions } from '@azure/functions';
import { formatReference } from '../core/reference.ts';
import type { Tracker } from '../core/tracker.ts';
import { httpHandler, json, readQuery } from './http.ts';
import { readQuestion } from './question.ts';

export function eventsFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/events',
    handler: httpHandler(async function listEvents(request) {
      const question = readQuestion(readQuery(request), tracker);
      if ('refusal' in question) return question.refusal;
      const { registry: place, ...asked } = question.value;
      const registry = place.loginServer;
      const told = await tracker.events(question.value);
      if (told === undefined) return json(200, { image: formatReference({ ...asked, registry }), events: [] });
      const { repository, digest } = told.name;
      return json(200, {
        image: formatReference({ registry, repository, digest, tag: undefined }),
        events: told.events.map(({ event, publishedAt }) => ({
          id: event.id,
          source: event.source,
          type: event.type,
          subject: event.subject,
          time: event.time,
          generation: event.data.generation,
          ...(event.data.region === undefined ? {} : { region: event.data.region }),
          status: publishedAt === null ? 'pending' : 'published',
          publishedAt: publishedAt === null ? null : new Date(publishedAt).toISOString(),
        })),
      });
    }),
  };
}
