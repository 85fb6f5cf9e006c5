/** Whether a document says what was known: everything acknowledged before the question, nothing that nobody has said. */
import type { AvailabilityDocument } from '../../src/core/availability.ts';
import type { ReplicaSet } from '../../src/core/replica-set.ts';
import { findReplica } from '../../src/core/replica-set.ts';
import type { Case, Rule } from './case.ts';
import type { View } from './history.ts';

export function judgeDocument(
  on: Case,
  document: AvailabilityDocument,
  set: ReplicaSet,
  view: View,
  rules: { readonly said: Rule; readonly kept: Rule },
): void {
  const image = on.imageOf(document.digest);
  if (image === undefined) return;
  for (const { region, state } of document.regions) {
    const absentAt = findReplica(set, region)?.absentAt;
    const claim = on.history.claim(image, region, { ...view, absentAt });
    const isThere = state === 'available' || state === 'unverified';
    if (isThere && !claim.mayBeThere)
      on.violate(rules.said, `image ${image} is ${state} in ${region}, and nothing known says so`);
    if (!isThere && claim.mustBeThere)
      on.violate(rules.kept, `image ${image} is ${state} in ${region}, though it was acknowledged`);
    if (state !== 'deleted' && claim.mustBeDeleted)
      on.violate(rules.kept, `image ${image} is ${state} in ${region}, though its deletion was acknowledged`);
    const isConfirmed = on.history.isConfirmed(image, region, view);
    if (state === 'available' && on.plan.world.probing === 'confirm' && !isConfirmed)
      on.violate(rules.said, `image ${image} is available in ${region}, and its replica has not confirmed it`);
  }
  const { requirement } = document;
  const counted = document.regions.filter(
    (entry) => requirement.regions.includes(entry.region) && entry.state === 'available',
  );
  if (document.satisfied && counted.length < requirement.needed) {
    on.violate(
      rules.said,
      `image ${image} is said to satisfy ${requirement.needed} of ${requirement.regions}, and is in ${counted.map((entry) => entry.region)}`,
    );
  }
}
