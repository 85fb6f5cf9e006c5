/**
 * Asks the replicas about an image and what belongs to it: where members of an index or attached artifacts are missing, or where a
 * region has deleted them.
 */

import { isDeleted, isDoubtful } from '../image/arrival.ts';
import type { AvailabilityQuery } from '../image/availability.ts';
import type { DecisionContext } from '../image/context.ts';
import { probeTargets } from '../image/probe-targets.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { isManifestDeleted, missingMembers, scatteredMembers } from '../image/state.ts';
import type { Digest } from '../model/digest.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { WatchedImage } from '../store/image-watch.ts';
import type { ReadTag } from '../store/read-tag.ts';
import type { ProbeImageDeps, ProbeSummary } from './probe-image.ts';
import { mediaTypesOf, mergeSummaries, probeImage, probeTag } from './probe-image.ts';

export interface FamilyProbe {
  /** Asks about one image or tag. Fails with an `UpstreamError`. */
  probe(question: AvailabilityQuery): Promise<ProbeSummary>;
  probeAttached(question: AvailabilityQuery, watched: WatchedImage): Promise<void>;
}

export interface FamilyProbeDeps extends ProbeImageDeps {
  readonly readTag: ReadTag;
  decisionContext(registry: Registry): DecisionContext;
  /** Of a member, with what its indexes know. */
  readImage(name: ImageName): Promise<ImageRecord | undefined>;
}

/** Attached artifacts that are probed at a time. */
const maxAttached = 10;

export function familyProbe(deps: FamilyProbeDeps): FamilyProbe {
  const { decisionContext } = deps;

  /** Reads the record first: another instance may have stored more since the timer fired. */
  async function probe({ registry, repository, tag, digest }: AvailabilityQuery): Promise<ProbeSummary> {
    const { set, policy, now } = decisionContext(registry);
    const place = { registry: registry.name, repository };
    if (tag !== undefined) {
      const candidates = await deps.readTag({ ...place, tag });
      return probeTag(deps, registry, { ...place, tag }, candidates, set);
    }
    if (digest === undefined) throw new Error('a question names a tag or a digest');
    const name = { ...place, digest };
    const image = await deps.readImage(name);
    const { presence, absence } = probeTargets(image, set, now - (policy.probeAfterMs ?? 0));
    const target = { name, mediaTypes: mediaTypesOf(image) };
    const members = image === undefined ? [] : lackingMembers(image, set);
    return mergeSummaries(
      await Promise.all([
        probeImage(deps, registry, target, presence),
        probeImage(deps, registry, target, absence, true),
        ...members.map((member) => probeMember(registry, { ...place, digest: member.digest }, member)),
      ]),
    );
  }

  /** If one region has deleted a member, the others must be asked whether they still have it, as for any image. */
  async function probeMember(
    registry: Registry,
    name: ImageName,
    { regions, isInDoubt }: LackingMember,
  ): Promise<ProbeSummary> {
    // An index may have a hundred members. Only for those in doubt the member's own record is read; for the others, what the
    // index's record says of them is enough.
    if (!isInDoubt) return probeImage(deps, registry, { name, mediaTypes: [] }, regions);
    const { set, policy, now } = decisionContext(registry);
    const image = await deps.readImage(name);
    const { presence, absence } = probeTargets(image, set, now - (policy.probeAfterMs ?? 0));
    const target = { name, mediaTypes: mediaTypesOf(image) };
    const missing = presence.filter((region) => regions.includes(region));
    return mergeSummaries(
      await Promise.all([
        probeImage(deps, registry, target, missing),
        probeImage(deps, registry, target, absence, true),
      ]),
    );
  }

  /** Artifacts that the registry lists and no webhook has reported: they are older than the tracker, or their webhook was lost. */
  async function probeAttached({ registry, repository }: AvailabilityQuery, watched: WatchedImage): Promise<void> {
    const { set } = decisionContext(registry);
    const { attached } = await watched.read();
    const lacking = (attached?.artifacts ?? []).flatMap(({ digest, regions }) => {
      const missing = expectedRegions(set).filter((region) => !regions.includes(region));
      return missing.length === 0 ? [] : [{ digest, missing }];
    });
    await Promise.all(
      lacking.slice(0, maxAttached).map(({ digest, missing }) => {
        const name = { registry: registry.name, repository, digest };
        return probeImage(deps, registry, { name, mediaTypes: [] }, missing);
      }),
    );
  }

  return { probe, probeAttached };
}

interface LackingMember {
  readonly digest: Digest;
  /** Where it is missing. */
  readonly regions: readonly Region[];
  /** A region has deleted it, or may have. */
  readonly isInDoubt: boolean;
}

function lackingMembers(image: ImageRecord, set: ReplicaSet): LackingMember[] {
  const lacking = expectedRegions(set).map((region) => ({ region, members: missingMembers(image, region, set) }));
  // Of a deleted index, those that are nowhere are deleted too, or never came.
  const members = isManifestDeleted(image, set) ? scatteredMembers(image, set) : image.family?.members;
  const digests = new Set(members?.map(({ digest }) => digest));
  return [...digests].flatMap((digest): LackingMember[] => {
    const regions = lacking.filter(({ members }) => members.some((one) => one.digest === digest));
    if (regions.length === 0) return [];
    const reported = image.family?.reported[digest] ?? {};
    const isInDoubt = Object.values(reported).some((arrival) => isDeleted(arrival) || isDoubtful(arrival));
    return [{ digest, regions: regions.map(({ region }) => region), isInDoubt }];
  });
}
