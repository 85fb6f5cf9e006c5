/**
 * The obvious solution: at intervals, ask each replica that has not had the image yet. A command like `skopeo inspect`
 * or `docker manifest inspect` is a new process each time and keeps only the login: it requests `/v2/` to find the
 * token service, gets a token, and then requests the manifest. Measured at its best: it logs in once, asks no replica
 * again that has answered yes, and every answer comes at once.
 */
import { originOf } from './replica-endpoints.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface HeadLoop {
  readonly fetch: typeof globalThis.fetch;
  readonly time: VirtualTime;
  readonly regions: readonly string[];
  readonly everyMs: number;
}

const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Requests to ask one replica once, after the login. */
export const requestsPerAsking = 3;

/** Resolves when every replica has answered that it has the image. */
export async function askUntilEverywhere(loop: HeadLoop, repository: string, digest: string): Promise<void> {
  const { regions, time, everyMs } = loop;
  const missing = new Map<string, string>();
  for (const region of regions) missing.set(region, await time.meanwhile(() => logIn(loop, region)));
  for (;;) {
    for (const [region, login] of missing) {
      if (await time.meanwhile(() => isThere(loop, region, login, repository, digest))) missing.delete(region);
    }
    if (missing.size === 0) return;
    await time.clock.sleep(everyMs);
  }
}

async function logIn({ fetch }: HeadLoop, region: string): Promise<string> {
  const { host, origin } = new URL(originOf(region));
  const body = new URLSearchParams({ grant_type: 'access_token', service: host, access_token: 'an-identity' });
  return tokenOf(await fetch(`${origin}/oauth2/exchange`, { method: 'POST', body }), 'refresh_token');
}

async function isThere(
  { fetch }: HeadLoop,
  region: string,
  login: string,
  repository: string,
  digest: string,
): Promise<boolean> {
  const { host, origin } = new URL(originOf(region));
  const knock = await fetch(`${origin}/v2/`);
  if (knock.status !== 401) throw new Error(`/v2/ answered ${knock.status} to a stranger`);
  const scope = `repository:${repository}:pull`;
  const body = new URLSearchParams({ grant_type: 'refresh_token', service: host, scope, refresh_token: login });
  const token = await tokenOf(await fetch(`${origin}/oauth2/token`, { method: 'POST', body }), 'access_token');
  const headers = { accept, authorization: `Bearer ${token}` };
  const { status } = await fetch(`${origin}/v2/${repository}/manifests/${digest}`, { method: 'HEAD', headers });
  if (status !== 200 && status !== 404) throw new Error(`the manifest was answered ${status}`);
  return status === 200;
}

async function tokenOf(response: Response, name: string): Promise<string> {
  const token = ((await response.json()) as Record<string, unknown>)[name];
  if (typeof token !== 'string') throw new Error(`no ${name} in an answer ${response.status}`);
  return token;
}
