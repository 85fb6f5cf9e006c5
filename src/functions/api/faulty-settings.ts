/**
 * What an app answers whose settings are faulty: nothing but why. Without it the host runs with no function at all, every
 * route is an empty 404, and only the log of the start says more.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import { httpHandler, json, noQuery } from '../http/http.ts';

/** @param faults `NAME: reason (got …)`; the names alone are shown to anybody */
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
