/** A forward proxy, as companies have them: it passes plain requests on, and opens tunnels for all others. */
import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ForwardProxy {
  /** `http://…` */
  readonly url: string;
  /** `GET http://host/path` and `CONNECT host:port`, each as it was requested. */
  readonly asked: string[];
  /** `Proxy-Authorization` of each. */
  readonly credentials: (string | undefined)[];
}

/** Ends with the test. @param port to which all hosts are forwarded; 0: it opens no tunnel and forwards nothing */
export async function startForwardProxy(port: number, refusal = 407): Promise<ForwardProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.replace(/\?.*/, '')}`);
    credentials.push(request.headers['proxy-authorization']);
    if (port === 0) {
      response.writeHead(refusal).end();
      return;
    }
    const { pathname, search } = new URL(request.url ?? '');
    const { method, headers } = request;
    const onward = send({ host: '127.0.0.1', port, method, path: pathname + search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy()).end();
  });
  server.on('connect', ({ url, headers }, client) => {
    asked.push(`CONNECT ${url}`);
    credentials.push(headers['proxy-authorization']);
    client.on('error', () => undefined);
    if (port === 0) {
      client.end(`HTTP/1.1 ${refusal} Refused\r\n\r\n`);
      return;
    }
    const onward = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
    onward.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A tunnel is no connection of the server any more.
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => void sockets.add(socket));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, credentials };
}
