/** Makes ACR webhooks of the notifications of real registries. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loginServer, registry, secret } from './app.ts';

/** What the distribution registry sends (facts: its notification format). */
interface Notification {
  readonly id: string;
  readonly timestamp: string;
  readonly action: string;
  readonly target: Record<string, unknown> & { readonly digest?: string };
  readonly request: Record<string, unknown>;
}

export interface Shim {
  /** Where a region's registry sends its notifications. */
  url(region: string): string;
  stop(): void;
}

/**
 * Turns each notification into a webhook event of that region; what ACR does not send is left out.
 * @param delayMs how long each webhook is under way; without it, each is sent before the next
 */
export async function startShim(
  target: () => string,
  isLost: (region: string, digest: string) => boolean,
  delayMs?: () => number,
): Promise<Shim> {
  const server = createServer(async (request, response) => {
    const region = request.url?.slice(1) ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { events } = JSON.parse(Buffer.concat(chunks).toString()) as { events: Notification[] };
    for (const { id, timestamp, action, target: pushed, request: client } of events) {
      const { digest } = pushed;
      if ((action !== 'push' && action !== 'delete') || digest === undefined || isLost(region, digest)) continue;
      // The notifications include blobs; ACR reports manifests only.
      if (action === 'push' && pushed.mediaType === 'application/octet-stream') continue;
      const { url: _url, ...wanted } = pushed;
      const { addr: _addr, ...asked } = client;
      const body = JSON.stringify({ id, timestamp, action, target: wanted, request: { ...asked, host: loginServer } });
      const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
      const send = () =>
        fetch(`${target()}/api/webhooks/${registry}/${region}`, { method: 'POST', headers, body }).catch(
          () => undefined,
        );
      if (delayMs === undefined) await send();
      else setTimeout(send, delayMs());
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: (region: string) => `http://127.0.0.1:${port}/${region}`, stop: () => server.close() };
}
