/**
 * Creates, changes and reads webhooks through ARM. It works on the webhooks that the sender calls, so that a webhook
 * created here is called from then on, and one disabled here is not.
 */
import { randomUUID } from 'node:crypto';
import { formatDeliveries, formatWebhook } from './arm-shapes.ts';
import type { Incoming } from './stand-in-server.ts';
import { formatTimestamp } from './timestamp.ts';
import type { Webhook } from './webhook.ts';
import type { Sender } from './webhook-sender.ts';

export interface ArmWebhooks {
  webhooks: Map<string, Webhook>;
  sender: Sender;
  regions: () => string[];
  now: () => number;
  eventsPageSize: number;
}

/** The status and the body of the answer; a text instead of a body is an error code. */
export type Result = [status: number, document: object | string];

/** @param id the registry's resource id */
export function answerWebhooks(
  state: ArmWebhooks,
  id: string,
  name: string,
  action: string,
  incoming: Incoming,
): Result {
  const webhook = state.webhooks.get(name);
  const { method } = incoming;
  if (name === '') {
    return method === 'GET'
      ? [200, { value: [...state.webhooks.values()].map((each) => formatWebhook(id, each)) }]
      : [405, 'MethodNotAllowed'];
  }
  if (action === '' && method === 'PUT') return putWebhook(state, id, name, incoming.body);
  if (webhook === undefined) return [method === 'DELETE' ? 204 : 404, 'ResourceNotFound'];
  switch (`${method} ${action}`) {
    case 'GET ':
      return [200, formatWebhook(id, webhook)];
    case 'PATCH ':
      return patchWebhook(id, webhook, incoming.body);
    case 'DELETE ':
      state.webhooks.delete(name);
      return [200, {}];
    case 'POST getCallbackConfig':
      return [200, { serviceUri: webhook.serviceUri, customHeaders: webhook.customHeaders }];
    case 'POST listEvents': {
      // The API links to the next page, but answers POST to it with 405: clients follow it with GET.
      const next = `${incoming.url.href}&skip=${state.eventsPageSize}`;
      return [200, formatDeliveries(webhook.deliveries, state.eventsPageSize, next)];
    }
    case 'POST ping': {
      const eventId = randomUUID();
      void state.sender.ping(webhook, eventId, formatTimestamp(state.now(), 0));
      return [200, { id: eventId }];
    }
    default:
      return [405, 'MethodNotAllowed'];
  }
}

function putWebhook({ webhooks, regions }: ArmWebhooks, id: string, name: string, body: string): Result {
  if (!/^[a-zA-Z0-9]{5,50}$/.test(name)) return [400, 'InvalidResourceName'];
  const { location, properties } = readBody(body);
  const known = webhooks.get(name);
  const region = typeof location === 'string' ? location.toLowerCase().replaceAll(' ', '') : '';
  const { serviceUri, actions } = properties;
  if (!regions().includes(region)) return [400, 'LocationNotAvailable'];
  if (known !== undefined && known.location !== region) return [409, 'InvalidResourceLocation'];
  if (typeof serviceUri !== 'string' || !URL.canParse(serviceUri) || !Array.isArray(actions))
    return [400, 'InvalidRequest'];
  const blank: Webhook = {
    ...{ name, location: region, serviceUri, customHeaders: {}, status: 'enabled', scope: '', actions: [] },
    deliveries: known?.deliveries ?? [],
  };
  const webhook = applyProperties(blank, properties);
  webhooks.set(name, webhook);
  return [known === undefined ? 201 : 200, formatWebhook(id, webhook)];
}

function patchWebhook(id: string, webhook: Webhook, body: string): Result {
  return [200, formatWebhook(id, Object.assign(webhook, applyProperties(webhook, readBody(body).properties)))];
}

/** Applies well-formed properties; null and malformed ones leave a property as it was. */
function applyProperties(webhook: Webhook, given: Record<string, unknown>): Webhook {
  const { serviceUri, customHeaders, status, scope, actions } = given;
  return {
    ...webhook,
    ...(typeof serviceUri === 'string' ? { serviceUri } : {}),
    ...(customHeaders !== null && typeof customHeaders === 'object'
      ? { customHeaders: Object.fromEntries(Object.entries(customHeaders).map(([key, value]) => [key, String(value)])) }
      : {}),
    ...(status === 'enabled' || status === 'disabled' ? { status } : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
    ...(Array.isArray(actions) ? { actions: actions.map(String) } : {}),
  };
}

function readBody(body: string): { location: unknown; properties: Record<string, unknown> } {
  const document: { location?: unknown; properties?: Record<string, unknown> } = JSON.parse(body || '{}');
  return { location: document.location, properties: document.properties ?? {} };
}
