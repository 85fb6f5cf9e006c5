/**
 * An HTTP server with faults on request: it can refuse, hang, throttle or answer nonsense. Everything that the
 * simulated registry serves uses it, so that clients are tested with servers that fail.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * `refusing` drops the connection, `hanging` never answers, `rubbish` answers 200 with unrelated content. `misrouted`
 * and `disabled` answer a gateway's 404, as a page and as JSON, which proves nothing about a manifest.
 */
export const MODES = [
  'ok',
  'unavailable',
  'refusing',
  'hanging',
  'forbidden',
  'rubbish',
  'misrouted',
  'disabled',
] as const;
export type Mode = (typeof MODES)[number];

export interface Incoming {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

export interface RequestRecord {
  method: string;
  path: string;
  /** 0 when there was no answer. */
  status: number;
}

export interface StandInServer {
  /** Without a slash at the end. */
  url: string;
  /** All requests so far, oldest first. */
  requests: readonly RequestRecord[];
  /** The number of requests whose `METHOD /path` contains this, such as `HEAD /v2/team/app/manifests/`. */
  count(part: string): number;
  setMode(mode: Mode): void;
  /** Answers 429 for so many seconds, with a `Retry-After` that counts down. */
  throttle(seconds: number): void;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Default: 0, a free one. */
  port?: number;
  /** Milliseconds since 1970, for `Retry-After` and `Date`. */
  now: () => number;
  handle: (incoming: Incoming) => Answer;
  /** The body of an error, in the format of the service it replaces. */
  formatError: (code: string, message: string) => string;
  /** Called before each answer; overrides the mode that was set. */
  forceMode?: () => Mode | undefined;
}

const MAX_BODY = 1_048_576;

export async function startServer(options: ServerOptions): Promise<StandInServer> {
  const { port = 0, now, handle, formatError, forceMode = () => undefined } = options;
  const requests: RequestRecord[] = [];
  let mode: Mode = 'ok';
  let throttledUntil = 0;
  let address = '';

  const fail = (status: number, code: string, message: string, headers: Record<string, string> = {}): Answer => ({
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: formatError(code, message),
  });

  function answer(incoming: Incoming): Answer | 'drop' | 'hang' {
    const waitSeconds = Math.ceil((throttledUntil - now()) / 1_000);
    switch (forceMode() ?? mode) {
      case 'refusing':
        return 'drop';
      case 'hanging':
        return 'hang';
      case 'unavailable':
        return fail(503, 'SERVICE_UNAVAILABLE', 'The service is unavailable.');
      case 'forbidden':
        return fail(403, 'DENIED', 'requested access to the resource is denied');
      case 'rubbish':
        return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in to your account</html>' };
      case 'misrouted':
        return { status: 404, headers: { 'content-type': 'text/html' }, body: '<html><h1>404 Not Found</h1></html>' };
      case 'disabled':
        return { status: 404, headers: { 'content-type': 'application/json' }, body: '{"message":"no such endpoint"}' };
      case 'ok':
        return waitSeconds > 0
          ? fail(429, 'TOOMANYREQUESTS', 'too many requests', { 'retry-after': String(waitSeconds) })
          : handleSafely(incoming);
    }
  }

  /** An unexpected request gets an error as its answer and does not end the process. */
  function handleSafely(incoming: Incoming): Answer {
    try {
      return handle(incoming);
    } catch (failure) {
      return fail(400, 'BAD_REQUEST', failure instanceof Error ? failure.message : String(failure));
    }
  }

  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const incoming = {
        method: request.method ?? '',
        url: new URL(request.url ?? '/', address),
        headers: request.headers,
        body,
      };
      const given = answer(incoming);
      const status = typeof given === 'string' ? 0 : given.status;
      requests.push({ method: incoming.method, path: incoming.url.pathname, status });
      if (given === 'drop') response.destroy();
      else if (given !== 'hang') send(response, given, now());
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: address,
    requests,
    count: (part) => requests.filter(({ method, path }) => `${method} ${path}`.includes(part)).length,
    setMode: (next) => {
      mode = next;
    },
    throttle: (seconds) => {
      throttledUntil = now() + seconds * 1_000;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A body that is too long is cut. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (length < MAX_BODY) chunks.push(chunk);
      length += chunk.length;
    }
  } catch {
    // The client has closed the connection and gets no answer.
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, headers = {}, body = '' }: Answer, now: number): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { 'content-length': length, date: new Date(now).toUTCString(), ...headers });
  response.end(body);
}
