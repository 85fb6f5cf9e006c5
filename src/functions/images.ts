/** Lists images of one registry, newest first, a page at a time. */
import type { HttpFunctionOptions } from '@azure/functions';
import type { ImageQuery } from '../core/listing.ts';
import { listableStates } from '../core/listing.ts';
import { parseRepository, repositoryRule } from '../core/reference.ts';
import { parseRegion, regionRule } from '../core/region.ts';
import type { Tracker } from '../core/tracker.ts';
import { httpHandler, json, readQuery } from './http.ts';
import { readRegistry, refuse } from './question.ts';

const defaultLimit = 50;
const largestLimit = 500;

export function imagesFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/images',
    handler: httpHandler(async function listImages(request) {
      const query = readQuery(request);
      const registry = readRegistry(query, tracker);
      if ('refusal' in registry) return registry.refusal;
      const filters = readFilters(query);
      if ('refusal' in filters) return filters.refusal;
      return json(200, await tracker.images({ registry: registry.value, ...filters.value }));
    }),
  };
}

function readFilters(query: (name: string) => string | undefined) {
  const repositoryText = query('repository');
  const repository = repositoryText === undefined ? undefined : parseRepository(repositoryText);
  if (repositoryText !== undefined && repository === undefined) return refuse('repository', repositoryRule);

  const stateText = query('state');
  const state = listableStates.find((known) => known === stateText);
  if (stateText !== undefined && state === undefined)
    return refuse('state', `must be one of ${listableStates.join(', ')}`);

  const regionText = query('region');
  const region = regionText === undefined ? undefined : parseRegion(regionText);
  if (regionText !== undefined && region === undefined) return refuse('region', regionRule);

  const missingText = query('missing') ?? 'false';
  if (missingText !== 'true' && missingText !== 'false') return refuse('missing', 'must be "true" or "false"');

  const limitText = query('limit') ?? String(defaultLimit);
  const limit = /^\d{1,4}$/.test(limitText) ? Number(limitText) : 0;
  if (limit < 1 || limit > largestLimit) return refuse('limit', `must be a whole number from 1 to ${largestLimit}`);

  const cursor = query('cursor');
  if (cursor !== undefined && !/^[A-Za-z0-9_-]{1,1000}$/.test(cursor)) {
    return refuse('cursor', 'must be the "next" of an earlier page');
  }
  const value: Omit<ImageQuery, 'registry'> = {
    repository,
    state,
    region,
    missing: missingText === 'true',
    limit,
    cursor,
  };
  return { value };
}
