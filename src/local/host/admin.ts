/**
 * The host's own API, as far as it is useful here: running a function now, to try a timer or a queue function without
 * waiting, and the public status that scripts poll before they start.
 * Source: HostController and FunctionsController in azure-functions-host.
 */
import { randomUUID } from 'node:crypto';
import { isObject, parseJson } from '../json.ts';
import { readBody } from '../read-body.ts';
import type { RegisteredFunction } from './core-types.ts';
import { createEventTrigger } from './event-grid.ts';
import { findTrigger, readText } from './functions.ts';
import type { Exchange, Mount } from './http.ts';
import { sendEmpty, sendJson, sendText } from './http-response.ts';
import type { Invoker, Trigger } from './invocation.ts';
import { findKey, type HostKeys, refuseKey } from './keys.ts';
import { createQueueTrigger } from './queue-message.ts';
import { createTimerTrigger, readSchedule } from './timer.ts';

export interface AdminOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly invoker: Invoker;
  readonly keys: HostKeys | undefined;
  readonly settings: Readonly<Record<string, string | undefined>>;
}

const MAX_BODY_BYTES = 1024 * 1024;
const JSON_TYPE = /^\s*(?:application|text)\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

export function createAdminMount({ functions, invoker, keys, settings }: AdminOptions): Mount {
  const id = randomUUID();

  async function run(name: string, { request, response }: Exchange): Promise<void> {
    const body = await readBody(request, MAX_BODY_BYTES);
    if (body === 'tooLarge') return sendEmpty(response, 413);
    if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) return sendEmpty(response, 415);
    const content = parseJson(body.toString('utf8'));
    if (!isObject(content)) return sendText(response, 400, 'The body must be a JSON object like {"input": "…"}.');
    const target = functions.find(({ metadata }) => metadata.name.toLowerCase() === name.toLowerCase());
    if (target === undefined) return sendEmpty(response, 404);
    const trigger = createTrigger(target, content.input, settings);
    if (typeof trigger === 'string') return sendText(response, 400, trigger);
    // Started, not finished: the caller learns no more than that, and the invoker logs the rest.
    void invoker.invoke(target, trigger).catch(() => undefined);
    return sendEmpty(response, 202);
  }

  return {
    prefix: '/admin',
    async handle(exchange) {
      const { request, response, path, query } = exchange;
      if (/^\/admin\/host\/ping\/?$/i.test(path) && ['GET', 'POST'].includes(request.method ?? '')) {
        request.resume();
        response.writeHead(200, { 'cache-control': 'no-store,no-cache', 'content-length': 0 }).end();
        return undefined;
      }
      const refusal = keys && refuseKey(findKey(request.headersDistinct, query), [keys.master], keys);
      if (refusal !== undefined) {
        request.resume();
        return sendEmpty(response, refusal);
      }
      const name = /^\/admin\/functions\/([^/]+)\/?$/i.exec(path)?.[1];
      if (name !== undefined && request.method === 'POST') return run(name, exchange);
      request.resume();
      if (/^\/admin\/host\/status\/?$/i.test(path) && request.method === 'GET') {
        const processUptime = Math.round(process.uptime() * 1_000);
        return sendJson(response, 200, { id, state: 'Running', version: 'local', processUptime });
      }
      return sendEmpty(response, 404);
    },
  };
}

/** The trigger, or the reason why there is none. */
function createTrigger(
  target: RegisteredFunction,
  input: unknown,
  settings: AdminOptions['settings'],
): Trigger | string {
  const { binding, type } = findTrigger(target.metadata);
  const text = typeof input === 'string' ? input : JSON.stringify(input ?? '');
  switch (type) {
    case 'queuetrigger': {
      const now = new Date();
      const facts = {
        messageId: randomUUID(),
        dequeueCount: 1,
        popReceipt: '',
        insertedOn: now,
        expiresOn: now,
        nextVisibleOn: now,
      };
      return createQueueTrigger(text, facts);
    }
    case 'timertrigger':
      return createTimerTrigger(
        readSchedule(target, readText(target.metadata, binding, 'schedule', settings)),
        binding.useMonitor !== false,
        undefined,
        new Date(),
      );
    case 'eventgridtrigger': {
      const event = parseJson(text);
      return isObject(event) ? createEventTrigger(event) : 'The input must be one event, as a JSON object or text.';
    }
    default:
      return 'Functions with an HTTP trigger are called by their route.';
  }
}
