/**
 * A stand-in for an Event Grid topic that accepts CloudEvents, with the same authentication, limits and error
 * documents, so that the publisher that works here works on Azure. It keeps the newest events for inspection, and it
 * can fail on request, to test the outbox.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type CloudEventDocument, findEventFault } from './cloud-event.ts';
import { parseJson } from './json.ts';
import { readBody } from './read-body.ts';
import { isSameSecret } from './same-secret.ts';

export interface TopicOptions {
  key?: string;
  /** How many events are kept. Default: 1000. */
  keep?: number;
  /** Called for each accepted event, in order. */
  onEvent?(event: CloudEventDocument): void;
}

export interface Topic {
  readonly key: string;
  /** The newest accepted events, oldest first. */
  readonly events: readonly CloudEventDocument[];
  /** Answers every publish with this status for so many seconds; 0 seconds ends an outage. */
  failWith(status: number, seconds: number): void;
  /** Delays every answer; 0 ends it. */
  delayBy(milliseconds: number): void;
  /** Serves one publish request, whatever its path. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export interface RunningTopic extends Topic {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 1024 * 1024;

export function createTopic({
  key = randomBytes(32).toString('base64'),
  keep = 1_000,
  onEvent,
}: TopicOptions = {}): Topic {
  const events: CloudEventDocument[] = [];
  let outage = { status: 0, until: 0 };
  let delayMs = 0;

  async function publish(request: IncomingMessage): Promise<{ status: number; message: string }> {
    const body = await readBody(request, MAX_BODY_BYTES);
    if (delayMs > 0) await pause(delayMs, undefined, { ref: false });
    if (Date.now() < outage.until) return { status: outage.status, message: 'The topic is set to fail.' };
    if (!isSameSecret(request.headers['aeg-sas-key'], key)) {
      return {
        status: 401,
        message: 'The request has no aeg-sas-key header, or one that is not the key of this topic.',
      };
    }
    if (body === 'tooLarge') return { status: 413, message: `The request is larger than ${MAX_BODY_BYTES} bytes.` };
    if (!/^application\/cloudevents-batch\+json\b/i.test(request.headers['content-type'] ?? '')) {
      return { status: 415, message: 'This topic takes content type application/cloudevents-batch+json.' };
    }
    const batch = parseJson(body.toString('utf8'));
    if (!Array.isArray(batch)) return { status: 400, message: 'The body is not a JSON array of events.' };
    const faults = batch
      .map((event, index) => findEventFault(event, `[${index}]`))
      .filter((fault) => fault !== undefined);
    if (faults[0] !== undefined) return { status: 400, message: faults[0] };
    for (const event of batch as CloudEventDocument[]) {
      events.push(event);
      if (events.length > keep) events.shift();
      onEvent?.(event);
    }
    return { status: 200, message: '' };
  }

  return {
    key,
    events,
    failWith(status, seconds) {
      outage = { status, until: Date.now() + seconds * 1_000 };
    },
    delayBy(milliseconds) {
      delayMs = milliseconds;
    },
    async handle(request, response) {
      const { status, message } = await publish(request);
      answer(response, status, message);
    },
  };
}

/** A topic on a port of its own. */
export async function startTopic({
  port = 0,
  ...options
}: TopicOptions & { port?: number } = {}): Promise<RunningTopic> {
  const topic = createTopic(options);
  const server = createServer((request, response) => {
    if (request.method !== 'POST' || !request.url?.startsWith('/api/events'))
      return answer(response, 404, 'No such topic.');
    // A publisher that has closed the connection gets no error document.
    topic.handle(request, response).catch(() => response.destroy());
    return undefined;
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const { port: actual } = server.address() as AddressInfo;
  return {
    ...topic,
    endpoint: `http://127.0.0.1:${actual}/api/events`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const CODES: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  404: 'ResourceNotFound',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
};

function answer(response: ServerResponse, status: number, message: string): void {
  if (status < 300) {
    response.writeHead(status, { 'content-length': 0 }).end();
    return;
  }
  const text = JSON.stringify({ error: { code: CODES[status] ?? 'GeneralError', message } });
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(text);
}
