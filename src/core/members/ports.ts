/** What families need from the world: manifests, as a registry serves them. */
import type { Digest } from '../model/digest.ts';
import type { Repository } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';

export type ManifestAnswer =
  /** Its bytes hash to the digest. */
  | { readonly kind: 'manifest'; readonly mediaType: string | undefined; readonly body: string }
  /** The registry said so, in a registry's own words. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'unclear';
      /** For people: `429 for the manifest`, `timeout`. No URL, no token. */
      readonly reason: string;
      readonly retryAfterMs: number | undefined;
      /** The registry answers; only this manifest is not understood. */
      readonly scope?: 'image';
    };

/** What names another manifest as its subject. */
export interface Referrer {
  readonly digest: Digest;
  readonly artifactType: string | null;
  /** Of a Sigstore bundle: its annotation `dev.sigstore.bundle.content`. */
  readonly content: string | null;
}

/** Reads manifests. No method fails. */
export interface ManifestReader {
  /** @param region whose replica is asked; the login server without one, and where the replica has no endpoint of its own */
  read(
    registry: Registry,
    region: Region | undefined,
    repository: Repository,
    digest: Digest,
    mediaTypes: readonly string[],
  ): Promise<ManifestAnswer>;
  /** All of them, page by page, or by the tag schema. @returns `undefined` where that could not be found out */
  referrers(
    registry: Registry,
    region: Region | undefined,
    repository: Repository,
    digest: Digest,
  ): Promise<readonly Referrer[] | undefined>;
  /** Whether a registry answers at the login server, or at an endpoint that the settings name. */
  reaches(registry: Registry): Promise<boolean>;
}
