/**
 * The host's own API, as far as it helps here: "run this function now", which is how a timer or a queue function is
 * tried without waiting, and "are you up?", which scripts ask before they start.
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
import { findKey, type HostKeys, isAllowed } from './keys.ts';
import { createQueueTrigger } from './queue-message.ts';
import { createTimerTrigger, readSchedule } from './timer.ts';

export interface AdminOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly invoker: Invoker;
  readonly keys: HostKeys | undefined;
  readonly settings: Readonly<Record<string, string | undefined>>;
}

const MAX_BODY_BYTES = 1024 * 1024;

export function createAdminMount({ functions, invoker, keys, settings }: AdminOptions): Mount {
  const id = randomUUID();

  async function run(name: string, { request, response }: Exchange): Promise<void> {
    const body = await readBody(request, MAX_BODY_BYTES);
    if (body === 'tooLarge') return sendEmpty(response, 413);
    const target = functions.find(({ metadata }) => metadata.name.toLowerCase() === name.toLowerCase());
    if (target === undefined) return sendEmpty(response, 404);
    const content = body.length === 0 ? {} : parseJson(body.toString('utf8'));
    if (!isObject(content)) return sendText(response, 400, 'The body must be a JSON object like {"input": "…"}.');
    const trigger = createTrigger(target, content.input, settings);
    if (typeof trigger === 'string') return sendText(response, 400, trigger);
    // Started, not finished: the caller is told no more than that, and the invoker logs the rest.
    void invoker.invoke(target, trigger).catch(() => undefined);
    return sendEmpty(response, 202);
  }

  return {
    prefix: '/admin',
    async handle(exchange) {
      const { request, response, path, query } = exchange;
      if (keys !== undefined && !isAllowed(findKey(request.headers, query), [keys.master])) {
        request.resume();
        return sendEmpty(response, 401);
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

/** The trigger, or why there is none. */
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
