/**
 * What stand-ins for services share: a real HTTP server that records every request, follows its protocol to the byte,
 * collects every breach of it, and can be set to fail.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Misbehaviour = Answer | 'silence' | 'hangUp' | undefined;

export interface Service {
  readonly origin: string;
  readonly seen: Seen[];
  /** What the protocol does not allow, and was sent all the same. */
  readonly breaches: string[];
  /** Answers instead of the protocol, where it returns something. */
  misbehave: (seen: Seen) => Misbehaviour;
  stop(): Promise<void>;
}

/** @param follow the protocol; `breach` writes down what it does not allow and returns the answer to that */
export async function startService(
  follow: (seen: Seen, breach: (what: string, status?: number) => Answer) => Answer,
): Promise<Service> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const seen: Seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body,
      at: Date.now(),
    };
    service.seen.push(seen);
    const breach = (what: string, status = 400): Answer => {
      service.breaches.push(`${seen.method} ${seen.path}: ${what}`);
      return { status, body: JSON.stringify({ message: what }) };
    };
    const answer = service.misbehave(seen) ?? follow(seen, breach);
    if (answer === 'silence') return;
    if (answer === 'hangUp') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', ...answer.headers });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service: Service = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    breaches: [],
    misbehave: () => undefined,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}

/** Whether a header has exactly this value. */
export function hasHeader({ headers }: Seen, name: string, value: string): boolean {
  return headers[name] === value;
}

/** What of these headers is not as it must be; `undefined` when all are. */
export function wrongHeader(seen: Seen, wanted: Readonly<Record<string, string>>): string | undefined {
  const wrong = Object.entries(wanted).find(([name, value]) => !hasHeader(seen, name, value));
  return wrong === undefined ? undefined : `${wrong[0]} is not ${wrong[1]}`;
}
