/**
 * The registry: which replica has what, and since when. Webhooks report it or are lost; a replica that is probed always
 * answers rightly.
 */
import type { Digest } from '../../src/core/model/digest.ts';
import { parseDigest } from '../../src/core/model/digest.ts';
import type { EventTime } from '../../src/core/model/event-time.ts';
import { toEventTime } from '../../src/core/model/event-time.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { ManifestProbe, ProbeAnswer } from '../../src/core/ports.ts';
import type { Choices } from './choices.ts';
import { pick } from './choices.ts';
import type { ControlPlane } from './control-plane.ts';
import { controlPlane } from './control-plane.ts';
import type { RegionClocks } from './region-clocks.ts';

/** Something that happened in one replica. */
export interface RegistryEvent {
  readonly image: number;
  readonly digest: Digest;
  readonly region: Region;
  /** `untag`: the tag was removed from the digest that it pointed at. */
  readonly kind: 'push' | 'delete' | 'untag';
  readonly tag: Tag | undefined;
  readonly eventTime: EventTime;
  /** Part of something larger that was deleted: no event names it. */
  readonly isUnnamed?: boolean;
  /** The tag was not deleted: only the event says so. */
  readonly isTagKept?: boolean;
}

export interface Registry {
  readonly registryEvents: readonly RegistryEvent[];
  apply(what: Omit<RegistryEvent, 'eventTime'>): RegistryEvent;
  has(digest: Digest, region: Region): boolean;
  /** What the replica in that region has under the tag. */
  resolve(region: Region, tag: string): Digest | undefined;
  setReplicas(count: number, isSeeding: boolean): void;
  /** Every set of replicas there has been, as a text. */
  readonly everySet: ReadonlySet<string>;
  /** When the region got its replica, where it had none at first. */
  addedAt(region: Region): number | undefined;
  /** Whether the replica that it happened in is still there. */
  isCurrent(registryEvent: RegistryEvent): boolean;
  /** Whether it had no replica at some time from `from` on, up to `until`. */
  wasAbsent(region: Region, from: number, until: number): boolean;
  readonly replicas: readonly Region[];
  readonly probe: ManifestProbe;
  /** For so long something else answers in the place of this replica, with a 404 of its own. */
  foreign(region: Region, forMs: number): void;
  isForeign(region: Region): boolean;
  calm(): void;
  /** No more faults from now on. */
  readonly isCalm: boolean;
  readonly arm: ControlPlane;
}

const seedingMs = 60_000;

/** How long ARM shows a replica as `Deleting`: not at all, or until it has been read. */
const deletingTimesMs = [0, 0, 200_000] as const;

export function registry(world: {
  readonly regions: readonly [Region, ...Region[]];
  readonly replicasAtFirst: number;
  readonly now: () => number;
  readonly choices: Choices;
  readonly clocks: RegionClocks;
  readonly mediaType: (digest: Digest) => string | undefined;
  /** How many of ARM's lists in a hundred are wrong. */
  readonly wrongListsPercent: number;
}): Registry {
  const { regions: allRegions, now, choices, clocks } = world;
  let registryEvents: RegistryEvent[] = [];
  const all: RegistryEvent[] = [];
  let replicas: readonly Region[] = allRegions.slice(0, world.replicasAtFirst);
  const changes = [{ at: Number.NEGATIVE_INFINITY, replicas }];
  const seedingUntil = new Map<Region, number>();
  const added = new Map<Region, number>();
  const everySet = new Set([replicas.join()]);
  const foreignUntil = new Map<Region, number>();
  let count = 0;
  let isCalm = false;

  const isForeign = (region: Region) => now() < (foreignUntil.get(region) ?? 0);
  const replicasAt = (time: number) => changes.findLast(({ at }) => at <= time)?.replicas ?? [];
  const arm = controlPlane({
    ...world,
    home: allRegions[0],
    replicasAt,
    isSeeding: (region) => now() < (seedingUntil.get(region) ?? 0),
  });

  const newest = (fits: (one: RegistryEvent) => boolean): RegistryEvent | undefined => registryEvents.findLast(fits);
  const has = (digest: Digest, region: Region) =>
    newest((one) => one.digest === digest && one.region === region && one.kind !== 'untag')?.kind === 'push';

  function resolve(region: Region, tag: string): Digest | undefined {
    const isOfTag = (one: RegistryEvent) => one.kind !== 'delete' && one.tag === tag && one.isTagKept !== true;
    const last = newest((one) => one.region === region && isOfTag(one));
    if (last?.kind !== 'push') return undefined;
    const isOf = (one: RegistryEvent) => one.region === region && one.digest === last.digest;
    const deletedAt = registryEvents.findLastIndex((one) => isOf(one) && one.kind === 'delete');
    return deletedAt > registryEvents.indexOf(last) ? undefined : last.digest;
  }

  return {
    registryEvents: all,
    everySet,
    addedAt: (region) => added.get(region),
    wasAbsent: (region, from, until) =>
      !replicasAt(from).includes(region) ||
      changes.some(({ at, replicas: then }) => at > from && at <= until && !then.includes(region)),
    isCurrent: (registryEvent) => registryEvents.includes(registryEvent),
    has,
    resolve,
    get replicas() {
      return replicas;
    },
    apply(what) {
      // As exact as the registry's own times, so that no two are the same.
      const text = toEventTime(clocks.stamp(what.region, ++count, now()));
      const eventTime = text.replace('000000Z', `${String(count).padStart(6, '0')}Z`) as EventTime;
      const one = { ...what, eventTime };
      registryEvents.push(one);
      all.push(one);
      return one;
    },
    setReplicas(size, isSeeding) {
      const next = allRegions.slice(0, size);
      for (const region of next.filter((one) => !replicas.includes(one))) {
        added.set(region, now());
        if (isSeeding) seedingUntil.set(region, now() + seedingMs);
      }
      // A replica that is removed loses its copies.
      const removed = replicas.filter((region) => !next.includes(region));
      registryEvents = registryEvents.filter((one) => !removed.includes(one.region));
      for (const region of removed) {
        const deletingMs = choices.choose(`${region} deleting ${changes.length}`, 0, (random) =>
          pick(random, deletingTimesMs),
        );
        arm.removed(region, deletingMs);
      }
      changes.push({ at: now(), replicas: next });
      replicas = next;
      everySet.add(next.join());
    },
    probe: {
      async ask(_registry, region, _repository, reference): Promise<ProbeAnswer> {
        if (isForeign(region))
          return { kind: 'unclear', reason: '404 in no words of a registry', retryAfterMs: undefined };
        const digest = parseDigest(reference) ?? resolve(region, reference);
        const isThere = digest !== undefined && has(digest, region);
        // A replica gives its time in whole seconds.
        const answeredAt = Math.floor((now() + clocks.aheadMs(region)) / 1_000) * 1_000;
        return isThere
          ? { kind: 'present', digest, mediaType: world.mediaType(digest), isWhole: true, answeredAt }
          : { kind: 'absent', answeredAt };
      },
    },
    foreign(region, forMs) {
      foreignUntil.set(region, now() + forMs);
    },
    isForeign,
    get isCalm() {
      return isCalm;
    },
    calm() {
      isCalm = true;
      foreignUntil.clear();
      arm.calm();
    },
    arm,
  };
}
