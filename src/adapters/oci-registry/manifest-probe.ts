/**
 * Asks a replica's own endpoint whether it has a manifest, over the OCI distribution API. Webhooks are sent once and
 * can be lost; without probes, an image whose event was lost would be missing forever. Only a 404 with a registry's
 * error document means absent. Everything else that is not a clear yes is `unclear`, with a reason short enough for a
 * log.
 */
import type { TokenCredential } from '@azure/identity';
import { regionalOrigin } from '../../core/model/registry.ts';
import type { Clock, ManifestProbe, ProbeAnswer } from '../../core/ports.ts';
import { probeBelow } from './deep.ts';
import { askForManifest, fetchManifest } from './fetch-manifest.ts';
import { replicaHttp, unclear } from './http.ts';
import { replicaAt } from './replica.ts';
import { replicaTokens } from './token.ts';

export interface ManifestProbeOptions {
  readonly credential: TokenCredential;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** The registry's Entra tenant; needed only where it differs from the identity's own. */
  readonly tenant?: string;
  /** Audience of the identity token; sovereign clouds have their own. */
  readonly audience?: string;
  /** For each request. */
  readonly timeoutMs?: number;
}

export function ociManifestProbe(options: ManifestProbeOptions): ManifestProbe {
  const { clock, credential, timeoutMs = 10_000, audience = 'https://containerregistry.azure.net', tenant } = options;
  const send = replicaHttp({ fetch: options.fetch, timeoutMs });
  const tokens = replicaTokens({ credential, clock, send, tenant, audience, timeoutMs });

  return {
    async ask(registry, region, repository, reference, depth, types = []): Promise<ProbeAnswer> {
      const origin = regionalOrigin(registry, region);
      if (origin === undefined) return unclear('no endpoint of its own');
      const replica = replicaAt(new URL(origin).origin, repository, { send, tokens });
      if (depth === 'manifest') {
        const named = await askForManifest(replica, reference, types, clock);
        return named.kind === 'named' ? { ...named, kind: 'present', isWhole: false } : named;
      }
      const manifest = await fetchManifest(replica, reference, types, clock);
      if (manifest.kind !== 'manifest') return manifest;
      const below = await probeBelow(manifest, replica, clock);
      if (below !== 'whole' && below !== 'broken') return below;
      const { digest, mediaType, answeredAt } = manifest;
      return { kind: 'present', digest, mediaType, isWhole: below === 'whole', answeredAt };
    },
  };
}
