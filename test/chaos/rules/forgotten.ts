/**
 * A 2xx is a promise: what was acknowledged is known from then on, on every process. 202 promises it for later, so it
 * counts at the end only.
 */
import type { Truth } from '../../../src/local/simulator/truth.ts';
import type { Answer, Attempt, Evidence, Violation } from '../evidence.ts';
import { clock } from '../evidence.ts';
import type { Families } from '../families.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import { newestOf } from './acknowledgements.ts';

/** In answers given during the run. */
export function findForgottenMeanwhile(evidence: Evidence, known: Acknowledgements, families: Families): Violation[] {
  return evidence.samples.flatMap((answer) => {
    const promisedFor = (key: string) =>
      known.of(key).filter(({ status, endedAt }) => status === 200 && endedAt < answer.askedAt);
    // While an index is being read no region counts, and its answer says that its members are not known.
    const isBeingRead = evidence.families.has(answer.subject) && answer.document.members === null;
    return judge(evidence, families, answer, promisedFor, isBeingRead);
  });
}

/** In answers given at the end. */
export function findForgotten(evidence: Evidence, known: Acknowledgements, families: Families): Violation[] {
  return evidence.answers.flatMap((answer) => judge(evidence, families, answer, known.of, false));
}

function judge(
  { truth }: Evidence,
  families: Families,
  answer: Answer,
  promisedFor: (key: string) => readonly Attempt[],
  isBeingRead: boolean,
): Violation[] {
  const { subject: key, process, answeredAt, document } = answer;
  if (!key.includes('@')) return [];
  const keys = families.claimedBy(key, document);
  const newestIn = (region: string, one: string) =>
    newestOf(promisedFor(one).filter((attempt) => attempt.region === region));
  return truth.regions().flatMap((region) => {
    const promises = keys.map((one) => newestIn(region, one));
    const isWhole = !isBeingRead && promises.every((promise) => promise?.action === 'push');
    return promises.flatMap((promise) => {
      const fault = promise && findFault(truth, keys, promise, answer, isWhole);
      if (promise === undefined || fault === undefined) return [];
      const { action, key: what, eventTime, endedAt, status, outcome } = promise;
      const made = `${action} of ${what} in ${region} at ${clock(eventTime)}, acknowledged with ${status} ${outcome} by ${promise.process} at ${clock(endedAt)}`;
      return [{ rule: 'forgotten', subject: key, what: `${process} at ${clock(answeredAt)}: ${fault} (${made})` }];
    });
  });
}

/**
 * @param keys the image, and its members as far as the answer knows them
 * @param isWhole all of them have been promised to be there
 */
function findFault(
  truth: Truth,
  keys: readonly string[],
  { region, action, eventTime, key: promised }: Attempt,
  { subject: key, answeredAt, document }: Answer,
  isWhole: boolean,
): string | undefined {
  const claim = document.regions.find((one) => one.region === region);
  const isMember = promised !== key;
  if (claim === undefined || claim.state === 'missing') {
    const isKnown = isWhole || (action === 'delete' && !isMember);
    return isKnown ? `nothing is known of ${region}` : undefined;
  }
  const spells = truth.spellsIn(region, promised);
  // Within one millisecond a delete and a push may come in either order: then both are believed.
  const isBack = spells.some(({ from }) => from >= eventTime && from <= answeredAt);
  if (action === 'delete' && claim.state === 'available' && !isBack) return `still said to be in ${region}`;
  const isGone = spells.some(({ until }) => until !== null && until >= eventTime && until <= answeredAt);
  const isWithoutMember = keys.some(
    (one) => one !== key && truth.spellsIn(region, one).some(({ until }) => until !== null && until <= answeredAt),
  );
  const isUnjustlyGone = claim.state === 'deleted' && !isGone && !isWithoutMember;
  if (action === 'push' && isUnjustlyGone && !isMember) return `said to be deleted in ${region}`;
  const wasNeverDeleted = spells.length === 1 && spells[0]?.until === null;
  const isOlder = claim.eventTime === null || claim.eventTime < Math.floor(eventTime);
  if (action === 'push' && wasNeverDeleted && claim.state === 'available' && isOlder && !isMember) {
    return `said to be in ${region} by an event of ${claim.eventTime === null ? 'no time' : clock(claim.eventTime)}`;
  }
  return undefined;
}
