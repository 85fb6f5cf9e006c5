/**
 * The identity endpoint that the platform gives to an app. It issues the token that the app exchanges for tokens of the
 * replicas, so that the app's processes authenticate to the simulated replicas exactly as to real ones.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Identity {
  readonly settings: { readonly IDENTITY_ENDPOINT: string; readonly IDENTITY_HEADER: string };
  /** Only the app has it. */
  readonly token: string;
  stop(): Promise<void>;
}

const lifeSeconds = 86_400;

export async function startIdentity(): Promise<Identity> {
  const token = `identity-${crypto.randomUUID()}`;
  const header = crypto.randomUUID();
  const server = createServer((request, response) => {
    if (request.headers['x-identity-header'] !== header) return response.writeHead(400).end();
    const resource = new URL(request.url ?? '/', 'http://identity').searchParams.get('resource');
    const expires_on = Math.floor(Date.now() / 1_000) + lifeSeconds;
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ access_token: token, expires_on, resource, token_type: 'Bearer' }));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    token,
    settings: { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: header },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
