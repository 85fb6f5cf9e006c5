/**
 * Accepts Azure Monitor's alerts about the registry service. The sender retries on 503 and on little else, so a storage
 * failure is answered with 503, and an alert about something else with 200.
 */

import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import { parseHealthAlert } from '../../core/ingest/health-alert.ts';
import type { Registry } from '../../core/model/registry.ts';
import { findRegistryByName } from '../../core/model/registry.ts';
import type { HealthEventLog } from '../../core/ports.ts';
import { quote } from '../../core/runtime/parsed.ts';
import { httpHandler, json, noQuery } from '../http/http.ts';
import { readJsonBody } from '../http/json-body.ts';
import { badRequest, problemResponse } from '../http/problem.ts';
import type { RouteDescription } from '../http/route.ts';
import { named, refusals } from '../http/route.ts';
import { webhookAuth } from '../http/webhook-secret.ts';

interface ServiceHealthDeps {
  readonly registries: readonly Registry[];
  readonly secrets: readonly string[];
  readonly health: HealthEventLog;
  now(): number;
}

const maxBody = 256 * 1024;

const alertOutcome = named('AlertOutcome', () => z.object({ outcome: z.enum(['recorded', 'ignored']) }));

export function describeServiceHealth(): RouteDescription {
  return {
    operation: 'takeHealthAlert',
    method: 'post',
    path: '/api/service-health/{registry}',
    summary: "Accepts Azure Monitor's alerts about the registry service",
    auth: 'webhookSecretOrPassword',
    params: z.object({ registry: z.string().describe("The registry's name in the settings.") }),
    body: z.looseObject({ schemaId: z.string().optional() }).describe('An alert in the common alert schema.'),
    answers: {
      200: { description: 'Stored, or about something else.', schema: alertOutcome() },
      ...refusals(400, 401, 404, 413, 503),
    },
  };
}

export function serviceHealthFunction(deps: ServiceHealthDeps): HttpFunctionOptions {
  const auth = webhookAuth(deps.secrets);
  return {
    methods: ['POST'],
    // The webhook secret authenticates it.
    authLevel: 'anonymous',
    route: 'api/service-health/{registry}',
    handler: httpHandler(noQuery, async function takeHealthAlert(request, context) {
      const given = request.headers.get('authorization');
      // An action group sends no custom header, but turns a password in its URL into this one.
      if (!auth.accepts(given) && !auth.acceptsBasic(given)) {
        const detail =
          'The Authorization header must be "Bearer" and one of the webhook secrets, or "Basic" with one as password.';
        return problemResponse(401, detail, {
          headers: { 'www-authenticate': 'Bearer, Basic realm="service-health"' },
        });
      }
      const name = request.params.registry ?? '';
      const registry = findRegistryByName(deps.registries, name);
      if (registry === undefined) return problemResponse(404, `Registry ${quote(name)} is not tracked here.`);
      const body = await readJsonBody(request, maxBody, 'an alert in the common alert schema');
      if ('refusal' in body) return body.refusal;
      const alert = parseHealthAlert(body.value, deps.now());
      if (!alert.ok) return badRequest(alert.problems);
      if (alert.value.kind === 'ignored') {
        context.info(`service health alert ignored for ${registry.name}: ${alert.value.reason}`);
        return json(200, { outcome: 'ignored' });
      }
      const { event } = alert.value;
      const noted = await deps.health.note(registry.name, event);
      const where = event.isEverywhere ? 'everywhere' : event.regions.join(', ');
      context.info(
        `service health ${event.trackingId} ${event.isOpen ? 'open' : 'over'} ${noted} ${registry.name}: ${where}`,
      );
      return json(200, { outcome: noted === 'recorded' ? 'recorded' : 'ignored' });
    }),
  };
}
