/** Which registries are tracked here: what a page or a command line can ask about without being told. */
import type { HttpFunctionOptions } from '@azure/functions';
import type { Registry } from '../core/registry.ts';
import { httpHandler, json } from './http.ts';

export function registriesFunction(registries: readonly Registry[]): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/registries',
    handler: httpHandler(function listRegistries() {
      return json(200, { registries: registries.map(({ name, loginServer }) => ({ name, loginServer })) });
    }),
  };
}
