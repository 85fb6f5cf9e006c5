/** Requests to replicas and to the control plane. Every method except `ask()` fails with an `UpstreamError`. */

import type { Digest } from '../model/digest.ts';
import type { Repository, Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { Replica, ReplicaSet } from '../model/replica-set.ts';
import type { Version } from '../runtime/version.ts';
import type { ReplicaList } from './replica-proof.ts';
/**
 * A replica's answer when it is asked for a manifest. "Unknown" is `unclear`, never `absent`.
 * `answeredAt`: the time of the answer or earlier, by the replica's own clock, which also stamps its events; milliseconds since 1970.
 */
export type ProbeAnswer =
  | {
      readonly kind: 'present';
      readonly digest: Digest;
      readonly mediaType: string | undefined;
      /** For `deep` probes: whether everything that the manifest refers to is there as well. */
      readonly isWhole: boolean;
      readonly answeredAt?: number | undefined;
    }
  /** The replica answered 404 with an error code of the distribution API. */
  | { readonly kind: 'absent'; readonly answeredAt?: number | undefined }
  | {
      readonly kind: 'unclear';
      /** For people: `429`, `401 for the repository`, `timeout`. No URL, no token. */
      readonly reason: string;
      /** The pause that the replica asked for. */
      readonly retryAfterMs: number | undefined;
      /** `image`: the replica answers and can be asked for other images; only its answer about this one is not understood. */
      readonly scope?: 'image';
    };

/** Asks one replica. */
export interface ManifestProbe {
  /**
   * @param reference a digest, to ask whether it is there, or a tag, to ask for its digest
   * @param depth `deep` also asks for every child of an index, and for config and layers
   * @param mediaTypes from events: a registry answers 404 for a manifest whose media type the request does not accept
   */
  ask(
    registry: Registry,
    region: Region,
    repository: Repository,
    reference: Digest | Tag,
    depth: 'manifest' | 'deep',
    mediaTypes?: readonly string[],
  ): Promise<ProbeAnswer>;
}

/** The registry's replicas in its control plane. Fails with an `UpstreamError` also for an answer that is not valid. */
export interface ReplicaDirectory {
  /** Every replica has a name. A replica that the list lacks may exist all the same. */
  list(registry: Registry): Promise<ReplicaList>;
  /** @returns `undefined` where the control plane answers that none has that name */
  find(registry: Registry, name: string): Promise<Replica | undefined>;
}

interface StoredReplicaSet {
  readonly set: ReplicaSet;
  readonly version: Version;
}

/** Stores replica sets, for other instances and for when the control plane does not answer. */
export interface ReplicaSetStore {
  load(registry: string): Promise<StoredReplicaSet | undefined>;
  /**
   * `conflict`: another instance has saved one since.
   * @param basedOn the version that was stored before the control plane was asked; `undefined` where none was
   */
  save(
    registry: string,
    set: ReplicaSet,
    basedOn: Version | undefined,
  ): Promise<{ readonly version: Version } | 'conflict'>;
}
