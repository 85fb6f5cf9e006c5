/**
 * Whether a document is right about which regions have everything that was requested: the platforms, and the artifacts.
 */
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { findReplica } from '../../src/core/model/replica-set.ts';
import { artifactsOfKind, mustHaveAll, reasonAgainst, wasTold } from './artifact-claims.ts';
import type { AskedFor } from './attached.ts';
import type { Case, Rule } from './case.ts';
import { claimOfAll, partsFor } from './family-claims.ts';
import type { View } from './history.ts';

/** What was requested, of which instance, and when. */
export interface Question extends AskedFor {
  readonly label?: string;
  readonly askedAt?: number;
}

export function judgeRequirement(
  on: Case,
  image: number,
  document: AvailabilityDocument,
  {
    set,
    view,
    answer,
    kept,
  }: { readonly set: ReplicaSet; readonly view: View; readonly answer: Rule; readonly kept: Rule },
  question: Question,
): void {
  const { requirement, missing, satisfied } = document;
  const have = requirement.regions.filter((region) => !missing.includes(region));
  if (satisfied && have.length < requirement.needed)
    on.violate(answer, `image ${image} is answered to satisfy ${requirement.needed}, and ${missing} are missing`);
  const viewOf = (region: Region): View => ({ ...view, lastAbsentAt: findReplica(set, region)?.lastAbsentAt });
  judgePlatforms(on, image, document, viewOf, question);
  judgeArtifacts(on, image, document, { viewOf, answer, kept }, question);
}

function judgePlatforms(
  on: Case,
  image: number,
  { requirement, missing, membersKnown, tag }: AvailabilityDocument,
  viewOf: (region: Region) => View,
  { platforms = [], artifacts = [] }: Question,
): void {
  if (platforms.length === 0) return;
  const least = partsFor(on, image, membersKnown, platforms);
  const all = partsFor(on, image, membersKnown, platforms, true);
  for (const region of requirement.regions) {
    const isMissing = missing.includes(region);
    const mayCount = least !== undefined && claimOfAll(on, least, region, viewOf(region)).mayCount;
    on.counters.count('platforms', `${isMissing ? 'missing' : 'there'} in a region`);
    if (!isMissing && !mayCount)
      on.violate('an answer is for the requested platforms', `image ${image}, ${platforms} is not in ${region}`);
    const isCertain = on.plan.world.probing !== 'confirm' && tag === undefined && artifacts.length === 0;
    const mustCount =
      isCertain && membersKnown && all !== undefined && claimOfAll(on, all, region, viewOf(region)).mustBeThere;
    if (isMissing && mustCount)
      on.violate('an answer is for the requested platforms', `image ${image}, ${platforms} is missing in ${region}`);
  }
}

function judgeArtifacts(
  on: Case,
  image: number,
  document: AvailabilityDocument,
  { viewOf, answer, kept }: { readonly viewOf: (region: Region) => View; readonly answer: Rule; readonly kept: Rule },
  { artifacts = [], label, askedAt }: Question,
): void {
  const now = on.scheduler.now();
  const { requirement, missing, satisfied } = document;
  const answered = document.artifacts ?? [];
  if (answered.map(({ kind }) => kind).join() !== artifacts.join())
    on.violate(
      answer,
      `image ${image} was asked for with ${artifacts}, and ${answered.map(({ kind }) => kind)} is answered`,
    );
  const by = { label, before: askedAt ?? now };
  for (const { kind, known, missing: lacking } of answered) {
    const what = `image ${image}, ${kind}, asked of ${label}`;
    on.counters.count('artifacts', `asked: ${!known ? 'unknown' : satisfied ? 'satisfied' : 'not yet'}`);
    if (!known && satisfied) on.violate('what is attached is known', `${what}: satisfied, and unknown`);
    // What has a tag of its own is known without a list; so is what was read and named its subject, or listed to anybody.
    const isHeardOf = artifactsOfKind(on, image, kind).some(
      (one) => isTaggedOne(on, one) || on.readings.wasRead(on.nameOf(one).digest) || wasListed(on, image, one),
    );
    if (known && !isHeardOf && !wasTold(on, image, label, now))
      on.violate('what is attached is known', `${what}: known, and no registry has listed it`);
    for (const region of requirement.regions) {
      if (lacking.includes(region)) {
        if (!missing.includes(region)) on.violate(answer, `${what}: missing in ${region}, which counts`);
        const isCertain = known && on.plan.world.probing !== 'confirm' && isFound(on, image, kind, by);
        if (isCertain && mustHaveAll(on, image, kind, region, viewOf(region)))
          on.violate(kept, `${what}: missing in ${region}, which has it`);
        continue;
      }
      const reason = reasonAgainst(on, image, kind, region, viewOf(region), by);
      if (reason !== undefined) on.violate('an artifact counts only where it is', `${what}: ${reason}`);
    }
  }
}

function wasListed(on: Case, image: number, artifact: number): boolean {
  const { digest } = on.nameOf(image);
  const attached = on.nameOf(artifact).digest;
  return on.attachments.received.some(({ subject, listed }) => subject === digest && listed.includes(attached));
}

/** It was reported. */
function isTaggedOne(on: Case, artifact: number): boolean {
  return (
    on.family.attachment(artifact)?.tag !== undefined && on.history.reports.some(({ image }) => image === artifact)
  );
}

/** Whether at least one of this kind was known before the question. */
function isFound(
  on: Case,
  image: number,
  kind: string,
  by: { readonly label: string | undefined; readonly before: number },
) {
  const { digest } = on.nameOf(image);
  return on.family.artifacts(image).some((artifact) => {
    const attachment = on.family.attachment(artifact);
    if (attachment?.kind !== kind) return false;
    if (attachment.tag !== undefined)
      return on.history.reports.some(
        ({ image: of, fact, knownAt }) =>
          of === artifact && fact.tag === attachment.tag && (knownAt ?? by.before) < by.before,
      );
    return on.attachments.received.some(
      (answered) =>
        answered.subject === digest &&
        answered.label === by.label &&
        answered.at < by.before &&
        answered.listed.includes(attachment.digest),
    );
  });
}
