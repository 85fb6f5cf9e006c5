/**
 * The webhook that Event Grid subscriptions deliver to, `/runtime/webhooks/eventgrid`: both validation handshakes, both
 * event schemas, one invocation per event. The answer covers the whole batch, so one failed event makes Event Grid send
 * all of them again; a stand-in that answered per event would hide that handlers must tolerate repeats. The extension
 * throws on unexpected input, which its caller sees as a 500.
 * Source: HttpRequestProcessor and EventGridExtensionConfigProvider in azure-sdk-for-net.
 */
import { isObject, type JsonObject, parseJson } from '../json.ts';
import { readBody } from '../read-body.ts';
import type { RegisteredFunction, RpcTypedData } from './core-types.ts';
import type { Extension } from './extensions.ts';
import { findTrigger, isTriggeredBy } from './functions.ts';
import type { Exchange } from './http.ts';
import { sendEmpty, sendText } from './http-response.ts';
import type { Invoker, Trigger } from './invocation.ts';
import { findParameter } from './keys.ts';

export interface EventGridOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly invoker: Invoker;
}

const MAX_BODY_BYTES = 2 * 1024 * 1024;

export function createEventGridExtension({ functions, invoker }: EventGridOptions): Extension {
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
    const isAccepted = outcomes.every((outcome) => outcome.status === 'fulfilled');
    if (isAccepted) return sendEmpty(response, 202);
    // The name of the function, not the error: that is in the log.
    sendText(response, 500, `Exception while executing function: Functions.${target.metadata.name}`);
  }

  async function handle(exchange: Exchange): Promise<void> {
    const { request, response, query } = exchange;
    const body = await readBody(request, MAX_BODY_BYTES);
    const name = findParameter(query, 'functionName') ?? '';
    const target = targets.find(({ metadata }) => metadata.name === name);
    if (target === undefined) return sendText(response, 404, `cannot find function: '${name}'`);
    if (request.method === 'OPTIONS') {
      response.writeHead(200, { 'webhook-allowed-origin': 'eventgrid.azure.net', 'content-length': 0 }).end();
      return undefined;
    }
    if (body === 'tooLarge') return sendEmpty(response, 413);
    const content = parseJson(body.toString('utf8'));
    switch (request.headersDistinct['aeg-event-type']?.[0]?.toLowerCase()) {
      case 'subscriptionvalidation': {
        const code = readValidationCode(content);
        if (code === undefined) return sendEmpty(response, 500);
        return sendText(response, 200, JSON.stringify({ validationResponse: code }));
      }
      case 'notification': {
        const events = Array.isArray(content) ? content : [content];
        return events.every(isObject) ? deliver(target, events, exchange) : sendEmpty(response, 500);
      }
      case 'unsubscribe':
        return sendEmpty(response, 202);
      default:
        return sendEmpty(response, 400);
    }
  }

  return { name: 'eventgrid', handle };
}

/** An array in the Event Grid schema, one object for CloudEvents, whose `data` may be JSON in a string. */
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
