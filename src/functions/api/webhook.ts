/**
 * Receives one webhook event from one replica. The registry sends it once and gives up after five seconds, so the
 * answer is sent before that, and is 2xx only once the event is stored durably.
 */

import type { HttpFunctionOptions, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import * as z from 'zod';
import type { ReceiveOutcome } from '../../core/ingest/ingest.ts';
import type { DeliveryOutcome } from '../../core/ingest/instruments.ts';
import { deliveries } from '../../core/ingest/instruments.ts';
import { describeReceived, toReceived } from '../../core/ingest/to-received.ts';
import { parseWebhookEvent, webhookEnvelope, webhookTarget } from '../../core/ingest/webhook-event.ts';
import { measuredRegion } from '../../core/model/measured-region.ts';
import type { Region } from '../../core/model/region.ts';
import type { Registry } from '../../core/model/registry.ts';
import { findRegistryByName } from '../../core/model/registry.ts';
import type { Received } from '../../core/ports.ts';
import { describeError, UpstreamError } from '../../core/runtime/errors.ts';
import { quote } from '../../core/runtime/parsed.ts';
import type { Span, Telemetry } from '../../core/runtime/telemetry.ts';
import { parseTraceParent } from '../../core/runtime/trace-parent.ts';
import type { Tracker } from '../../core/tracker.ts';
import { httpHandler, json, noQuery } from '../http/http.ts';
import { readInput, regionInput } from '../http/input.ts';
import { readJsonBody } from '../http/json-body.ts';
import { badRequest, problemResponse } from '../http/problem.ts';
import type { RouteDescription } from '../http/route.ts';
import { named, refusals } from '../http/route.ts';
import type { WebhookAuth } from '../http/webhook-secret.ts';
import { webhookAuth } from '../http/webhook-secret.ts';

const maxBody = 256 * 1024;
const regionParam = z.object({ region: regionInput.meta({ description: "The replica's region." }) });

const webhookOutcome = named('WebhookOutcome', () =>
  z.object({
    outcome: z
      .enum(['recorded', 'duplicate', 'outdated', 'ignored', 'pong', 'deferred'])
      .describe('`duplicate`: nothing new. `outdated`: older than what that region already said.'),
    warning: z.string().optional().describe('No replica is expected in that region; names those that are.'),
  }),
);

export function describeWebhook(): RouteDescription {
  return {
    operation: 'receiveWebhook',
    method: 'post',
    path: '/api/webhooks/{registry}/{region}',
    summary: "Receives one event from the webhook of one region's replica",
    detail: 'Other fields are ignored, and so is any action but `push`, `delete` and `ping`.',
    auth: 'webhookSecret',
    params: z.object({ registry: z.string().describe("The registry's name in the settings."), ...regionParam.shape }),
    body: webhookEnvelope.extend({ target: webhookTarget.partial().optional() }),
    answers: {
      200: { description: 'Stored, or nothing to store.', schema: webhookOutcome() },
      202: { description: 'Stored in a queue until the tables answer again.', schema: webhookOutcome() },
      ...refusals(400, 401, 404, 413, 503),
    },
  };
}

interface WebhookAnswer {
  readonly response: HttpResponseInit;
  readonly outcome: DeliveryOutcome;
  /** `undefined` where the request was refused before they were known. */
  readonly registry?: Registry;
  readonly region?: Region;
}

export interface WebhookDeps {
  readonly tracker: Tracker;
  readonly secrets: readonly string[];
  readonly now: () => number;
  /** Called with the id of each ping that arrives. */
  readonly onPing: (id: string) => void;
  readonly telemetry: Telemetry;
}

export function webhookFunction(deps: WebhookDeps): HttpFunctionOptions {
  const { telemetry } = deps;
  const auth = webhookAuth(deps.secrets);
  return {
    methods: ['POST'],
    // The registry would show a function key in its delivery log; the secret authenticates it.
    authLevel: 'anonymous',
    route: 'api/webhooks/{registry}/{region}',
    handler: httpHandler(noQuery, async function receiveWebhook(request, context) {
      const parent = parseTraceParent(context.traceContext?.traceParent);
      const work = async (span: Span) => {
        const answer = await receiveEvent(deps, auth, request, context);
        note(deps, span, answer);
        return answer.response;
      };
      return telemetry.span('receive webhook', {}, work, parent);
    }),
  };
}

async function receiveEvent(
  { tracker, now, onPing }: WebhookDeps,
  auth: WebhookAuth,
  request: HttpRequest,
  context: InvocationContext,
): Promise<WebhookAnswer> {
  const receivedAt = now();
  if (!auth.accepts(request.headers.get('authorization'))) {
    return refused(
      problemResponse(401, 'The Authorization header must be "Bearer" and one of the webhook secrets.', {
        headers: { 'www-authenticate': 'Bearer' },
      }),
    );
  }
  const registry = findRegistryByName(tracker.registries, request.params.registry ?? '');
  if (registry === undefined) {
    return refused(problemResponse(404, `Registry ${quote(request.params.registry ?? '')} is not tracked here.`));
  }
  const input = readInput(regionParam, (name) => request.params[name]);
  if ('refusal' in input) return refused(input.refusal, { registry });
  const { region } = input.value;
  const place = { registry, region };
  const body = await readJsonBody(request, maxBody, 'a webhook event');
  if ('refusal' in body) return refused(body.refusal, place);
  const event = parseWebhookEvent(body.value);
  if (!event.ok) return refused(badRequest(event.problems), place);

  const warning = tracker.webhookSeen(registry, region);
  if (event.value.action === 'ping') {
    onPing(event.value.id);
    return { ...place, ...answered('pong', warning) };
  }
  if (event.value.action === 'other') {
    context.info(`ignored ${quote(event.value.name)} from ${registry.name} ${region}`);
    return { ...place, ...answered('ignored', warning) };
  }
  const received = toReceived(event.value, { ...place, receivedAt, evidence: 'webhook' });
  return { ...place, ...(await storeOrAnswer503(tracker, received, context, warning)) };
}

function note({ tracker, telemetry }: WebhookDeps, span: Span, { outcome, registry, region }: WebhookAnswer): void {
  // A refused request may carry made-up names, so only known ones become attributes of the metric.
  const name = registry?.name ?? 'other';
  const known =
    registry === undefined || region === undefined ? 'other' : measuredRegion(tracker.replicaSet(registry), region);
  telemetry.measure(deliveries, 1, { registry: name, region: known, source: 'webhook', outcome });
  span.set({ 'acr_replication.registry': name, 'acr_replication.region': known, 'acr_replication.outcome': outcome });
}

function refused(response: HttpResponseInit, place: Pick<WebhookAnswer, 'registry' | 'region'> = {}): WebhookAnswer {
  return { ...place, response, outcome: 'refused' };
}

function answered(outcome: ReceiveOutcome | 'pong' | 'ignored', warning: string | undefined): WebhookAnswer {
  const body = warning === undefined ? { outcome } : { outcome, warning };
  return { response: json(outcome === 'deferred' ? 202 : 200, body), outcome };
}

async function storeOrAnswer503(
  tracker: Tracker,
  received: Received,
  context: InvocationContext,
  warning: string | undefined,
): Promise<WebhookAnswer> {
  const { kind, subject, region } = describeReceived(received);
  try {
    const outcome = await tracker.receive(received);
    context.info(`${kind} ${outcome} ${subject} ${region}`);
    return answered(outcome, warning);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    // The registry will not send it again: it can only be recovered from the webhook's delivery log.
    context.error(`webhook not stored: ${kind} ${subject} ${region}: ${describeError(error)}`);
    const response = problemResponse(503, 'The event could not be stored. Send it again.', {
      headers: { 'retry-after': '5' },
    });
    return { response, outcome: 'failed' };
  }
}
