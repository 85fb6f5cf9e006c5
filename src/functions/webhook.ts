/**
 * The door: takes one webhook event from one replica. The registry tries once and gives up after five seconds, so the
 * answer always comes before, and says 2xx only once the event is stored where it cannot be lost.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpFunctionOptions, HttpRequest, InvocationContext } from '@azure/functions';
import { WorldError } from '../core/errors.ts';
import { quote } from '../core/parsed.ts';
import type { Delivery } from '../core/ports.ts';
import type { Region } from '../core/region.ts';
import { parseRegion, regionRule } from '../core/region.ts';
import type { Registry } from '../core/registry.ts';
import { findRegistryByName } from '../core/registry.ts';
import type { Tracker } from '../core/tracker.ts';
import type { ImageEvent } from '../core/webhook-event.ts';
import { parseWebhookEvent } from '../core/webhook-event.ts';
import { httpHandler, json } from './http.ts';
import { badRequest, problemResponse } from './problem.ts';

const largestBody = 256 * 1024;

export function webhookFunction(tracker: Tracker, secrets: readonly string[], now: () => number): HttpFunctionOptions {
  return {
    methods: ['POST'],
    // The registry can send no function key without showing it in its delivery log; the secret below is the lock.
    authLevel: 'anonymous',
    route: 'webhooks/{registry}/{region}',
    handler: httpHandler(async function receiveWebhook(request, context) {
      const receivedAt = now();
      if (!isAuthorized(request.headers.get('authorization'), secrets)) {
        return problemResponse(401, 'The Authorization header must be "Bearer" and one of the webhook secrets.', {
          headers: { 'www-authenticate': 'Bearer' },
        });
      }
      const registry = findRegistryByName(tracker.registries, request.params.registry ?? '');
      if (registry === undefined) {
        return problemResponse(404, `Registry ${quote(request.params.registry ?? '')} is not tracked here.`);
      }
      const region = parseRegion(request.params.region);
      if (region === undefined) return badRequest([{ field: 'region', reason: regionRule }]);
      const body = await readBody(request);
      if ('refusal' in body) return body.refusal;
      const event = parseWebhookEvent(body.value);
      if (!event.ok) return badRequest(event.problems);

      tracker.heard(registry, region);
      if (event.value.action === 'ping') return json(200, { outcome: 'pong' });
      if (event.value.action === 'other') {
        context.info(`ignored ${quote(event.value.name)} from ${registry.name} ${region}`);
        return json(200, { outcome: 'ignored' });
      }
      return record(tracker, toDelivery(event.value, registry, region, receivedAt), context);
    }),
  };
}

async function record(tracker: Tracker, delivery: Delivery, context: InvocationContext) {
  const { name, fact } = delivery;
  try {
    const outcome = await tracker.receive(delivery);
    context.info(`${fact.kind} ${outcome} ${name.registry}/${name.repository}@${name.digest} ${fact.region}`);
    return json(outcome === 'deferred' ? 202 : 200, { outcome });
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    return problemResponse(503, 'The event could not be stored. Send it again.', { headers: { 'retry-after': '5' } });
  }
}

function toDelivery(event: ImageEvent, registry: Registry, region: Region, receivedAt: number): Delivery {
  const { action: kind, repository, digest, eventTime, tag, mediaType } = event;
  return {
    name: { registry: registry.name, repository, digest },
    fact: { region, kind, eventTime, receivedAt, evidence: 'webhook', tag, mediaType },
  };
}

/**
 * Any one of the secrets, so that it can be changed region by region. Hashed first: equal lengths are what the
 * constant-time comparison needs, and all are compared so that the time does not tell which one was near.
 */
function isAuthorized(header: string | null, secrets: readonly string[]): boolean {
  const [, given] = /^bearer +(.+)$/i.exec(header ?? '') ?? [];
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const matches = secrets.filter((secret) => timingSafeEqual(hash(secret), hash(given ?? '')));
  return given !== undefined && matches.length > 0;
}

async function readBody(request: HttpRequest) {
  const tooLarge = { refusal: problemResponse(413, `A webhook event has at most ${largestBody} bytes.`) };
  if (Number(request.headers.get('content-length') ?? 0) > largestBody) return tooLarge;
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > largestBody) return tooLarge;
  if (bytes.byteLength === 0) {
    const reason = 'must be a webhook event as JSON, sent with Content-Length (the host drops chunked bodies)';
    return { refusal: badRequest([{ field: 'body', reason }]) };
  }
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown };
  } catch {
    return { refusal: badRequest([{ field: 'body', reason: 'must be JSON' }]) };
  }
}
