/**
 * Which regions a registry has replicas in, and which of them an image must reach. The set comes from the settings or from ARM.
 * While ARM does not answer, the last known set is used, with `source: 'remembered'`. A replica is removed only on proof, see
 * replica-proof.ts: otherwise "in all replicas" could be published while one is still without the image.
 */
import type { Region } from './region.ts';
import { sortRegions } from './region.ts';
import type { Registry, VerifyMode } from './registry.ts';

/** The status that ARM reports for a replica, unchanged; `null` for a field that it leaves out. */
export interface ReplicaStatus {
  readonly displayStatus: string | null;
  readonly message: string | null;
  /** ISO 8601 UTC. */
  readonly timestamp: string | null;
}

export interface Replica {
  readonly region: Region;
  /** Name of its ARM resource; absent if it has none of its own, and if it comes from the settings. */
  readonly name?: string;
  /** Whether images must reach it. `false` for regions that are only observed. */
  readonly expected: boolean;
  /** ARM's `provisioningState`; `null` if the set comes from the settings. */
  readonly provisioningState: string | null;
  readonly health: 'healthy' | 'unhealthy' | 'unknown';
  /** The status that `health` comes from; `null` or absent if ARM reports none. */
  readonly status?: ReplicaStatus | null;
  /** Whether the global endpoint routes to this replica. A replica that is not routed to still gets every image. */
  readonly globalRouting: boolean;
  /**
   * Whether it is still being filled with the registry's old content (ARM: not yet ready), so that its reports are about old
   * images.
   */
  readonly seeding: boolean;
  /**
   * When the region's earlier replica was proven to be removed, milliseconds since 1970; absent for its first replica. Reports
   * from before are about that replica, whose copies are gone.
   */
  readonly lastAbsentAt?: number;
  /**
   * Since when ARM has answered, when asked for it by name, that it does not exist; milliseconds since 1970. No proof by itself.
   */
  readonly missingAt?: number;
}

/** A replica that was removed. */
export interface GoneReplica {
  readonly region: Region;
  readonly name: string;
  /** When the removal was proven, milliseconds since 1970. */
  readonly at: number;
}

export interface ReplicaSet {
  /** Alphabetical by region. */
  readonly replicas: readonly Replica[];
  /** Removed replicas of regions that have none now; absent for a set from the settings. */
  readonly gone?: readonly GoneReplica[];
  readonly source: 'settings' | 'arm' | 'remembered';
  /** When it was last read from its source, milliseconds since 1970; 0 if it never was. */
  readonly refreshedAt: number;
  /** What a probe must have found before a copy counts: `missing` nothing, `confirm` its manifest, `deep` all of the image. */
  readonly verify: VerifyMode;
}

/** A set from ARM that is older than this counts as stale. */
export const staleAfterMs = 3_600_000;

export function expectedRegions(set: ReplicaSet): Region[] {
  return set.replicas.filter((replica) => replica.expected).map((replica) => replica.region);
}

/** Whether any expected region is known. */
export function isKnown(set: ReplicaSet): boolean {
  return set.replicas.some((replica) => replica.expected);
}

export function findReplica(set: ReplicaSet, region: Region): Replica | undefined {
  return set.replicas.find((replica) => replica.region === region);
}

export function isStale(set: ReplicaSet, now: number): boolean {
  return set.source !== 'settings' && now - set.refreshedAt > staleAfterMs;
}

/** The set by the settings alone. */
export function replicaSetFromSettings(registry: Registry, now: number): ReplicaSet {
  const plain = (region: Region): Replica => ({
    region,
    expected: true,
    provisioningState: null,
    health: 'unknown',
    globalRouting: true,
    seeding: false,
  });
  return withObservedOnly(registry, {
    replicas: sortRegions(registry.regions ?? []).map(plain),
    source: 'settings',
    refreshedAt: now,
    verify: registry.verify,
  });
}

/** The set with all observed-only regions, none of them expected, even if ARM has a replica there. */
export function withObservedOnly(registry: Registry, set: ReplicaSet): ReplicaSet {
  const all = sortRegions([...set.replicas.map((replica) => replica.region), ...registry.observedOnly]);
  const replicas = all.map((region): Replica => {
    const known = findReplica(set, region) ?? {
      region,
      expected: false,
      provisioningState: null,
      health: 'unknown',
      globalRouting: true,
      seeding: false,
    };
    return registry.observedOnly.includes(region) ? { ...known, expected: false } : known;
  });
  return { ...set, replicas };
}
