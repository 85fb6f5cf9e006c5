/**
 * Whether a document is right: it has everything that was acknowledged before the question, and nothing that was not
 * reported.
 */
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { findReplica } from '../../src/core/model/replica-set.ts';
import type { Case, Rule } from './case.ts';
import { claimOfAll, partsOf } from './family-claims.ts';
import type { View } from './history.ts';
import { judgeMembers } from './judge-members.ts';
import type { Question } from './judge-requirement.ts';
import { judgeRequirement } from './judge-requirement.ts';

/** It was deleted everywhere before months passed: then its deletion need not be known. */
export function mayBeForgotten(on: Case, image: number): boolean {
  return on.leaps.some((leap) => leap.mayBeForgotten.has(image));
}

export function judgeDocument(
  on: Case,
  document: AvailabilityDocument,
  set: ReplicaSet,
  view: View,
  rules: { readonly answer: Rule; readonly kept: Rule },
  question: Question = {},
): void {
  const image = on.imageOf(document.digest);
  if (image === undefined) return;
  judgeMembers(on, image, document, set, view);
  const isListed = on.family.members(image).length > 0 && document.membersKnown;
  const parts = partsOf(on, image, isListed);
  // What it lists may be unknown until it has been read.
  const mayBeUnread = on.family.members(image).length > 0 && !document.membersKnown;
  for (const { region, state, expected } of document.regions) {
    const lastAbsentAt = findReplica(set, region)?.lastAbsentAt;
    const claim = on.history.claim(image, region, { ...view, lastAbsentAt });
    const ofAll = claimOfAll(on, parts, region, { ...view, lastAbsentAt });
    const isThere = state === 'available' || state === 'unverified';
    if (isThere && !claim.mayBeThere)
      on.violate(rules.answer, `image ${image} is ${state} in ${region}, and no report says so`);
    // Of an image that is deleted in all replicas, reports of other regions may have expired.
    const mayBeVoid = !expected && parts.some((part) => mayBeForgotten(on, part));
    if (!isThere && ofAll.mustBeThere && !mayBeUnread && !mayBeVoid)
      on.violate(rules.kept, `image ${image} is ${state} in ${region}, though it was acknowledged`);
    if (state === 'available' && !claim.mayCount)
      on.violate(
        rules.answer,
        `image ${image} is available in ${region}, and a delete that may have been of it was acknowledged`,
      );
    else if (state === 'available' && !ofAll.mayCount)
      on.violate(
        'a family is published only when complete',
        `image ${image} is available in ${region}, a member is not`,
      );
    if (state !== 'deleted' && claim.mustBeDeleted && !mayBeForgotten(on, image))
      on.violate(rules.kept, `image ${image} is ${state} in ${region}, though its deletion was acknowledged`);
    const isConfirmed = on.history.isConfirmed(image, region, view);
    if (state === 'available' && on.plan.world.probing === 'confirm' && !isConfirmed)
      on.violate(rules.answer, `image ${image} is available in ${region}, and its replica has not confirmed it`);
  }
  judgeRequirement(on, image, document, { set, view, ...rules }, question);
  if (document.subject !== undefined) judgeSubject(on, image, document.subject, rules.answer);
  const { requirement } = document;
  // A question about some platforms needs less than the whole index.
  if (question.platforms !== undefined) return;
  const counted = document.regions.filter(
    (entry) => requirement.regions.includes(entry.region) && entry.state === 'available',
  );
  if (document.satisfied && counted.length < requirement.needed) {
    on.violate(
      rules.answer,
      `image ${image} is answered to satisfy ${requirement.needed} of ${requirement.regions}, and is in ${counted.map((entry) => entry.region)}`,
    );
  }
}

function judgeSubject(on: Case, image: number, subject: string, rule: Rule): void {
  on.attachments.named(image, on.scheduler.now());
  const attachment = on.family.attachment(image);
  if (attachment === undefined || on.nameOf(attachment.subject).digest !== subject)
    on.violate(rule, `image ${image} is answered as attached to ${subject}`);
}
