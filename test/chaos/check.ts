/**
 * Holds all that a run has seen against what the app must never do: say an image is where it is not, lose what it has
 * acknowledged, tell too early, under two ids, or not at all. Pure: the same evidence gives the same verdict.
 */
import type { Evidence, Violation } from './evidence.ts';
import { readFamilies } from './families.ts';
import { readAcknowledgements } from './rules/acknowledgements.ts';
import { findBehind } from './rules/behind.ts';
import { findEarly } from './rules/early.ts';
import { findForgotten, findForgottenMeanwhile } from './rules/forgotten.ts';
import { findDoubtfulIds } from './rules/ids.ts';
import { findBadManners } from './rules/manners.ts';
import { findLoneMembers, findWrongMembers } from './rules/members.ts';
import { findWrongTags } from './rules/tags.ts';
import { findUnpublished } from './rules/unpublished.ts';
import { findWronglyReleased } from './rules/waiters.ts';

/** What may still come right: a missing fact is found by asking, an event is told again. */
export function findUnsettled(evidence: Evidence): Violation[] {
  const known = readAcknowledgements(evidence);
  const families = readFamilies(evidence);
  return [findBehind, findForgotten, findUnpublished, findWrongTags].flatMap((find) => find(evidence, known, families));
}

/** What no time mends. */
export function findBroken(evidence: Evidence): Violation[] {
  const families = readFamilies(evidence);
  return [
    ...findEarly(evidence, families),
    ...findDoubtfulIds(evidence, families),
    ...findForgottenMeanwhile(evidence, readAcknowledgements(evidence), families),
    ...findWronglyReleased(evidence, families),
    ...findLoneMembers(evidence, families),
    ...findWrongMembers(evidence),
    ...findBadManners(evidence),
  ];
}

export function check(evidence: Evidence): Violation[] {
  return [...findBroken(evidence), ...findUnsettled(evidence)];
}
