/**
 * What is answered about artifacts and platforms when all faults have ended: what is there counts, whatever else is
 * missing.
 */
import type { AvailabilityDocument, AvailabilityQuery } from '../../src/core/image/availability.ts';
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import { artifactsOfKind, isEverywhere, mustHaveAll } from './artifact-claims.ts';
import type { Case } from './case.ts';
import { inTheEnd } from './history.ts';
import type { Instance } from './instance.ts';
import { judgeDocument } from './judge-answer.ts';

const rules = { answer: 'an answer is true', kept: 'an acknowledged fact is kept' } as const;
const kinds = ['signature', 'sbom', 'report'] as const;

/** @param plain the answer without artifacts */
export async function judgeArtifactsEnd(
  on: Case,
  { tracker, label }: Instance,
  image: number,
  plain: AvailabilityDocument,
): Promise<void> {
  const set = tracker.replicaSet(on.settings);
  const question = {
    registry: on.settings,
    repository: on.repository,
    digest: on.nameOf(image).digest,
    tag: undefined,
  };
  const ask = async (asked: Pick<AvailabilityQuery, 'artifacts' | 'platforms'>) => {
    const askedAt = on.scheduler.now();
    const document = await tracker.answer({ ...question, ...asked }, defaultRequirement(set));
    judgeDocument(on, document, set, inTheEnd, rules, { ...asked, label, askedAt });
    return document;
  };
  const listed = on.family.members(image).map(on.family.platform);
  for (const platform of listed.length > 0 ? [...listed, 'linux/none'] : []) await ask({ platforms: [platform] });

  for (const artifacts of [['signature'], ['sbom'], ['sbom', 'signature']]) {
    const document = await ask({ artifacts });
    if (document.artifacts?.some(({ known }) => !known))
      on.violate('what is attached is known', `image ${image}: ${label} does not know, and the registry answers`);
    const isThere = plain.satisfied && artifacts.every((kind) => isCertain(on, image, kind, document));
    on.counters.count('artifacts', `at the end: ${document.satisfied ? 'satisfied' : 'not satisfied'}`);
    if (!isThere || document.satisfied) continue;
    const others = kinds.filter((kind) => !artifacts.includes(kind));
    const isOtherMissing = others.some((kind) =>
      artifactsOfKind(on, image, kind).some((one) => !isEverywhere(on, one)),
    );
    on.violate(
      isOtherMissing ? 'only what was asked for must be there' : 'what is attached is known',
      `image ${image} with ${artifacts} is everywhere, and ${label} does not say so: ${JSON.stringify(document.artifacts)}`,
    );
  }
}

/** All of the kind is in every replica, and was reported there. */
function isCertain(on: Case, image: number, kind: string, { requirement }: AvailabilityDocument): boolean {
  return (
    requirement.regions.every((region) => mustHaveAll(on, image, kind, region, inTheEnd)) &&
    artifactsOfKind(on, image, kind).every((artifact) => isEverywhere(on, artifact) || isNowhere(on, artifact))
  );
}

function isNowhere(on: Case, artifact: number): boolean {
  return !on.registry.registryEvents.some(({ image }) => image === artifact);
}
