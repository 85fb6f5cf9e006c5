/**
 * The registry: which replica has what, and since when. Webhooks tell of it, or are lost; a replica that is asked always
 * knows.
 */
import type { Digest } from '../../src/core/digest.ts';
import { parseDigest } from '../../src/core/digest.ts';
import type { EventTime } from '../../src/core/event-time.ts';
import { toEventTime } from '../../src/core/event-time.ts';
import type { ManifestProbe, ProbeAnswer, ReplicaDirectory } from '../../src/core/ports.ts';
import type { Tag } from '../../src/core/reference.ts';
import type { Region } from '../../src/core/region.ts';
import type { Replica } from '../../src/core/replica-set.ts';

/** Something that happened in one replica. */
export interface Happening {
  readonly image: number;
  readonly digest: Digest;
  readonly region: Region;
  readonly kind: 'push' | 'delete';
  readonly tag: Tag | undefined;
  readonly eventTime: EventTime;
}

export interface Registry {
  readonly happenings: readonly Happening[];
  happen(what: Omit<Happening, 'eventTime'>): Happening;
  has(digest: Digest, region: Region): boolean;
  setReplicas(count: number, isSeeding: boolean): void;
  /** Every set of replicas there has been, as a text. */
  readonly everySet: ReadonlySet<string>;
  /** When the region got its replica, where it had none at first. */
  addedAt(region: Region): number | undefined;
  /** Whether the replica that it happened in is still there. */
  isCurrent(happening: Happening): boolean;
  readonly replicas: readonly Region[];
  readonly probe: ManifestProbe;
  readonly directory: ReplicaDirectory;
}

const seedingMs = 60_000;

export function registry(allRegions: readonly Region[], replicasAtFirst: number, now: () => number): Registry {
  let happenings: Happening[] = [];
  const all: Happening[] = [];
  let replicas = allRegions.slice(0, replicasAtFirst);
  const seedingUntil = new Map<Region, number>();
  const added = new Map<Region, number>();
  const everySet = new Set([replicas.join()]);
  let count = 0;

  const newest = (fits: (one: Happening) => boolean): Happening | undefined =>
    happenings
      .filter(fits)
      .reduce<Happening | undefined>((a, b) => (a === undefined || b.eventTime > a.eventTime ? b : a), undefined);
  const has = (digest: Digest, region: Region) =>
    newest((one) => one.digest === digest && one.region === region)?.kind === 'push';

  function resolve(region: Region, tag: string): Digest | undefined {
    const last = newest((one) => one.region === region && one.kind === 'push' && one.tag === tag);
    const gone = last && newest((one) => one.region === region && one.digest === last.digest && one.kind === 'delete');
    return last === undefined || (gone !== undefined && gone.eventTime > last.eventTime) ? undefined : last.digest;
  }

  return {
    happenings: all,
    everySet,
    addedAt: (region) => added.get(region),
    isCurrent: (happening) => happenings.includes(happening),
    has,
    get replicas() {
      return replicas;
    },
    happen(what) {
      // As exact as the registry's own times, so that no two are the same.
      const eventTime = toEventTime(now()).replace('000000Z', `${String(++count).padStart(6, '0')}Z`) as EventTime;
      const one = { ...what, eventTime };
      happenings.push(one);
      all.push(one);
      return one;
    },
    setReplicas(size, isSeeding) {
      const next = allRegions.slice(0, size);
      for (const region of next.filter((one) => !replicas.includes(one))) {
        added.set(region, now());
        if (isSeeding) seedingUntil.set(region, now() + seedingMs);
      }
      // A replica that is removed takes its copies along.
      const removed = replicas.filter((region) => !next.includes(region));
      happenings = happenings.filter((one) => !removed.includes(one.region));
      replicas = next;
      everySet.add(next.join());
    },
    probe: {
      async ask(_registry, region, _repository, reference): Promise<ProbeAnswer> {
        const digest = parseDigest(reference) ?? resolve(region, reference);
        const isThere = digest !== undefined && has(digest, region);
        // As a replica tells its time: whole seconds.
        const saidAt = Math.floor(now() / 1_000) * 1_000;
        return isThere
          ? { kind: 'present', digest, mediaType: undefined, isWhole: true, saidAt }
          : { kind: 'absent', saidAt };
      },
    },
    directory: {
      replicas: async () =>
        replicas.map(
          (region): Replica => ({
            region,
            expected: true,
            provisioningState: 'Succeeded',
            health: 'healthy',
            globalRouting: true,
            seeding: now() < (seedingUntil.get(region) ?? 0),
          }),
        ),
    },
  };
}
