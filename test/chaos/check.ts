/**
 * Checks all that a run recorded against what the app must never do: call an image available where it is not, lose what it
 * has acknowledged, publish an event too early, under two ids, or never. Pure: the same evidence gives the same violations.
 */
import type { Evidence, Violation } from './evidence.ts';
import { readFamilies } from './families.ts';
import { readAcknowledgements } from './rules/acknowledgements.ts';
import { findWrongIds } from './rules/ids.ts';
import { findLost, findLostDuringRun } from './rules/lost.ts';
import { findPublishedMembers, findWrongMembers } from './rules/members.ts';
import { findOutdated } from './rules/outdated.ts';
import { findProcessFaults } from './rules/processes.ts';
import { findWrongTags } from './rules/tags.ts';
import { findUnpublished } from './rules/unpublished.ts';
import { findUntrue } from './rules/untrue.ts';
import { findWronglyReleased } from './rules/waiters.ts';

/** What more time can correct: the app finds a missing fact by probing, and publishes an event again. */
export function findUnsettled(evidence: Evidence): Violation[] {
  const known = readAcknowledgements(evidence);
  const families = readFamilies(evidence);
  return [findOutdated, findLost, findUnpublished, findWrongTags].flatMap((find) => find(evidence, known, families));
}

/** What more time cannot correct. */
export function findFinal(evidence: Evidence): Violation[] {
  const families = readFamilies(evidence);
  return [
    ...findUntrue(evidence, families),
    ...findWrongIds(evidence, families),
    ...findLostDuringRun(evidence, readAcknowledgements(evidence), families),
    ...findWronglyReleased(evidence, families),
    ...findPublishedMembers(evidence, families),
    ...findWrongMembers(evidence),
    ...findProcessFaults(evidence),
  ];
}

export function check(evidence: Evidence): Violation[] {
  return [...findFinal(evidence), ...findUnsettled(evidence)];
}
