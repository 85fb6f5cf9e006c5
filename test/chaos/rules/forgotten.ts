/**
 * A 2xx is a promise: what was acknowledged is known from then on, on every process. 202 promises it for later, so it
 * counts at the end only.
 */
import type { Answer, Attempt, Evidence, Violation } from '../evidence.ts';
import { clock } from '../evidence.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import { newestOf } from './acknowledgements.ts';

/** In answers given during the run. */
export function findForgottenMeanwhile(evidence: Evidence, known: Acknowledgements): Violation[] {
  return evidence.samples.flatMap((answer) =>
    judge(evidence, answer, (key) =>
      known.of(key).filter(({ status, endedAt }) => status === 200 && endedAt < answer.askedAt),
    ),
  );
}

/** In answers given at the end. */
export function findForgotten(evidence: Evidence, known: Acknowledgements): Violation[] {
  return evidence.answers.flatMap((answer) => judge(evidence, answer, known.of));
}

function judge(evidence: Evidence, answer: Answer, promisedFor: (key: string) => readonly Attempt[]): Violation[] {
  const { subject: key, process, answeredAt } = answer;
  if (!key.includes('@')) return [];
  const byRegion = Map.groupBy(promisedFor(key), ({ region }) => region);
  return [...byRegion.values()].flatMap((promised) => {
    const newest = newestOf(promised);
    const fault = newest && findFault(evidence, newest, answer);
    if (newest === undefined || fault === undefined) return [];
    const { action, region, eventTime, endedAt, status, outcome } = newest;
    const promise = `${action} in ${region} at ${clock(eventTime)}, acknowledged with ${status} ${outcome} by ${newest.process} at ${clock(endedAt)}`;
    return [{ rule: 'forgotten', subject: key, what: `${process} at ${clock(answeredAt)}: ${fault} (${promise})` }];
  });
}

function findFault(
  { truth }: Evidence,
  newest: Attempt,
  { subject: key, answeredAt, document }: Answer,
): string | undefined {
  const { region, action, eventTime } = newest;
  const claim = document.regions.find((one) => one.region === region);
  if (claim === undefined || claim.state === 'missing') return `nothing is known of ${region}`;
  const spells = truth.spellsIn(region, key);
  // Within one millisecond a delete and a push may come in either order: then both are believed.
  const isBack = spells.some(({ from }) => from >= eventTime && from <= answeredAt);
  if (action === 'delete' && claim.state === 'available' && !isBack) return `still said to be in ${region}`;
  const isGone = spells.some(({ until }) => until !== null && until >= eventTime && until <= answeredAt);
  if (action === 'push' && claim.state === 'deleted' && !isGone) return `said to be deleted in ${region}`;
  const wasNeverDeleted = spells.length === 1 && spells[0]?.until === null;
  const isOlder = claim.eventTime === null || claim.eventTime < Math.floor(eventTime);
  if (action === 'push' && wasNeverDeleted && claim.state === 'available' && isOlder) {
    return `said to be in ${region} by an event of ${claim.eventTime === null ? 'no time' : clock(claim.eventTime)}`;
  }
  return undefined;
}
