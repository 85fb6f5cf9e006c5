/** Nothing is told, and nothing is answered, before it is true. */
import type { Evidence, Told, Violation } from '../evidence.ts';
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

export function findEarly(evidence: Evidence, families: Families): Violation[] {
  const { truth, told, samples, answers } = evidence;
  const answered = [...samples, ...answers].flatMap(({ process, subject, answeredAt, document }) => {
    const [repository = ''] = subject.split(/[:@]/);
    const key = document.digest === null ? subject : `${repository}@${document.digest}`;
    return findUntrueClaims(truth, families.claimedBy(key, document), document, answeredAt).map((what) => ({
      rule: 'untrue answer',
      subject: key,
      what: `${process}, asked about ${subject}: ${what}`,
    }));
  });
  const published = told.flatMap((one) =>
    [
      ...findUntrueClaims(truth, families.claimedBy(one.key, one.document), one.document, one.at),
      ...findEarlyFacts(evidence, families, one),
    ].map((what) => ({
      rule: 'untrue event',
      subject: one.key,
      what: `${one.type} ${one.id}, taken at ${clock(one.at)}: ${what}`,
    })),
  );
  return [...answered, ...published];
}

function findEarlyFacts(evidence: Evidence, families: Families, one: Told): string[] {
  const { truth, tagMoves } = evidence;
  const { type, key, at, time, region, subject, supersededBy } = one;
  const without = (regions: readonly string[], isSo: (region: string) => boolean, what: string) => {
    const missing = regions.filter((one) => !isSo(one));
    return missing.length === 0 ? [] : [`${what} ${missing.join(', ')}`];
  };
  const claimed = families.claimedBy(key, one.document);
  const had = (one: string, until: number) =>
    claimed.every((each) => truth.spellsIn(one, each).some(({ from }) => from <= until));
  const lost = (one: string) =>
    claimed.some((each) => truth.spellsIn(one, each).some(({ until }) => until !== null && until <= at));
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
 * Where the app knew the image to be when it decided: gone from all replicas means from all that were known to have it. A
 * region whose every webhook event was lost, or still waits on the queue, may have it for a while.
 */
function listKnownRegions({ truth, attempts, told }: Evidence, { key, time }: Told): string[] {
  const stored = attempts.filter((one) => one.status === 200 && one.key === key && one.action === 'push');
  const said = told.filter((one) => one.type === inRegion && one.key === key && one.time < time);
  return truth
    .regions()
    .filter(
      (region) =>
        stored.some((one) => one.region === region && one.endedAt < time) || said.some((one) => one.region === region),
    );
}
