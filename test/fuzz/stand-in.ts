/** A server that answers with the bytes of the test: the checks are tested with faults that the app does not have. */
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

export interface StandIn {
  readonly port: number;
  /** What happens to the next connection, once something was received. */
  behave(act: (socket: Socket) => void): void;
  stop(): Promise<void>;
}

export async function startStandIn(): Promise<StandIn> {
  let act: (socket: Socket) => void = (socket) => socket.end();
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket)).on('error', () => undefined);
    socket.once('data', () => act(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    behave: (next) => {
      act = next;
    },
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface AnswerInput {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer of the app's functions, by default. */
export function answerBytes({ status = 200, headers = {}, body = '' }: AnswerInput): string {
  const all = {
    'content-type': status >= 400 ? 'application/problem+json' : 'application/json; charset=utf-8',
    'x-request-id': '01234567-89ab-cdef-0123-456789abcdef',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Told\r\n${lines.join('')}\r\n${body}`;
}
