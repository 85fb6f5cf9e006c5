/**
 * `/v2/` of one region's replica at its regional endpoint: it serves only what has arrived in this region. It requires
 * tokens, which expire, and drops connections while the region is down.
 */
import { toManifestKey } from './change.ts';
import {
  answerBlob,
  answerError,
  answerManifest,
  answerReferrers,
  answerVersion,
  findManifest,
  formatError,
} from './region-content.ts';
import { type Answer, type Incoming, type StandInServer, startServer } from './stand-in-server.ts';
import { createTokenIssuer, type TokenIssuer, type TokenOptions } from './token-issuer.ts';
import type { World } from './world.ts';

export interface RegionServerOptions extends Omit<TokenOptions, 'url' | 'now'> {
  port?: number;
  /** Milliseconds since 1970, for token expiry and `Retry-After`. Default: the wall clock. */
  now?: () => number;
  /** Answers 307 to a data endpoint instead of 200 for blobs. Default: false. */
  redirectBlobs?: boolean;
  /** Allows anonymous pull. Default: false. */
  anonymous?: boolean;
  /**
   * Serves what is missing here from another region, as announced for the future: a 200 then proves nothing. Default:
   * false.
   */
  syncProxy?: boolean;
}

/** Serves the content of `region`; drops every connection while that region is down or has no replica. */
export async function startRegionServer(
  world: World,
  region: string,
  options: RegionServerOptions = {},
): Promise<StandInServer> {
  const { now = Date.now, port = 0 } = options;
  let url = '';
  const server = await startServer({
    ...{ port, now, formatError },
    handle: createRegionHandler(world, region, { ...options, now, url: () => url }),
    forceMode: () => (world.isDown(region) || !world.replicas.has(region) ? 'refusing' : undefined),
  });
  url = server.url;
  return server;
}

/** The handler of such a server without a network, for benchmarks with a hundred thousand requests. */
export function createRegionHandler(
  world: World,
  region: string,
  options: Omit<RegionServerOptions, 'port'> & Pick<TokenOptions, 'url' | 'now'>,
): (incoming: Incoming) => Answer {
  const tokens = createTokenIssuer(options);
  return (incoming) => answerIncoming(world, region, tokens, options, incoming);
}

/** One server per region, by region. */
export async function startRegionServers(
  world: World,
  options: RegionServerOptions = {},
): Promise<Map<string, StandInServer>> {
  const servers = new Map<string, StandInServer>();
  for (const region of world.replicas.keys()) {
    const port = options.port === undefined ? 0 : options.port + servers.size;
    servers.set(region, await startRegionServer(world, region, { ...options, port }));
  }
  return servers;
}

function answerIncoming(
  world: World,
  region: string,
  tokens: TokenIssuer,
  options: RegionServerOptions,
  { method, url, headers, body }: Incoming,
): Answer {
  const replica = world.replicas.get(region);
  const path = decodeURIComponent(url.pathname);
  if (method === 'POST' && path === '/oauth2/exchange') return answerToken(tokens.exchange(new URLSearchParams(body)));
  if (method === 'POST' && path === '/oauth2/token') return answerToken(tokens.issue(new URLSearchParams(body)));
  const isRead = method === 'GET' || method === 'HEAD';
  if (isRead && path.startsWith('/data/')) return answerBlob(replica, path.slice('/data/'.length), false);

  const [, name, kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/.exec(path) ?? [];
  const repository = name ?? null;
  if (!isRead || (repository === null && path !== '/v2/')) return answerError(404, 'NOT_FOUND', '404 page not found');
  const fault = options.anonymous ? undefined : tokens.findFault(headers.authorization, repository);
  if (fault !== undefined) {
    const challenge = tokens.challenge(repository, fault === '' ? undefined : fault);
    return answerError(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
  }
  if (repository === null) return answerVersion();
  if (kind === 'blobs')
    return answerBlob(replica, toManifestKey(repository, reference), options.redirectBlobs ?? false);
  if (kind === 'referrers') return answerReferrers(replica, repository, reference);
  const elsewhere = options.syncProxy ? [...world.replicas.values()] : [];
  const found = [replica, ...elsewhere].map((each) => findManifest(each, repository, reference)).find(Boolean);
  return answerManifest(replica, repository, reference, found, headers.accept ?? '');
}

function answerToken(tokens: Record<string, string> | undefined): Answer {
  if (tokens === undefined) return answerError(401, 'UNAUTHORIZED', 'the form or its token is not valid');
  return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(tokens) };
}
