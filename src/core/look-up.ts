/**
 * Finds out for itself: where an image nobody has reported is missing, and where a tag points. What the replicas say
 * goes the same way as what webhooks say, as facts about one digest in one region.
 */
import { hasTag } from './arrival.ts';
import type { Digest } from './digest.ts';
import type { ImageName, ImageRecord } from './image.ts';
import { arrivalIn, isAvailableIn } from './image.ts';
import type { Clock, Delivery } from './ports.ts';
import type { Prober } from './prober.ts';
import { seenAt, toFact } from './prober.ts';
import type { Region } from './region.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions } from './replica-set.ts';
import type { TagName } from './tag.ts';
import { tagPointers } from './tag.ts';

export interface LookUpParts {
  readonly prober: Prober;
  readonly clock: Clock;
  /** Records one fact; fails with a `WorldError`. */
  record(delivery: Delivery): Promise<unknown>;
}

/** Replicas that gave no clear answer, and how long they asked for at most; nobody to ask again: 0 regions. */
export interface LookedUp {
  readonly unclear: readonly Region[];
  readonly retryAfterMs: number;
}

/**
 * Asks these replicas for the image. Only where the registry is deleting it does a clear "not there" count as a
 * deletion: a replica that has just been reported may still be behind its own report.
 */
export async function lookUpImage(
  parts: LookUpParts,
  registry: Registry,
  name: ImageName,
  regions: readonly Region[],
  isDeleting = false,
): Promise<LookedUp> {
  const { prober, clock } = parts;
  const asked = regions.filter((region) => prober.canAsk(registry, region));
  return gather(asked, async (region) => {
    const askedAt = clock.now();
    const answer = await prober.ask(registry, region, name.repository, name.digest);
    if (answer.kind === 'unclear') return answer.retryAfterMs ?? 0;
    const eventTime = seenAt(answer, askedAt);
    const seen = { region, eventTime, receivedAt: askedAt, tag: undefined, mediaType: undefined };
    const fact = toFact(registry, region, answer, askedAt, undefined);
    if (fact !== undefined && !isDeleting) await parts.record({ name, fact });
    if (answer.kind === 'absent' && isDeleting) {
      await parts.record({ name, fact: { ...seen, kind: 'delete', evidence: 'probe' } });
    }
    return undefined;
  });
}

/** Asks every expected replica where the tag points, and notes what differs from what is known. */
export async function lookUpTag(
  parts: LookUpParts,
  registry: Registry,
  name: TagName,
  candidates: readonly ImageRecord[],
  set: ReplicaSet,
): Promise<LookedUp> {
  const { prober, clock } = parts;
  const { repository, tag } = name;
  const pointers = tagPointers(tag, candidates);
  const imageOf = (digest: Digest): ImageName => ({ registry: name.registry, repository, digest });
  const asked = expectedRegions(set).filter((region) => prober.canAsk(registry, region));

  return gather(asked, async (region) => {
    const askedAt = clock.now();
    const answer = await prober.ask(registry, region, repository, tag);
    if (answer.kind === 'unclear') return answer.retryAfterMs ?? 0;
    const known = pointers.regions.get(region)?.digest;
    if (answer.kind === 'present') {
      const record = candidates.find((candidate) => candidate.name.digest === answer.digest);
      const isKnown = known === answer.digest && isAvailableIn(record, region, set);
      const fact = isKnown ? undefined : toFact(registry, region, answer, askedAt, tag);
      if (fact !== undefined) await parts.record({ name: imageOf(answer.digest), fact });
      return undefined;
    }
    // Untagging and deleting are told by nobody: what pointed here does so no more.
    for (const candidate of candidates) {
      const arrival = arrivalIn(candidate, region);
      if (arrival === undefined || !hasTag(arrival, tag)) continue;
      const eventTime = seenAt(answer, askedAt);
      const seen = { region, eventTime, receivedAt: askedAt, evidence: 'probe', tag, mediaType: undefined } as const;
      await parts.record({ name: candidate.name, fact: { ...seen, kind: 'untag' } });
    }
    return undefined;
  });
}

/** @param ask resolves to `undefined` after a clear answer */
async function gather(
  regions: readonly Region[],
  ask: (region: Region) => Promise<number | undefined>,
): Promise<LookedUp> {
  const pauses = await Promise.all(regions.map(async (region) => ({ region, pause: await ask(region) })));
  const unclear = pauses.filter(({ pause }) => pause !== undefined);
  return {
    unclear: unclear.map(({ region }) => region),
    retryAfterMs: Math.max(0, ...unclear.map(({ pause }) => pause ?? 0)),
  };
}
