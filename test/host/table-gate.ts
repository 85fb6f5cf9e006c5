/**
 * A proxy between the app and its tables that can be closed: then no request is answered. Queues and blobs bypass it,
 * so that the tests show what the app does without its tables.
 */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface TableGate {
  /** The connection string, with the tables behind the gate. */
  readonly connectionString: string;
  shut(): void;
  open(): void;
  stop(): Promise<void>;
}

export async function startTableGate(connectionString: string): Promise<TableGate> {
  const [, endpoint = ''] = /TableEndpoint=([^;]+)/.exec(connectionString) ?? [];
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  let isShut = false;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    if (isShut) return hold(near);
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      hold(one);
      one.once('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = new URL(endpoint);
  own.port = String((server.address() as AddressInfo).port);
  return {
    // Host and port are no part of what a request's signature covers.
    connectionString: connectionString.replace(endpoint, own.href),
    shut() {
      isShut = true;
      cut();
    },
    open() {
      isShut = false;
      cut();
    },
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
