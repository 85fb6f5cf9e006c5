/** Lists images of one registry, newest first, a page at a time. */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import { listOrders } from '../../core/catalogue/ports.ts';
import { maxSearchLength, parseSearch } from '../../core/catalogue/search.ts';
import { parseRepository, repositoryRule } from '../../core/model/reference.ts';
import { describeUnknown } from '../../core/model/requirement.ts';
import { listableStates } from '../../core/query/list-images.ts';
import { parseListCursor, toListCursor } from '../../core/query/page-token.ts';
import type { Tracker } from '../../core/tracker.ts';
import { availabilityDocument } from '../documents/availability-document.ts';
import { httpHandler, json, readQuery } from '../http/http.ts';
import { readInput, regionInput, textReadBy } from '../http/input.ts';
import { readRegistry, refuse, registryQuery } from '../http/question.ts';
import type { RouteDescription } from '../http/route.ts';
import { named, noKey, refusals } from '../http/route.ts';

const defaultLimit = 50;
const maxLimit = 500;
const cursorRule = 'must be the "next" of an earlier page of the same list, with the same filters';

const filterQuery = z.object({
  repository: textReadBy(parseRepository, repositoryRule).optional().meta({ description: 'Only of this repository.' }),
  state: z
    .enum(listableStates, `must be one of ${listableStates.join(', ')}`)
    .optional()
    .meta({
      description:
        'Only in this state. `delayed`: replicating for longer than is usual. `deleting`: deleted in some regions, and still in others. `diverged`: the newest digest of a tag that some regions still resolve to another one. `unpublished`: an event was sent, and the topic has not accepted it.',
    }),
  region: regionInput.optional().meta({ description: 'Only what is in this region, or, with `missing`, what is not.' }),
  missing: z
    .enum(['true', 'false'], 'must be "true" or "false"')
    .default('false')
    .meta({ description: 'Only what is missing in `region`, or without it in any expected region.' }),
  q: z.string().max(maxSearchLength, `must have at most ${maxSearchLength} characters`).optional().meta({
    description: "Part of a repository's name or of a tag, the beginning of a digest, or a reference in any form.",
  }),
  sort: z
    .enum(listOrders, `must be one of ${listOrders.join(', ')}`)
    .default('newest')
    .meta({
      description:
        '`lag`: what is not everywhere first, the longest waiting first; then by the time between the first region and the last. `name`: by repository. Of more than 300 images of one `repository`, or found by `q` in no such order, the newest come first.',
    }),
  members: z
    .enum(['true', 'false'], 'must be "true" or "false"')
    .default('false')
    .meta({ description: 'Also the manifests that an index lists. By default only the index is listed.' }),
  limit: textReadBy(parseLimit, `must be a whole number from 1 to ${maxLimit}`).default(defaultLimit).meta({
    description: 'Images on one page.',
    type: 'integer',
    default: defaultLimit,
    minimum: 1,
    maximum: maxLimit,
  }),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,1000}$/, cursorRule)
    .optional()
    .meta({ description: 'The `next` of an earlier page with the same filters.' }),
});

const query = registryQuery.extend(filterQuery.shape);

const listedImage = () =>
  availabilityDocument().extend({
    divergedTags: z
      .array(z.object({ tag: z.string(), regions: z.array(z.string()) }))
      .optional()
      .describe('Tags whose newest digest this is, each with the expected regions that resolve it to another digest.'),
    unpublished: z
      .object({
        events: z.number().int().min(1).describe('How many events.'),
        attempts: z.number().int().min(1).describe('Of the event that was tried most often.'),
        lastAt: z.iso.datetime().describe('When the last attempt was.'),
        lastError: z.string().describe('The last answer, for people.'),
      })
      .optional()
      .describe('Events that the topic has not accepted. Left out if there are none.'),
  });

const imageList = named('ImageList', () =>
  z.object({
    images: z.array(listedImage()).describe('In the order asked for; the newest first by default.'),
    next: z.string().nullable().describe('Where the next page starts; null after the last.'),
  }),
);

export function describeImages(): RouteDescription {
  return {
    operation: 'listImages',
    method: 'get',
    path: '/api/images',
    summary: 'Images of one registry, a page at a time',
    detail: 'With a filter that few images meet, a page may be short or empty and still have a `next`.',
    auth: 'functionKey',
    query,
    answers: { 200: { description: 'One page.', schema: imageList() }, ...refusals(400, 404, 503), ...noKey },
  };
}

export function imagesFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/images',
    handler: httpHandler(query, async function listImages(request) {
      const sent = readQuery(request);
      const registry = readRegistry(sent, tracker);
      if ('refusal' in registry) return registry.refusal;
      const filters = readInput(filterQuery, sent);
      if ('refusal' in filters) return filters.refusal;
      const { repository, state, region, missing, q, sort, members, limit, cursor: given } = filters.value;
      const search = q === undefined || q.trim() === '' ? undefined : parseSearch(q, registry.value);
      // No image can have such a name.
      if (search === undefined && q !== undefined && q.trim() !== '') return json(200, { images: [], next: null });
      const list = {
        registry: registry.value,
        repository,
        state,
        region,
        missing: missing === 'true',
        search,
        sort,
        members: members === 'true',
      };
      const cursor = given === undefined ? undefined : parseListCursor(given, list);
      if (given !== undefined && cursor === undefined) return refuse('cursor', cursorRule).refusal;
      const known = region === undefined ? [] : await tracker.regions(registry.value);
      // While no region is known, any region may exist.
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
  return limit >= 1 && limit <= maxLimit ? limit : undefined;
}
