/**
 * What was acknowledged with 200 is known from then on, on every process. What was acknowledged with 202 is known later, so
 * it is checked at the end only.
 */
import type { Truth } from '../../../src/local/simulator/truth.ts';
import type { Answer, Attempt, Evidence, Violation } from '../evidence.ts';
import { clock } from '../evidence.ts';
import type { Families } from '../families.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import { newestOf } from './acknowledgements.ts';

/** In answers given during the run. */
export function findLostDuringRun(evidence: Evidence, known: Acknowledgements, families: Families): Violation[] {
  return evidence.samples.flatMap((answer) => {
    const acknowledgedFor = (key: string) =>
      known.of(key).filter(({ status, endedAt }) => status === 200 && endedAt < answer.askedAt);
    // While an index is being read no region counts, and its answer says that its members are not known.
    const isBeingRead = evidence.families.has(answer.subject) && answer.document.members === null;
    return judge(evidence, families, answer, acknowledgedFor, isBeingRead);
  });
}

/** In answers given at the end. */
export function findLost(evidence: Evidence, known: Acknowledgements, families: Families): Violation[] {
  return evidence.answers.flatMap((answer) => judge(evidence, families, answer, known.of, false));
}

function judge(
  { truth }: Evidence,
  families: Families,
  answer: Answer,
  acknowledgedFor: (key: string) => readonly Attempt[],
  isBeingRead: boolean,
): Violation[] {
  const { subject: key, process, answeredAt, document } = answer;
  if (!key.includes('@')) return [];
  const keys = families.claimedBy(key, document);
  const newestIn = (region: string, one: string) =>
    newestOf(acknowledgedFor(one).filter((attempt) => attempt.region === region));
  return truth.regions().flatMap((region) => {
    const acknowledged = keys.map((one) => newestIn(region, one));
    const isComplete = !isBeingRead && acknowledged.every((attempt) => attempt?.action === 'push');
    return acknowledged.flatMap((attempt) => {
      const fault = attempt && findFault(truth, keys, attempt, answer, isComplete);
      if (attempt === undefined || fault === undefined) return [];
      const { action, key: what, eventTime, endedAt, status, outcome } = attempt;
      const made = `${action} of ${what} in ${region} at ${clock(eventTime)}, acknowledged with ${status} ${outcome} by ${attempt.process} at ${clock(endedAt)}`;
      return [{ rule: 'lost', subject: key, what: `${process} at ${clock(answeredAt)}: ${fault} (${made})` }];
    });
  });
}

/**
 * @param keys the image, and its members as far as the answer knows them
 * @param isComplete pushes of all of them have been acknowledged
 */
function findFault(
  truth: Truth,
  keys: readonly string[],
  { region, action, eventTime, key: acknowledgedKey }: Attempt,
  { subject: key, answeredAt, document }: Answer,
  isComplete: boolean,
): string | undefined {
  const claim = document.regions.find((one) => one.region === region);
  const isMember = acknowledgedKey !== key;
  if (claim === undefined || claim.state === 'missing') {
    const isKnown = isComplete || (action === 'delete' && !isMember);
    return isKnown ? `nothing is known of ${region}` : undefined;
  }
  const periods = truth.periodsIn(region, acknowledgedKey);
  // A delete and a push of the same millisecond may come in either order: then both answers are accepted.
  const isBack = periods.some(({ from }) => from >= eventTime && from <= answeredAt);
  if (action === 'delete' && claim.state === 'available' && !isBack) return `still answered as in ${region}`;
  const isGone = periods.some(({ until }) => until !== null && until >= eventTime && until <= answeredAt);
  const isWithoutMember = keys.some(
    (one) => one !== key && truth.periodsIn(region, one).some(({ until }) => until !== null && until <= answeredAt),
  );
  const isWronglyDeleted = claim.state === 'deleted' && !isGone && !isWithoutMember;
  if (action === 'push' && isWronglyDeleted && !isMember) return `answered as deleted in ${region}`;
  const wasNeverDeleted = periods.length === 1 && periods[0]?.until === null;
  const isOlder = claim.eventTime === null || claim.eventTime < Math.floor(eventTime);
  if (action === 'push' && wasNeverDeleted && claim.state === 'available' && isOlder && !isMember) {
    return `answered as in ${region} by an event of ${claim.eventTime === null ? 'no time' : clock(claim.eventTime)}`;
  }
  return undefined;
}
