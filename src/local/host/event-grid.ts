/**
 * The webhook that Event Grid subscriptions deliver to, `/runtime/webhooks/eventgrid`: the validation handshake, both
 * event schemas, one invocation per event. The answer covers the whole batch, so one failed event brings all of them
 * back; a stand-in that answered per event would hide that handlers must not mind repeats.
 */
import { isObject, type JsonObject, parseJson } from '../json.ts';
import { readBody } from '../read-body.ts';
import type { RegisteredFunction, RpcTypedData } from './core-types.ts';
import { findTrigger, isTriggeredBy } from './functions.ts';
import type { Exchange, Mount } from './http.ts';
import { sendEmpty, sendJson, sendText } from './http-response.ts';
import type { Invoker, Trigger } from './invocation.ts';
import { findKey, type HostKeys, isAllowed } from './keys.ts';

export interface EventGridOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly invoker: Invoker;
  readonly keys: HostKeys | undefined;
}

const MAX_BODY_BYTES = 2 * 1024 * 1024;

export function createEventGridMount({ functions, invoker, keys }: EventGridOptions): Mount {
  const targets = functions.filter(isTriggeredBy('eventgridtrigger'));

  async function deliver(
    target: RegisteredFunction,
    events: readonly JsonObject[],
    { response }: Exchange,
  ): Promise<void> {
    const { binding } = findTrigger(target.metadata);
    const isMany = typeof binding.cardinality === 'string' && binding.cardinality.toLowerCase() === 'many';
    const triggers = isMany ? [createBatchTrigger(events)] : events.map(createEventTrigger);
    const outcomes = await Promise.allSettled(triggers.map((trigger) => invoker.invoke(target, trigger)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return sendEmpty(response, 202);
    sendText(response, 500, failed.reason instanceof Error ? failed.reason.message : String(failed.reason));
  }

  async function handle(exchange: Exchange): Promise<void> {
    const { request, response, query } = exchange;
    const body = await readBody(request, MAX_BODY_BYTES);
    if (keys !== undefined && !isAllowed(findKey(request.headers, query), [keys.eventgrid, keys.master])) {
      return sendEmpty(response, 401);
    }
    if (request.method !== 'POST') return sendEmpty(response, 400);
    const name = query.get('functionName') ?? '';
    const target = targets.find(({ metadata }) => metadata.name === name);
    if (target === undefined) return sendText(response, 404, `cannot find function: '${name}'`);
    if (body === 'tooLarge') return sendEmpty(response, 413);
    const content = parseJson(body.toString('utf8'));
    switch (request.headersDistinct['aeg-event-type']?.[0]) {
      case 'SubscriptionValidation': {
        const code = readValidationCode(content);
        return code === undefined ? sendEmpty(response, 400) : sendJson(response, 200, { validationResponse: code });
      }
      case 'Notification': {
        const events = Array.isArray(content) ? content : [content];
        return events.every(isObject) ? deliver(target, events, exchange) : sendEmpty(response, 400);
      }
      case 'Unsubscribe':
        return sendEmpty(response, 202);
      default:
        return sendEmpty(response, 400);
    }
  }

  return { prefix: '/runtime/webhooks/eventgrid', handle };
}

/** Array for the Event Grid schema, one object for CloudEvents, whose `data` may be JSON in a text. */
function readValidationCode(content: unknown): string | undefined {
  const event: unknown = Array.isArray(content) ? content[0] : content;
  const data =
    isObject(event) && typeof event.data === 'string'
      ? parseJson(event.data)
      : isObject(event)
        ? event.data
        : undefined;
  return isObject(data) && typeof data.validationCode === 'string' ? data.validationCode : undefined;
}

export function createEventTrigger(event: JsonObject): Trigger {
  const metadata: Record<string, RpcTypedData> = {};
  for (const [name, value] of Object.entries(event)) {
    metadata[name] = typeof value === 'string' ? { string: value } : { json: JSON.stringify(value) };
  }
  return { data: { string: JSON.stringify(event, undefined, 2) }, metadata };
}

function createBatchTrigger(events: readonly JsonObject[]): Trigger {
  return { data: { collectionString: { string: events.map((event) => JSON.stringify(event, undefined, 2)) } } };
}
