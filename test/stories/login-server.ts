/** The login server of a registry: leads each request to one of its regions, the next one each time. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Endpoint } from './endpoints.ts';

export interface LoginServer {
  /** Its host name and port. */
  readonly host: string;
  stop(): Promise<unknown>;
}

export async function startLoginServer(endpoints: readonly Endpoint[]): Promise<LoginServer> {
  let turn = 0;
  const server = createServer(async (request, response) => {
    request.resume();
    const endpoint = endpoints[turn++ % endpoints.length];
    const { accept = '*/*' } = request.headers;
    const closed = new AbortController();
    response.on('close', () => closed.abort());
    try {
      const init = { method: request.method ?? 'GET', headers: { accept }, signal: closed.signal };
      const answer = await fetch(`${endpoint?.origin}${request.url}`, init);
      const body = Buffer.from(await answer.arrayBuffer());
      const names = ['content-type', 'docker-content-digest', 'docker-distribution-api-version', 'retry-after'];
      const headers = names.flatMap((name): [string, string][] => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value]];
      });
      response.writeHead(answer.status, Object.fromEntries(headers));
      response.end(body);
    } catch {
      // A region that does not answer: the client has given up.
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
