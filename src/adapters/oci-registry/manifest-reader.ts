/**
 * Reads manifests over the OCI distribution API, from a replica's own endpoint or from the registry's login server,
 * with the credentials of the probes. A registry on a loopback address may use plain http, as everywhere in the
 * settings.
 */
import { listReferrers } from '../../core/members/manifest-document.ts';
import type { Digest } from '../../core/model/digest.ts';
import type { Repository, Tag } from '../../core/model/reference.ts';
import type { Region } from '../../core/model/region.ts';
import type { Registry } from '../../core/model/registry.ts';
import { regionalOrigin } from '../../core/model/registry.ts';
import type { ManifestReader, Referrer } from '../../core/ports.ts';
import { isLoopback } from '../../core/runtime/url-origin.ts';
import { fetchManifest } from './fetch-manifest.ts';
import { replicaHttp } from './http.ts';
import type { ManifestProbeOptions } from './manifest-probe.ts';
import type { Replica } from './replica.ts';
import { replicaAt } from './replica.ts';
import { replicaTokens } from './token.ts';

/** More pages than any manifest has referrers for. */
const maxPages = 50;
const maxBytes = 4 * 1024 * 1024;

export function ociManifestReader(options: ManifestProbeOptions): ManifestReader {
  const { clock, credential, timeoutMs = 10_000, audience = 'https://containerregistry.azure.net', tenant } = options;
  const send = replicaHttp({ fetch: options.fetch, timeoutMs });
  const tokens = replicaTokens({ credential, clock, send, tenant, audience, timeoutMs });

  function replicaOf(registry: Registry, region: Region | undefined, repository: Repository): Replica {
    const origin = (region === undefined ? undefined : regionalOrigin(registry, region)) ?? globalOrigin(registry);
    return replicaAt(new URL(origin).origin, repository, { send, tokens });
  }

  /** The referrers tag schema, for registries without the referrers API. */
  async function byTagSchema(replica: Replica, digest: Digest): Promise<readonly Referrer[] | undefined> {
    const listed = await fetchManifest(replica, digest.replace(':', '-') as Tag, [], clock);
    if (listed.kind === 'absent') return [];
    return listed.kind === 'manifest' ? listReferrers(listed.body.toString()) : undefined;
  }

  return {
    async referrers(registry, region, repository, digest) {
      const replica = replicaOf(registry, region, repository);
      const found: Referrer[] = [];
      let path: string | undefined = `referrers/${digest}`;
      for (let page = 0; path !== undefined; page++) {
        if (page === maxPages) return undefined;
        const reply = await replica.ask('GET', path, { accept: 'application/vnd.oci.image.index.v1+json', maxBytes });
        if (reply.kind === 'unclear') return undefined;
        if (reply.status === 404 && page === 0) return byTagSchema(replica, digest);
        const listed = reply.status === 200 ? listReferrers(reply.body.toString()) : undefined;
        if (listed === undefined) return undefined;
        found.push(...listed);
        const next = nextPage(reply.headers.get('link'), repository, digest);
        if (next === 'elsewhere') return undefined;
        path = next;
      }
      return found;
    },
    async read(registry, region, repository, digest, mediaTypes) {
      const replica = replicaOf(registry, region, repository);
      const manifest = await fetchManifest(replica, digest, mediaTypes, clock);
      if (manifest.kind !== 'manifest') return manifest;
      return { kind: 'manifest', mediaType: manifest.mediaType, body: manifest.body.toString() };
    },
    async reaches(registry) {
      const { regionalEndpoints } = registry;
      const own = regionalEndpoints instanceof Map ? [...regionalEndpoints.values()] : [];
      const answers = [globalOrigin(registry), ...own].map(async (origin) => {
        const reply = await send({ url: `${origin}/v2/`, method: 'GET' });
        if (reply.kind === 'unclear' || (reply.status !== 200 && reply.status !== 401)) throw new Error('no registry');
      });
      return Promise.any(answers).then(
        () => true,
        () => false,
      );
    },
  };
}

/**
 * OCI distribution specification, "Listing Referrers": a `Link` to the next page, absolute or relative.
 * @returns the path below the repository; `undefined` on the last page; `elsewhere` for a link to another host or path
 */
function nextPage(link: string | null, repository: Repository, digest: Digest): string | 'elsewhere' | undefined {
  const [, target] = /<([^>]+)>\s*;[^,]*\brel="?next"?/i.exec(link ?? '') ?? [];
  if (target === undefined) return undefined;
  const below = `/v2/${repository}/`;
  if (!URL.canParse(target, 'https://registry.invalid')) return 'elsewhere';
  const { pathname, search } = new URL(target, 'https://registry.invalid');
  return pathname === `${below}referrers/${digest}` ? `${pathname.slice(below.length)}${search}` : 'elsewhere';
}

function globalOrigin({ loginServer }: Registry): string {
  const { hostname } = new URL(`https://${loginServer}`);
  return `${isLoopback(hostname) ? 'http' : 'https'}://${loginServer}`;
}
