/**
 * The client's part of a push or delete: the host it connected to, and its user agent. Every region's webhook event
 * repeats it, so a receiver that derives the region from `request.host` is wrong in all regions but one.
 */
import type { ClientRequest } from './change.ts';
import { drawFrom, drawUuid, openRandom } from './random.ts';

/** Empty: the events of some clients carry no user agent. */
const USER_AGENTS = [
  '',
  'docker/28.3.2 go/go1.24.5 git-commit/e77ff99 kernel/6.8.0-1031-azure os/linux arch/amd64 UpstreamClient(Docker-Client/28.3.2 \\(linux\\))',
  'buildkit/v0.23',
  'python-requests/2.32.4',
];

/** `myregistry.azurecr.io` in `eastus` is `myregistry.eastus.geo.azurecr.io`. */
export function toRegionalHost(loginServer: string, region: string): string {
  const dot = loginServer.indexOf('.');
  return `${loginServer.slice(0, dot)}.${region}.geo${loginServer.slice(dot)}`;
}

export function drawClientRequest(seed: number, label: string, host: string, method: 'PUT' | 'DELETE'): ClientRequest {
  const random = openRandom(seed, `request ${label}`);
  const request = { id: drawUuid(random), host, method };
  const useragent = drawFrom(random, USER_AGENTS);
  return useragent === '' ? request : { ...request, useragent };
}
