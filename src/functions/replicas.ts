/** How each replica of a registry is doing: expected or not, last heard of, how far behind, what is missing there. */
import type { HttpFunctionOptions } from '@azure/functions';
import type { Tracker } from '../core/tracker.ts';
import { httpHandler, json, readQuery } from './http.ts';
import { readRegistry } from './question.ts';

export function replicasFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/replicas',
    handler: httpHandler(async function reportReplicas(request) {
      const registry = readRegistry(readQuery(request), tracker);
      return 'refusal' in registry ? registry.refusal : json(200, await tracker.replicas(registry.value));
    }),
  };
}
