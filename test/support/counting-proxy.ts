/** A proxy between the app and its storage that counts the requests, so that the requests of a wait are known. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CountingProxy {
  /** The connection string, with the table service reached through here. */
  readonly connectionString: string;
  /** Reads of rows so far. */
  reads(): number;
  stop(): Promise<void>;
}

export async function startCountingProxy(connectionString: string): Promise<CountingProxy> {
  const [, endpoint = ''] = /TableEndpoint=([^;]+)/.exec(connectionString) ?? [];
  const { hostname, port } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true });
  let reads = 0;
  const pass = (incoming: IncomingMessage, answer: ServerResponse) => {
    const { method, url: path, headers } = incoming;
    if (method === 'GET') reads++;
    // The signature covers neither host nor port.
    const outgoing = request({ hostname, port, method, path, headers, agent }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.rawHeaders);
      response.pipe(answer);
    });
    outgoing.once('error', () => answer.destroy());
    incoming.pipe(outgoing);
  };
  const server = createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = new URL(endpoint);
  own.port = String((server.address() as AddressInfo).port);
  return {
    connectionString: connectionString.replace(endpoint, own.href),
    reads: () => reads,
    async stop() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
