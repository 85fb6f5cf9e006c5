/** Whether a document has exactly what an index lists, and whether that may be unknown. */
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { findReplica } from '../../src/core/model/replica-set.ts';
import { hasRival } from './artifact-claims.ts';
import type { Case } from './case.ts';
import type { View } from './history.ts';

export function judgeMembers(
  on: Case,
  image: number,
  { members, membersKnown, regions, requirement }: AvailabilityDocument,
  set: ReplicaSet,
  view: View,
): void {
  const listed = on.family.members(image);
  if (listed.length === 0) return;
  const available = regions.filter(({ state }) => state === 'available');
  on.counters.count(
    'families',
    `asked: ${membersKnown ? 'members known' : available.length > 0 ? 'members unknown, counts by itself' : 'members unknown'}`,
  );
  if (!membersKnown) {
    if (members !== null)
      on.violate(
        'what an index lists is known',
        `the members of image ${image} are not known, and listed all the same`,
      );
    if (available.length === 0) return;
    if (!on.readings.isUnreadable(on.nameOf(image).digest, on.scheduler.now()))
      on.violate('what an index lists is known', `image ${image} counts by itself, and could be read`);
    if (available.some(({ evidence }) => !evidence.includes('membersUnknown')))
      on.violate('what an index lists is known', `image ${image} counts by itself, and its evidence does not say so`);
    return;
  }
  on.readings.listed(image, on.scheduler.now());
  // An attached artifact is a member as well, once it is known.
  const isArtifact = (member: number | undefined) =>
    member !== undefined && on.family.artifacts(image).includes(member);
  for (const { digest, kind } of members ?? []) {
    const member = on.imageOf(digest);
    if (isArtifact(member) !== (kind === 'artifact'))
      on.violate('what an index lists is known', `image ${member} is called a member of image ${image}, ${kind}`);
  }
  const answered = (members ?? []).map(({ digest }) => on.imageOf(digest)).filter((member) => !isArtifact(member));
  if (answered.toSorted().join() !== listed.toSorted().join())
    on.violate('what an index lists is known', `image ${image} lists ${listed}, and ${answered} are answered`);
  for (const { digest, missing } of members ?? []) {
    const member = on.imageOf(digest);
    if (member === undefined) continue;
    for (const region of requirement?.regions ?? []) {
      const lastAbsentAt = findReplica(set, region)?.lastAbsentAt;
      const claim = on.history.claim(member, region, { ...view, lastAbsentAt });
      const isMissing = missing.includes(region);
      if (!isMissing && !claim.mayCount)
        on.violate(
          isArtifact(member) ? 'an artifact counts only where it is' : 'a family is published only when complete',
          `member ${member} of image ${image} is not missing in ${region}`,
        );
      // Its tag may be another digest's there by now.
      const isCertain = on.plan.world.probing !== 'confirm' && !hasRival(on, member);
      if (isMissing && claim.mustBeThere && isCertain)
        on.violate('an acknowledged fact is kept', `member ${member} of image ${image} is missing in ${region}`);
    }
  }
}
