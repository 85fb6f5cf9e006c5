/** What is asked of replicas and of the control plane that knows them. Every method but a probe fails with an `UpstreamError`. */

import type { Digest } from '../model/digest.ts';
import type { Repository, Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { Replica, ReplicaSet } from '../model/replica-set.ts';
import type { Version } from '../runtime/version.ts';
import type { ReplicaList } from './replica-proof.ts';
/**
 * What one replica says when it is asked for a manifest. Not knowing is an answer of its own, never "absent".
 * `saidAt`: when, by the replica's own clock, which also stamps its events, and not later; milliseconds since 1970.
 */
export type ProbeAnswer =
  | {
      readonly kind: 'present';
      readonly digest: Digest;
      readonly mediaType: string | undefined;
      /** For `deep` questions: whether everything below the manifest is there as well. */
      readonly isWhole: boolean;
      readonly saidAt?: number | undefined;
    }
  /** The replica said so, in a registry's own words. */
  | { readonly kind: 'absent'; readonly saidAt?: number | undefined }
  | {
      readonly kind: 'unclear';
      /** For people: `429`, `401 for the repository`, `timeout`. No URL, no token. */
      readonly reason: string;
      /** How long the replica asked to be left alone. */
      readonly retryAfterMs: number | undefined;
      /** The replica answers, and can be asked for others; only what it has of this image is not understood. */
      readonly scope?: 'image';
    };

/** Asks one replica itself. */
export interface ManifestProbe {
  /**
   * @param reference a digest asks for presence, a tag asks where it points
   * @param depth `deep` also asks for every child of an index, and for config and layers
   * @param mediaTypes what events have called it: a registry answers 404 for a manifest of a type that is not asked for
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

/** The registry's replicas as its control plane knows them. Fails with an `UpstreamError` when that answers nonsense, too. */
export interface ReplicaDirectory {
  /** Every replica has a name. What is not in it may be there all the same. */
  list(registry: Registry): Promise<ReplicaList>;
  /** @returns `undefined` where the control plane says that there is none of that name */
  find(registry: Registry, name: string): Promise<Replica | undefined>;
}

interface StoredReplicaSet {
  readonly set: ReplicaSet;
  readonly version: Version;
}

/** Remembers replica sets, for when the control plane does not answer and for other instances. */
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
