/** Port for reading manifests from a registry. */
import type { Digest } from '../model/digest.ts';
import type { Repository } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';

export type ManifestAnswer =
  /** The body; it hashes to the digest. */
  | { readonly kind: 'manifest'; readonly mediaType: string | undefined; readonly body: string }
  /** The registry itself answered that it does not exist, not a proxy. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'unclear';
      /** For people: `429 for the manifest`, `timeout`. No URL, no token. */
      readonly reason: string;
      readonly retryAfterMs: number | undefined;
      /** Present if the registry answers, and only this manifest is not understood. */
      readonly scope?: 'image';
    };

/** A manifest that names another one as its subject. */
export interface Referrer {
  readonly digest: Digest;
  readonly artifactType: string | null;
  /** For a Sigstore bundle, its annotation `dev.sigstore.bundle.content`. */
  readonly content: string | null;
}

/** Reads manifests. No method fails. */
export interface ManifestReader {
  /** @param region whose replica is asked; the login server if `undefined`, or if the replica has no endpoint of its own */
  read(
    registry: Registry,
    region: Region | undefined,
    repository: Repository,
    digest: Digest,
    mediaTypes: readonly string[],
  ): Promise<ManifestAnswer>;
  /**
   * All referrers, page by page, or by the referrers tag schema.
   * @returns `undefined` if they could not be read
   */
  referrers(
    registry: Registry,
    region: Region | undefined,
    repository: Repository,
    digest: Digest,
  ): Promise<readonly Referrer[] | undefined>;
  /** Whether a registry answers at the login server, or at an endpoint that the settings name. */
  reaches(registry: Registry): Promise<boolean>;
}
