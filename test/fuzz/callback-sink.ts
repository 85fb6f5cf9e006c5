/** Receives the verdicts of checks that the random requests start, so that none is sent anywhere else. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mark } from './test-secrets.ts';

export interface CallbackSink {
  readonly origin: string;
  readonly calls: number;
  stop(): Promise<void>;
}

export async function startCallbackSink(): Promise<CallbackSink> {
  let calls = 0;
  const server = createServer((request, response) => {
    calls++;
    request.resume();
    // Enough also for GitHub's exchange of keys.
    const token = { token: `${mark}-installation`, expires_at: '2999-01-01T00:00:00Z' };
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(token));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
