/** Nothing is published, and nothing is answered, before it is true. */
import type { Evidence, PublishedEvent, Violation } from '../evidence.ts';
import {
  allReplicas,
  clock,
  deletedEverywhere,
  deletedInRegion,
  inRegion,
  tagConverged,
  tagSuperseded,
} from '../evidence.ts';
import type { Families } from '../families.ts';
import { findUntrueClaims } from './untrue-claims.ts';

export function findUntrue(evidence: Evidence, families: Families): Violation[] {
  const { truth, published, samples, answers } = evidence;
  const untrueAnswers = [...samples, ...answers].flatMap(({ process, subject, answeredAt, document }) => {
    const [repository = ''] = subject.split(/[:@]/);
    const key = document.digest === null ? subject : `${repository}@${document.digest}`;
    return findUntrueClaims(truth, families.claimedBy(key, document), document, answeredAt).map((what) => ({
      rule: 'untrue answer',
      subject: key,
      what: `${process}, asked about ${subject}: ${what}`,
    }));
  });
  const untrueEvents = published.flatMap((one) =>
    [
      ...findUntrueClaims(truth, families.claimedBy(one.key, one.document), one.document, one.at),
      ...findUntrueFacts(evidence, families, one),
    ].map((what) => ({
      rule: 'untrue event',
      subject: one.key,
      what: `${one.type} ${one.id}, accepted at ${clock(one.at)}: ${what}`,
    })),
  );
  return [...untrueAnswers, ...untrueEvents];
}

function findUntrueFacts(evidence: Evidence, families: Families, one: PublishedEvent): string[] {
  const { truth, tagMoves } = evidence;
  const { type, key, at, time, region, subject, supersededBy } = one;
  const without = (regions: readonly string[], isSo: (region: string) => boolean, what: string) => {
    const missing = regions.filter((one) => !isSo(one));
    return missing.length === 0 ? [] : [`${what} ${missing.join(', ')}`];
  };
  const claimed = families.claimedBy(key, one.document);
  const had = (one: string, until: number) =>
    claimed.every((each) => truth.periodsIn(one, each).some(({ from }) => from <= until));
  const lost = (one: string) =>
    claimed.some((each) => truth.periodsIn(one, each).some(({ until }) => until !== null && until <= at));
  const pointed = (one: string, digest: string) =>
    tagMoves.some((move) => move.at <= at && move.region === one && move.tagKey === subject && move.digest === digest);
  const digest = key.slice(key.indexOf('@') + 1);
  switch (type) {
    case allReplicas:
      return [
        ...without(truth.regions(), (one) => had(one, at), 'it had not been in'),
        ...without(truth.regions(), (one) => had(one, time), `it became known at ${clock(time)}, before it was in`),
      ];
    case inRegion:
      return without([region ?? 'no region'], (one) => had(one, Math.min(at, time)), 'it had not been in');
    case deletedInRegion:
      return without([region ?? 'no region'], lost, 'it had not been deleted in');
    case deletedEverywhere:
      return without(listKnownRegions(evidence, one), lost, 'it had not been deleted in');
    case tagConverged:
      return without(truth.regions(), (one) => pointed(one, digest), 'the tag had never pointed at it in');
    case tagSuperseded: {
      const isTrue = truth.regions().some((one) => pointed(one, supersededBy ?? ''));
      return isTrue ? [] : [`the tag did not point at ${supersededBy} anywhere`];
    }
    default:
      return [];
  }
}

/**
 * The regions that had the image as far as the app knew: "deleted in all replicas" is about these. A region whose webhook
 * events were all lost, or are still on the queue, may have it for a while.
 */
function listKnownRegions({ truth, attempts, published }: Evidence, { key, time }: PublishedEvent): string[] {
  const stored = attempts.filter((one) => one.status === 200 && one.key === key && one.action === 'push');
  const announced = published.filter((one) => one.type === inRegion && one.key === key && one.time < time);
  return truth
    .regions()
    .filter(
      (region) =>
        stored.some((one) => one.region === region && one.endedAt < time) ||
        announced.some((one) => one.region === region),
    );
}
