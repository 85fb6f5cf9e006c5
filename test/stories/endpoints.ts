/**
 * The registry in one region: manifests and tags over the OCI distribution protocol. It records its real answers as
 * evidence. It can also answer as something other than a registry, and those answers are no evidence.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Served } from './history.ts';

export type EndpointFault = 'html404' | 'unauthorized' | 'throttled' | 'error' | 'hanging' | undefined;

export interface Endpoint {
  readonly origin: string;
  readonly region: string;
  readonly served: Served[];
  /** By repository. */
  readonly faults: Map<string, EndpointFault>;
  /** By `repository@digest` or `repository:tag`: the digest. */
  readonly holds: Map<string, string>;
  stop(): Promise<void>;
}

/** Every digest of the stories is the digest of this text, so that a client that verifies it accepts it. */
export function manifestOf(name: string): string {
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 2 };
  return JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [], annotations: { name } });
}

export const mediaType = 'application/vnd.oci.image.manifest.v1+json';

/** @param manifests text by digest */
export async function startEndpoint(region: string, manifests: ReadonlyMap<string, string>): Promise<Endpoint> {
  const server = createServer((request, response) => {
    request.resume();
    const at = Date.now();
    const [, repository = '', reference = ''] = /^\/v2\/(.+)\/manifests\/([^/?]+)/.exec(request.url ?? '') ?? [];
    const fault = endpoint.faults.get(repository);
    const answer = (status: number, headers: Record<string, string>, body: string) => {
      response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const oci = { 'content-type': 'application/json', 'docker-distribution-api-version': 'registry/2.0' };
    // That it is a registry: a request without a repository, so that the fault of no story affects it.
    if (request.url === '/v2/') return answer(200, oci, '{}');
    const note = (result: Served['result'], digest: string | null) =>
      endpoint.served.push({ at, region, repository, reference, result, digest });
    if (fault !== undefined) note('unclear', null);
    if (fault === 'hanging') return;
    if (fault === 'html404') return answer(404, { 'content-type': 'text/html' }, '<html><h1>Not Found</h1></html>');
    if (fault === 'unauthorized') return answer(401, { 'content-type': 'text/plain' }, 'no');
    if (fault === 'throttled') return answer(429, { ...oci, 'retry-after': '1' }, errors('TOOMANYREQUESTS'));
    if (fault === 'error') return answer(503, { 'content-type': 'text/plain' }, 'later');
    const digest = endpoint.holds.get(`${repository}${reference.startsWith('sha256:') ? '@' : ':'}${reference}`);
    const manifest = digest === undefined ? undefined : manifests.get(digest);
    if (digest === undefined || manifest === undefined) {
      note('absent', null);
      return answer(404, oci, errors('MANIFEST_UNKNOWN'));
    }
    note('there', digest);
    const type = String(JSON.parse(manifest).mediaType);
    return answer(200, { ...oci, 'content-type': type, 'docker-content-digest': digest }, manifest);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: Endpoint = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region,
    served: [],
    faults: new Map(),
    holds: new Map(),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return endpoint;
}

function errors(code: string): string {
  return JSON.stringify({ errors: [{ code, message: 'manifest unknown' }] });
}
