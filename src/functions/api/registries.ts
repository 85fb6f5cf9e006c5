/** Lists the tracked registries, so that the page and the command need no configuration of their own. */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import type { Registry } from '../../core/model/registry.ts';
import { httpHandler, json, noQuery } from '../http/http.ts';
import type { RouteDescription } from '../http/route.ts';
import { named, noKey, refusals } from '../http/route.ts';

const registryList = named('RegistryList', () =>
  z.object({ registries: z.array(z.object({ name: z.string(), loginServer: z.string() })) }),
);

export function describeRegistries(): RouteDescription {
  return {
    operation: 'listRegistries',
    method: 'get',
    path: '/api/registries',
    summary: 'The registries that are tracked here',
    auth: 'functionKey',
    answers: { 200: { description: 'All of them.', schema: registryList() }, ...refusals(400), ...noKey },
  };
}

export function registriesFunction(registries: readonly Registry[]): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/registries',
    handler: httpHandler(noQuery, function listRegistries() {
      return json(200, { registries: registries.map(({ name, loginServer }) => ({ name, loginServer })) });
    }),
  };
}
