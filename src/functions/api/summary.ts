/** The number of images in each state, from stored counts: one read, however many images there are. */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import type { Tracker } from '../../core/tracker.ts';
import { httpHandler, json, readQuery } from '../http/http.ts';
import { readRegistry, registryQuery } from '../http/question.ts';
import type { RouteDescription } from '../http/route.ts';
import { instant, named, noKey, refusals } from '../http/route.ts';

const number = (description: string) => z.int().min(0).describe(description);
const delayed = number(
  'Images that are replicating for longer than is usual; those that are being deleted do not count.',
);

const summaryDocument = named('Summary', () =>
  z.object({
    images: z
      .object({
        available: number('In every expected region.'),
        replicating: number('Not in every expected region yet.'),
        deleting: number('Deleted in some region, and not in all.'),
        deleted: number('Deleted in all regions that had them; forgotten later.'),
      })
      .describe('Each image counts once.'),
    delayed,
    divergedTags: number('Tags that some region resolves to another digest than the newest.'),
    unpublished: number('Images with an event that was sent, and that the topic has not accepted.'),
    regions: z
      .array(
        z.object({
          region: z.string(),
          available: number('Images that are there.'),
          missing: number(
            'Images that are in some region, and not in this one, which is expected to have them. Without images that are being deleted.',
          ),
          delayed,
          divergedTags: number('Tags that this region resolves to another digest than the newest.'),
        }),
      )
      .describe('Alphabetical: every expected region, and every other that has an image.'),
    asOf: instant().nullable().describe('When the counts last changed; null before the first image.'),
  }),
);

export function describeSummary(): RouteDescription {
  return {
    operation: 'summarizeImages',
    method: 'get',
    path: '/api/summary',
    summary: 'How many images a registry has in each state',
    detail: 'Counted seconds after each change; after a crash within minutes.',
    auth: 'functionKey',
    query: registryQuery,
    answers: { 200: { description: 'The counts.', schema: summaryDocument() }, ...refusals(400, 404, 503), ...noKey },
  };
}

export function summaryFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/summary',
    handler: httpHandler(registryQuery, async function summarizeImages(request) {
      const registry = readRegistry(readQuery(request), tracker);
      if ('refusal' in registry) return registry.refusal;
      return json(200, await tracker.summary(registry.value));
    }),
  };
}
