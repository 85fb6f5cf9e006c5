/**
 * Which regions a registry has replicas in, and which of them an image must reach. The set comes from settings or
 * from ARM; when ARM does not answer, the last known set is used and says so. It shrinks only on proof, see
 * replica-proof.ts: else "in all replicas" would be published while a replica is still without the image.
 */
import type { Region } from './region.ts';
import { sortRegions } from './region.ts';
import type { Registry, VerifyMode } from './registry.ts';

/** What ARM says of a replica, in its own words; `null` where it leaves one out. */
export interface ReplicaStatus {
  readonly displayStatus: string | null;
  readonly message: string | null;
  /** ISO 8601 UTC. */
  readonly timestamp: string | null;
}

export interface Replica {
  readonly region: Region;
  /** ARM's name of it; not there where it has no resource of its own, and for one that settings name. */
  readonly name?: string;
  /** Its copy is waited for. `false` for regions that are only observed. */
  readonly expected: boolean;
  /** ARM's `provisioningState`; `null` when the set comes from settings. */
  readonly provisioningState: string | null;
  readonly health: 'healthy' | 'unhealthy' | 'unknown';
  /** What `health` was read from; `null` or not there where ARM says nothing. */
  readonly status?: ReplicaStatus | null;
  /** Whether the global endpoint routes to this replica. A replica that is not routed to still gets every image. */
  readonly globalRouting: boolean;
  /** Still being filled with the registry's old content (ARM: not yet ready), so what it reports is old news. */
  readonly seeding: boolean;
  /**
   * When the one before it was proven gone, milliseconds since 1970; not there for a region's first replica. What the region
   * said until then, another replica said, which took its copies along when it was removed.
   */
  readonly lastAbsentAt?: number;
  /** Since when ARM, asked for it by name, has said that there is none, milliseconds since 1970. Alone it is no proof. */
  readonly missingAt?: number;
}

/** A replica that was removed. */
export interface GoneReplica {
  readonly region: Region;
  readonly name: string;
  /** When that was proven, milliseconds since 1970. */
  readonly at: number;
}

export interface ReplicaSet {
  /** Alphabetical by region. */
  readonly replicas: readonly Replica[];
  /** Of regions that have none now; not there for a set that settings tell. */
  readonly gone?: readonly GoneReplica[];
  readonly source: 'settings' | 'arm' | 'remembered';
  /** When it was last read from its source, milliseconds since 1970; 0 for one that never was. */
  readonly refreshedAt: number;
  /** What a replica must have shown before its copy counts: nothing more, its manifest, or all of the image. */
  readonly verify: VerifyMode;
}

/** A set from ARM that is older than this is called stale. */
export const staleAfterMs = 3_600_000;

export function expectedRegions(set: ReplicaSet): Region[] {
  return set.replicas.filter((replica) => replica.expected).map((replica) => replica.region);
}

/** Whether anybody has told which replicas there are. */
export function isKnown(set: ReplicaSet): boolean {
  return set.replicas.some((replica) => replica.expected);
}

export function findReplica(set: ReplicaSet, region: Region): Replica | undefined {
  return set.replicas.find((replica) => replica.region === region);
}

export function isStale(set: ReplicaSet, now: number): boolean {
  return set.source !== 'settings' && now - set.refreshedAt > staleAfterMs;
}

/** The set that settings alone can tell. */
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

/** Observed-only regions are listed, and never waited for, whoever names them. */
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
