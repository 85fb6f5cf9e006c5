/**
 * Which regions a registry has replicas in, and which of them an image must reach. The set comes from settings or
 * from ARM; when ARM does not answer, the last known set is used and says so. It never shrinks because ARM failed:
 * that would tell "in all replicas" while a replica is still without the image.
 */
import type { Region } from './region.ts';
import { sortRegions } from './region.ts';
import type { Registry, VerifyMode } from './registry.ts';

export interface Replica {
  readonly region: Region;
  /** Its copy is waited for. `false` for regions that are only observed. */
  readonly expected: boolean;
  /** ARM's `provisioningState`; `null` when the set comes from settings. */
  readonly provisioningState: string | null;
  readonly health: 'healthy' | 'unhealthy' | 'unknown';
  /** Whether the global endpoint routes to this replica. A replica that is not routed to still gets every image. */
  readonly globalRouting: boolean;
  /** Still being filled with the registry's old content (ARM: not yet ready), so what it reports is old news. */
  readonly seeding: boolean;
  /**
   * When the set was last read without it, milliseconds since 1970; not there for a replica that was there all along. What
   * the region said until then, another replica said, which took its copies along when it was removed.
   */
  readonly absentAt?: number;
}

export interface ReplicaSet {
  /** Alphabetical by region. */
  readonly replicas: readonly Replica[];
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

/** Notes of each replica when it was last not there, as far as any of the earlier sets tells. */
export function withAbsence(replicas: readonly Replica[], earlier: readonly ReplicaSet[]): Replica[] {
  const read = earlier.filter((set) => set.refreshedAt > 0);
  return replicas.map((replica) => {
    const absences = read.map((set) => {
      const before = findReplica(set, replica.region);
      return isSame(before, replica) ? (before?.absentAt ?? 0) : set.refreshedAt;
    });
    const absentAt = Math.max(0, ...absences);
    return absentAt === 0 ? replica : { ...replica, absentAt };
  });
}

/** Only settings know of a replica without a state; and one that is being created has just come into being. */
function isSame(before: Replica | undefined, now: Replica): boolean {
  if (before === undefined || before.provisioningState === null) return false;
  return before.provisioningState === 'Creating' || now.provisioningState !== 'Creating';
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
