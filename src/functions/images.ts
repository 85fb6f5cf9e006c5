/** Lists images of one registry, newest first, a page at a time. */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import { parseListCursor, toListCursor } from '../core/list-cursor.ts';
import { listableStates } from '../core/listing.ts';
import { parseRepository, repositoryRule } from '../core/reference.ts';
import { describeUnknown } from '../core/requirement.ts';
import type { Tracker } from '../core/tracker.ts';
import { availabilityDocument } from './availability-document.ts';
import { httpHandler, json, readQuery } from './http.ts';
import { readInput, regionInput, textReadBy } from './input.ts';
import { readRegistry, refuse, registryQuery } from './question.ts';
import type { RouteDescription } from './route.ts';
import { named, noKey, refusals } from './route.ts';

const defaultLimit = 50;
const largestLimit = 500;
const cursorRule = 'must be the "next" of an earlier page of the same list, with the same filters';

const filterQuery = z.object({
  repository: textReadBy(parseRepository, repositoryRule).optional().meta({ description: 'Only of this repository.' }),
  state: z
    .enum(listableStates, `must be one of ${listableStates.join(', ')}`)
    .optional()
    .meta({ description: 'Only in this state. `delayed`: not everywhere, for longer than is usual.' }),
  region: regionInput.optional().meta({ description: 'Only what is in this region, or, with `missing`, what is not.' }),
  missing: z
    .enum(['true', 'false'], 'must be "true" or "false"')
    .default('false')
    .meta({ description: 'Only what is missing in `region`, or without it in any expected region.' }),
  limit: textReadBy(parseLimit, `must be a whole number from 1 to ${largestLimit}`).default(defaultLimit).meta({
    description: 'Images on one page.',
    type: 'integer',
    default: defaultLimit,
    minimum: 1,
    maximum: largestLimit,
  }),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,1000}$/, cursorRule)
    .optional()
    .meta({ description: 'The `next` of an earlier page with the same filters.' }),
});

const imageList = named('ImageList', () =>
  z.object({
    images: z.array(availabilityDocument()).describe('Newest first.'),
    next: z.string().nullable().describe('Where the next page starts; null after the last.'),
  }),
);

export function describeImages(): RouteDescription {
  return {
    operation: 'listImages',
    method: 'get',
    path: '/api/images',
    summary: 'Images of one registry, newest first, a page at a time',
    detail: 'With a filter that few images pass, a page may be short or empty and still have a `next`.',
    lock: 'functionKey',
    query: registryQuery.extend(filterQuery.shape),
    answers: { 200: { description: 'One page.', schema: imageList() }, ...refusals(400, 404, 503), ...noKey },
  };
}

export function imagesFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/images',
    handler: httpHandler(async function listImages(request) {
      const query = readQuery(request);
      const registry = readRegistry(query, tracker);
      if ('refusal' in registry) return registry.refusal;
      const filters = readInput(filterQuery, query);
      if ('refusal' in filters) return filters.refusal;
      const { repository, state, region, missing, limit, cursor: given } = filters.value;
      const list = { registry: registry.value, repository, state, region, missing: missing === 'true' };
      const cursor = given === undefined ? undefined : parseListCursor(given, list);
      if (given !== undefined && cursor === undefined) return refuse('cursor', cursorRule).refusal;
      const known = region === undefined ? [] : await tracker.regions(registry.value);
      // While no region is known, this one may be.
      if (region !== undefined && known.length > 0 && !known.includes(region)) {
        return refuse('region', describeUnknown(region, known)).refusal;
      }
      const { images, next } = await tracker.images({ ...list, limit, cursor });
      return json(200, { images, next: next === null ? null : toListCursor(next, list) });
    }),
  };
}

function parseLimit(text: string): number | undefined {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= largestLimit ? limit : undefined;
}
