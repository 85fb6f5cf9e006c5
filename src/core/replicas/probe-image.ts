/**
 * Asks replicas whether they have an image, or which digest a tag has. Their answers are recorded like reports of webhooks, as
 * facts about one digest in one region.
 */

import type { Arrival, Fact } from '../image/arrival.ts';
import { hasTag, mayHaveTag, taggedAt } from '../image/arrival.ts';
import type { Delivery } from '../image/delivery.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { arrivalIn } from '../image/record.ts';
import { isAvailableIn } from '../image/state.ts';
import type { TagName } from '../image/tag-name.ts';
import { tagPointers } from '../image/tag-resolution.ts';
import type { Digest } from '../model/digest.ts';
import { isLater, justAfter } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Prober } from './prober.ts';
import { seenAt, toFact } from './prober.ts';

export interface ProbeImageDeps {
  readonly prober: Prober;
  readonly clock: Clock;
  /** Records one fact; fails with an `UpstreamError`. */
  recordFact(delivery: Delivery): Promise<unknown>;
}

/** Regions whose replica gave no clear answer, and the longest pause that one of them asked for, or 0. */
export interface ProbeSummary {
  readonly unclear: readonly Region[];
  readonly retryAfterMs: number;
}

/**
 * Asks these replicas for the image. An answer "absent" counts as a deletion only if the image is being deleted: a replica that
 * has just reported a push may not serve the manifest yet.
 * @param image name, and the media types that events had for it
 */
export async function probeImage(
  deps: ProbeImageDeps,
  registry: Registry,
  image: { readonly name: ImageName; readonly mediaTypes: readonly string[] },
  regions: readonly Region[],
  isDeleting = false,
): Promise<ProbeSummary> {
  const { prober, clock } = deps;
  const { name, mediaTypes } = image;
  const asked = regions.filter((region) => prober.canAsk(registry, region));
  return gather(asked, async (region) => {
    const askedAt = clock.now();
    const answer = await prober.ask(registry, region, name.repository, name.digest, mediaTypes);
    if (answer.kind === 'unclear') return answer.retryAfterMs ?? 0;
    const eventTime = seenAt(answer, askedAt);
    const seen = { region, eventTime, receivedAt: askedAt, tag: undefined, mediaType: undefined };
    const fact = toFact(registry, region, answer, askedAt, undefined);
    if (fact !== undefined && !isDeleting) await deps.recordFact({ name, fact });
    if (answer.kind === 'absent' && isDeleting) {
      await deps.recordFact({ name, fact: { ...seen, kind: 'delete', evidence: 'probe' } });
    }
    return undefined;
  });
}

/** Asks every expected replica for the tag's digest, and records answers that differ from what is known. */
export async function probeTag(
  deps: ProbeImageDeps,
  registry: Registry,
  name: TagName,
  candidates: readonly ImageRecord[],
  set: ReplicaSet,
): Promise<ProbeSummary> {
  const { prober, clock } = deps;
  const { repository, tag } = name;
  const pointers = tagPointers(tag, candidates);
  const mediaTypes = [...new Set(candidates.flatMap(mediaTypesOf))];
  const imageOf = (digest: Digest): ImageName => ({ registry: name.registry, repository, digest });
  const asked = expectedRegions(set).filter((region) => prober.canAsk(registry, region));

  return gather(asked, async (region) => {
    const askedAt = clock.now();
    const answer = await prober.ask(registry, region, repository, tag, mediaTypes);
    if (answer.kind === 'unclear') return answer.retryAfterMs ?? 0;
    const known = pointers.regions.get(region)?.digest;
    if (answer.kind === 'present') {
      const record = candidates.find((candidate) => candidate.name.digest === answer.digest);
      const isKnown = known === answer.digest && isAvailableIn(record, region, set);
      const fact = isKnown ? undefined : toFact(registry, region, answer, askedAt, tag);
      if (fact === undefined) return undefined;
      await deps.recordFact({ name: imageOf(answer.digest), fact });
      const earlier = known === answer.digest ? undefined : candidates.find(({ name: { digest } }) => digest === known);
      const moved = untagOfEarlier(fact, arrivalIn(earlier, region), tag);
      if (earlier !== undefined && moved !== undefined) await deps.recordFact({ name: earlier.name, fact: moved });
      return undefined;
    }
    // No webhook reports that a tag was removed: images that had the tag here have lost it.
    for (const candidate of candidates) {
      const arrival = arrivalIn(candidate, region);
      if (arrival === undefined || !(hasTag(arrival, tag) || mayHaveTag(arrival, tag))) continue;
      const eventTime = seenAt(answer, askedAt);
      const seen = { region, eventTime, receivedAt: askedAt, evidence: 'probe', tag, mediaType: undefined } as const;
      await deps.recordFact({ name: candidate.name, fact: { ...seen, kind: 'untag' } });
    }
    return undefined;
  });
}

/**
 * If the region's clock is ahead of ours, the tag's push with its earlier digest counts as later than the answer, although we learned
 * of it before. The region then no longer counts for the earlier digest; which one it has is known once our clock has passed.
 */
function untagOfEarlier(found: Fact, earlier: Arrival | undefined, tag: Tag): Fact | undefined {
  const pushedAt = earlier === undefined ? null : taggedAt(earlier, tag);
  const isKnownBefore = earlier !== undefined && earlier.learnedAt < Date.parse(found.eventTime);
  if (pushedAt === null || !isKnownBefore || isLater(found.eventTime, pushedAt)) return undefined;
  return { ...found, kind: 'untag', evidence: 'probe', eventTime: justAfter(pushedAt), mediaType: undefined };
}

/** The media type that events had for it; empty where they had none. */
export function mediaTypesOf(image: ImageRecord | undefined): string[] {
  return typeof image?.mediaType === 'string' ? [image.mediaType] : [];
}

/** @param ask resolves to `undefined` after a clear answer */
async function gather(
  regions: readonly Region[],
  ask: (region: Region) => Promise<number | undefined>,
): Promise<ProbeSummary> {
  const pauses = await Promise.all(regions.map(async (region) => ({ region, pause: await ask(region) })));
  const unclear = pauses.filter(({ pause }) => pause !== undefined);
  return {
    unclear: unclear.map(({ region }) => region),
    retryAfterMs: Math.max(0, ...unclear.map(({ pause }) => pause ?? 0)),
  };
}

export function mergeSummaries(summaries: readonly ProbeSummary[]): ProbeSummary {
  return {
    unclear: summaries.flatMap((one) => one.unclear),
    retryAfterMs: Math.max(0, ...summaries.map((one) => one.retryAfterMs)),
  };
}
