/**
 * Every replica's `/v2/` behind one `fetch` that counts requests: those of the loops and those of the tracker's probes,
 * including tokens, since the registry limits and logs all of them.
 */
import { createRegionHandler } from '../../src/local/simulator/region-server.ts';
import type { World } from '../../src/local/simulator/world.ts';

export interface ReplicaEndpoints {
  /** Accepts a URL as text or object, and a body as form or text: what the clients here use. */
  readonly fetch: typeof globalThis.fetch;
  /** Requests so far. */
  readonly requests: number;
  /** The requests for a manifest among them. */
  readonly manifestRequests: number;
}

/** The endpoint of a replica of `contoso.azurecr.io`. */
export function originOf(region: string): string {
  return `https://contoso.${region}.geo.azurecr.io`;
}

export function replicaEndpoints(world: World, now: () => number): ReplicaEndpoints {
  const replicas = new Map(
    [...world.replicas.keys()].map((region) => {
      const origin = originOf(region);
      return [origin, createRegionHandler(world, region, { now, url: () => origin })] as const;
    }),
  );
  let requests = 0;
  let manifestRequests = 0;
  return {
    async fetch(input, init = {}) {
      const url = new URL(String(input));
      const answer = replicas.get(url.origin);
      if (answer === undefined) throw new Error(`there is no server at ${url.origin}`);
      requests++;
      if (url.pathname.includes('/manifests/')) manifestRequests++;
      const { method = 'GET' } = init;
      const headers = Object.fromEntries(new Headers(init.headers ?? {}));
      const given = answer({ method, url, headers, body: String(init.body ?? '') });
      const content = method === 'HEAD' || given.body === undefined ? null : Buffer.from(given.body);
      return new Response(content, { status: given.status, ...(given.headers && { headers: given.headers }) });
    },
    get requests() {
      return requests;
    },
    get manifestRequests() {
      return manifestRequests;
    },
  };
}
