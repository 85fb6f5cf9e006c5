/** Judges an image by its requirement: the availability document, and the outcome of a wait for it. */
import type { AvailabilitySnapshot } from '../image/availability.ts';
import { availability, waitOutcome } from '../image/availability.ts';
import type { DecisionContext } from '../image/context.ts';
import { withSet } from '../model/requirement.ts';
import type { Asked, Judged } from './ask.ts';

export function judge(
  { question, requirement: required }: Asked,
  snapshot: AvailabilitySnapshot,
  { set, policy, now }: DecisionContext,
): Judged {
  const requirement = withSet(required, set);
  const document = availability(question, snapshot, requirement, set, now, policy.delayedAfterMs);
  return { outcome: waitOutcome(question, snapshot, requirement, document), document };
}
