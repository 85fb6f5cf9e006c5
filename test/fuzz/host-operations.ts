/**
 * The addresses that the local host serves itself, described by hand: they are on the same port as the app, so a client
 * that reaches one reaches the other, and a fault in one ends both.
 */
import type { Authentication, JsonSchema, Operation } from './description.ts';

const text: JsonSchema = { type: 'string' };
const loose = (properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
});

const registryEvent = loose(
  {
    id: text,
    eventType: { type: 'string', enum: ['Microsoft.ContainerRegistry.ImagePushed', 'ImageDeleted'] },
    topic: text,
    source: text,
    subject: text,
    eventTime: { type: 'string', format: 'date-time' },
    dataVersion: text,
    data: loose({
      id: text,
      timestamp: { type: 'string', format: 'date-time' },
      action: { type: 'string', enum: ['push', 'delete'] },
      location: text,
      target: loose({ digest: text, repository: text, tag: text, mediaType: text }),
      request: loose({ host: text }),
      validationCode: text,
    }),
  },
  ['eventType', 'topic', 'data'],
);

const toolCall = loose(
  {
    jsonrpc: { type: 'string', enum: ['2.0'] },
    id: { anyOf: [{ type: 'integer' }, text] },
    method: { type: 'string', enum: ['tools/call', 'tools/list', 'initialize', 'ping'] },
    params: loose({
      name: { type: 'string', enum: ['image_availability'] },
      protocolVersion: text,
      arguments: loose({ image: text, regions: text, require: text }, ['image']),
    }),
  },
  ['jsonrpc', 'id', 'method', 'params'],
);

const header = (name: string, values: string[]) =>
  ({ name, in: 'header', required: true, schema: { type: 'string', enum: values } }) as const;
const functionName = {
  name: 'functionName',
  in: 'query',
  required: true,
  schema: { type: 'string', enum: ['registryEvents'] },
} as const;
const oneOf = (name: string, values: string[]) =>
  ({ name, in: 'path', required: true, schema: { type: 'string', enum: values } }) as const;

/**
 * 400, 404 and 431 are the web server's own and may come everywhere. The extensions throw on unexpected input, on Azure
 * as here: an empty 500.
 */
function own(
  method: string,
  path: string,
  authentication: Authentication,
  hostStatuses: number[],
  more: Partial<Operation> = {},
): Operation {
  return { route: `${method} ${path}`, method, path, authentication, parameters: [], hostStatuses, ...more };
}

export const hostOperations: readonly Operation[] = [
  own('POST', '/runtime/webhooks/eventgrid', 'eventgrid', [200, 202, 401, 403, 413, 500], {
    parameters: [functionName, header('aeg-event-type', ['Notification', 'SubscriptionValidation', 'Unsubscribe'])],
    body: { anyOf: [{ type: 'array', items: registryEvent }, registryEvent] },
  }),
  own('POST', '/runtime/webhooks/mcp', 'mcp', [200, 202, 401, 403, 405, 406, 413, 500], {
    parameters: [
      header('accept', ['application/json, text/event-stream', '*/*']),
      { name: 'mcp-session-id', in: 'header', required: false, schema: text },
    ],
    body: toolCall,
  }),
  own('GET', '/local/events', 'none', [200]),
  own('POST', '/local/topic/api/events', 'none', [200, 401, 413, 415], { body: loose({ id: text }) }),
  own('GET', '/admin/host/ping', 'none', [200, 401, 403]),
  own('GET', '/admin/host/status', 'adminKey', [200, 401, 403]),
  own('POST', '/admin/functions/{name}', 'adminKey', [202, 401, 403, 413, 415], {
    parameters: [oneOf('name', ['refreshReplicas', 'retention', 'wakes', 'availability', '__proto__'])],
    body: loose({ input: text }),
  }),
  own('GET', '/{page}', 'none', [200], { parameters: [oneOf('page', ['', 'favicon.ico', 'api', 'runtime', 'admin'])] }),
];
