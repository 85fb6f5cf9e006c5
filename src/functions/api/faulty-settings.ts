/**
 * The only route of an app whose settings are faulty: it reports the faults. Without it the host runs no function at
 * all, every route is an empty 404, and only the log of the start explains why.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import { httpHandler, json, noQuery } from '../http/http.ts';

/** @param faults `NAME: reason (got …)`; the route is public, so it shows only the names */
export function faultySettingsFunction(faults: readonly string[]): HttpFunctionOptions {
  const names = faults.map((fault) => fault.replace(/:.*$/s, ''));
  const checks = Object.fromEntries(names.map((name) => [name, 'failing']));
  return {
    methods: ['GET', 'HEAD'],
    authLevel: 'anonymous',
    route: 'api/health',
    handler: httpHandler(noQuery, function reportFaults() {
      return json(503, { status: 'failing', checks });
    }),
  };
}
