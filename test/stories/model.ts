/**
 * What is true in a story, from the public contract alone. From outside nothing is known to the instant: a report is
 * *possibly* known from when it was sent, and *certainly* from when it was acknowledged. So every statement here comes
 * twice, and the judge calls an answer wrong only if it differs from all that is possible.
 */
import { withFamilies } from './families.ts';
import type { History, Report } from './history.ts';

/** What was acknowledged by `since` is certainly known, what was sent by `until` is possibly known. */
export interface Window {
  readonly since: number;
  readonly until: number;
}

export const instant = (at: number): Window => ({ since: at, until: at });

/** All copies of one delivery. */
export interface Fact {
  readonly region: string;
  readonly action: Report['action'];
  readonly digest: string | null;
  readonly tag: string | null;
  readonly round: number;
  readonly sentAt: number;
  /** Infinite when it was never acknowledged. */
  readonly ackedAt: number;
  /** When it counts as having happened, at the earliest and at the latest. */
  readonly low: number;
  readonly high: number;
  /** Its time lay too far ahead, and counts as the time of receipt. */
  readonly isClamped: boolean;
  /** Its timestamp is about the time at which it was sent. */
  readonly isOnTime: boolean;
}

const minute = 60_000;
/** "An event's time that lies more than five minutes ahead of its receipt counts as the time of receipt." */
const maxAheadMs = 5 * minute;
/** How long a delivery answered 202 may lie on the queue. The contract names no time. */
const deferredMs = 90_000;
const neverLaterMs = 2 * minute;

export function factsOf(reports: readonly Report[]): Fact[] {
  const byDelivery = new Map<string, Report[]>();
  for (const report of reports) {
    // A refused report was never accepted; one without an answer, or with 503, may have taken effect.
    if (report.status !== null && report.status >= 400 && report.status < 500) continue;
    const key = `${report.region} ${report.id}`;
    byDelivery.set(key, [...(byDelivery.get(key) ?? []), report]);
  }
  return [...byDelivery.values()].map((copies) => {
    const first = copies.reduce((one, other) => (other.sentAt < one.sentAt ? other : one));
    const isClamped = first.eventTime > first.sentAt + maxAheadMs;
    const received = copies.map(({ status, answeredAt, sentAt }) =>
      status === 200 && answeredAt !== null ? answeredAt : sentAt + neverLaterMs,
    );
    return {
      region: first.region,
      action: first.action,
      digest: first.digest,
      tag: first.tag,
      round: first.round,
      sentAt: first.sentAt,
      ackedAt: Math.min(...copies.map(acknowledgedAt)),
      low: isClamped ? first.sentAt : first.eventTime,
      high: isClamped ? Math.max(...received) : first.eventTime,
      isClamped,
      isOnTime: Math.abs(first.eventTime - first.sentAt) <= 2_000,
    };
  });
}

function acknowledgedAt({ status, answeredAt }: Report): number {
  if (answeredAt === null) return Number.POSITIVE_INFINITY;
  if (status === 200) return answeredAt;
  return status === 202 ? answeredAt + deferredMs : Number.POSITIVE_INFINITY;
}

/**
 * Whether one report of a region is certainly older than another of the same region. If a time counts as the time of
 * receipt, and another is from a clock that is wrong by minutes, the contract says both "counts as the time of receipt"
 * and "nothing that cannot be corrected by what is sent next": either order passes.
 */
export function isBefore(one: Fact, other: Fact): boolean {
  const gap = other.low - one.high;
  if (one.isClamped === other.isClamped) return gap > 0;
  if (gap > 15 * minute) return true;
  return gap > 0 && (one.isClamped ? other : one).isOnTime;
}

/** Whether what a replica answered at that time may be newer than a report: with a wrong clock that is open. */
function mayBeServedAfter(fact: Fact, servedAt: number): boolean {
  return !(fact.isOnTime || fact.isClamped) || servedAt > fact.sentAt - 2_000;
}

function isAfterServed(fact: Fact, servedAt: number): boolean {
  return fact.sentAt > servedAt && (fact.isClamped || fact.low > servedAt);
}

export interface Model {
  /** The same about single manifests: what holds for an index that the tracker could not read. */
  readonly alone: Model;
  readonly facts: readonly Fact[];
  readonly digests: readonly string[];
  readonly tags: readonly string[];
  expectedSets(window: Window): readonly (readonly string[])[];
  isPossiblyThere(digest: string, region: string, window: Window): boolean;
  isCertainlyThere(digest: string, region: string, window: Window): boolean;
  isPossiblyDeleted(digest: string, region: string, window: Window): boolean;
  isCertainlyDeleted(digest: string, region: string, window: Window): boolean;
  /** It was not reported at all. */
  isUnreported(digest: string, region: string, window: Window): boolean;
  /** A delete without a digest may have hit it. */
  isPossiblyDoubtful(digest: string, region: string, window: Window): boolean;
  /** As `isPossiblyPointed`, but a tag that was deleted without a digest may still be shown as last reported. */
  isPossiblyResolved(tag: string, digest: string, region: string, window: Window): boolean;
  isPossiblyPointed(tag: string, digest: string, region: string, window: Window): boolean;
  isCertainlyPointed(tag: string, digest: string, region: string, window: Window): boolean;
  /** A manifest that it lists may have been deleted there. */
  isPossiblyBroken(digest: string, region: string, window: Window): boolean;
  /** Deleted from all that had it. */
  isPossiblyGone(digest: string, regions: readonly string[], window: Window): boolean;
  /** Also from unexpected regions. */
  isCertainlyGone(digest: string, window: Window): boolean;
  /**
   * It may have been pushed after it was deleted somewhere: by the order of the reports, or by the clocks of regions.
   */
  mayBeBack(digest: string, window: Window): boolean;
  /** Some region may have reported both, and `later` last. */
  mayBeAfter(tag: string, earlier: string, later: string, window: Window): boolean;
  /**
   * One region has certainly reported both in that order, none may have reported the opposite, and that was the real
   * order.
   */
  isKnownAfter(tag: string, earlier: string, later: string, window: Window): boolean;
}

export function modelOf(history: History): Model {
  const facts = factsOf(history.reports);
  const possible = (window: Window) => (fact: Fact) => fact.sentAt <= window.until;
  const certain = (window: Window) => (fact: Fact) => fact.ackedAt <= window.since;
  const of = (region: string, passes: (fact: Fact) => boolean) =>
    facts.filter((fact) => fact.region === region && passes(fact));
  const isPush = (digest: string) => (fact: Fact) => fact.action === 'push' && fact.digest === digest;
  const isRemoval = (digest: string) => (fact: Fact) =>
    fact.action === 'repositoryDelete' || (fact.action === 'delete' && fact.digest === digest);
  const isDelete = (digest: string) => (fact: Fact) => fact.action === 'delete' && fact.digest === digest;
  const servedFor = (digest: string, region: string, { until }: Window) =>
    history.served.filter((served) => served.region === region && served.at <= until && isAbout(served, digest));
  const isAbout = (served: History['served'][number], digest: string) =>
    served.digest === digest || served.reference === digest;

  /** @param undoes which facts take a tag away from a digest */
  function isLastTold(
    tag: string,
    digest: string,
    region: string,
    window: Window,
    undoes: (fact: Fact) => boolean,
  ): boolean {
    const moved = of(
      region,
      (fact) =>
        fact.action === 'repositoryDelete' ||
        (fact.tag === tag && (fact.action === 'untag' || (fact.action === 'push' && fact.digest !== digest))),
    ).filter((fact) => certain(window)(fact) && undoes(fact));
    const pushes = of(region, isPush(digest)).filter((fact) => fact.tag === tag && possible(window)(fact));
    if (pushes.some((push) => !moved.some((move) => isBefore(push, move)))) return true;
    return history.served.some(
      (served) =>
        served.region === region &&
        served.reference === tag &&
        served.digest === digest &&
        served.at <= window.until &&
        !moved.some((move) => isAfterServed(move, served.at)),
    );
  }

  const model: Model = {
    get alone() {
      return model;
    },
    facts,
    digests: [...new Set(facts.flatMap(({ digest }) => digest ?? []))].sort(),
    tags: [...new Set(facts.flatMap(({ tag }) => tag ?? []))].sort(),

    expectedSets({ since, until }) {
      const begun = history.expected.filter(({ from }) => from <= since).slice(-1);
      const during = history.expected.filter(({ from }) => from > since && from <= until);
      return [...begun, ...during].flatMap(({ possible: sets }) => sets);
    },

    isPossiblyThere(digest, region, window) {
      const removed = of(region, isRemoval(digest)).filter(certain(window));
      const pushes = of(region, isPush(digest)).filter(possible(window));
      if (pushes.some((push) => !removed.some((removal) => isBefore(push, removal)))) return true;
      return servedFor(digest, region, window).some(
        ({ at, result }) => result === 'there' && !removed.some((removal) => isAfterServed(removal, at)),
      );
    },

    isCertainlyThere(digest, region, window) {
      const removed = of(region, isRemoval(digest)).filter(possible(window));
      const pushes = of(region, isPush(digest)).filter(certain(window));
      return pushes.some(
        (push) =>
          removed.every((removal) => isBefore(removal, push)) &&
          !servedFor(digest, region, window).some(
            ({ at, result }) => result === 'absent' && mayBeServedAfter(push, at),
          ),
      );
    },

    isPossiblyDeleted(digest, region, window) {
      const pushes = of(region, isPush(digest)).filter(certain(window));
      const deletes = of(region, isDelete(digest)).filter(possible(window));
      if (deletes.some((removal) => !pushes.some((push) => isBefore(removal, push)))) return true;
      return servedFor(digest, region, window).some(({ result }) => result === 'absent');
    },

    isCertainlyDeleted(digest, region, window) {
      const pushes = of(region, isPush(digest)).filter(possible(window));
      const deletes = of(region, isDelete(digest)).filter(certain(window));
      if (pushes.length === 0 || model.isPossiblyDoubtful(digest, region, window)) return false;
      return deletes.some(
        (removal) =>
          pushes.every((push) => isBefore(push, removal)) &&
          !servedFor(digest, region, window).some(
            ({ at, result }) => result === 'there' && mayBeServedAfter(removal, at),
          ),
      );
    },

    isPossiblyBroken: () => false,

    isUnreported(digest, region, window) {
      const reports = of(region, (fact) => fact.digest === digest || fact.action === 'repositoryDelete');
      return (
        !reports.some(possible(window)) && servedFor(digest, region, window).every(({ result }) => result !== 'there')
      );
    },

    isPossiblyDoubtful(digest, region, window) {
      const tags = of(region, isPush(digest)).map(({ tag }) => tag);
      return of(
        region,
        ({ action, tag }) => action === 'repositoryDelete' || (action === 'untag' && tags.includes(tag)),
      ).some(possible(window));
    },

    isPossiblyResolved(tag, digest, region, window) {
      return isLastTold(tag, digest, region, window, ({ action }) => action === 'push');
    },

    isPossiblyPointed(tag, digest, region, window) {
      return isLastTold(tag, digest, region, window, () => true);
    },

    isCertainlyPointed(tag, digest, region, window) {
      const moved = of(
        region,
        (fact) => isRemoval(digest)(fact) || (fact.tag === tag && (fact.action === 'untag' || fact.digest !== digest)),
      ).filter(possible(window));
      const pushes = of(region, isPush(digest)).filter((fact) => fact.tag === tag && certain(window)(fact));
      // A probe of the tag in a region counts as well, and may be newer than its reports.
      const other = (push: Fact) =>
        history.served.some(
          (served) =>
            served.region === region &&
            served.reference === tag &&
            mayBeServedAfter(push, served.at) &&
            served.result !== 'unclear' &&
            served.digest !== digest,
        );
      return pushes.some((push) => moved.every((move) => isBefore(move, push)) && !other(push));
    },

    isPossiblyGone(digest, regions, window) {
      return (
        regions.every((region) => !model.isCertainlyThere(digest, region, window)) &&
        regions.some((region) => model.isPossiblyDeleted(digest, region, window))
      );
    },

    isCertainlyGone(digest, window) {
      const regions = [...new Set([...facts, ...history.served].map(({ region }) => region))];
      const had = regions.filter((region) => of(region, isPush(digest)).some(possible(window)));
      const shown = regions.filter((region) =>
        servedFor(digest, region, window).some(({ result }) => result === 'there'),
      );
      return had.length > 0 && [...had, ...shown].every((region) => model.isCertainlyDeleted(digest, region, window));
    },

    mayBeBack(digest, window) {
      const known = facts.filter(possible(window));
      const deletes = known.filter(isDelete(digest));
      return known
        .filter(isPush(digest))
        .some((push) => deletes.some((removal) => removal.sentAt < push.sentAt || removal.low <= push.high));
    },

    mayBeAfter(tag, earlier, later, window) {
      const pushesOf = (region: string, digest: string) =>
        of(region, (fact) => isPush(digest)(fact) && fact.tag === tag && possible(window)(fact));
      const regions = new Set(facts.map(({ region }) => region));
      if ([...regions].some((region) => history.served.some((s) => s.region === region && s.reference === tag)))
        return true;
      return [...regions].some((region) =>
        pushesOf(region, later).some((last) => pushesOf(region, earlier).some((first) => !isBefore(last, first))),
      );
    },

    isKnownAfter(tag, earlier, later, window) {
      const pushesOf = (digest: string, passes: (fact: Fact) => boolean, region?: string) =>
        facts.filter(
          (fact) =>
            isPush(digest)(fact) &&
            fact.tag === tag &&
            passes(fact) &&
            (region === undefined || fact.region === region),
        );
      const newest = (list: readonly Fact[]) => Math.max(...list.map(({ round }) => round));
      if (newest(pushesOf(earlier, possible(window))) >= newest(pushesOf(later, certain(window)))) return false;
      const orders = [...new Set(facts.map(({ region }) => region))].map((region) => {
        const before = pushesOf(earlier, possible(window), region);
        const after = pushesOf(later, possible(window), region);
        if (before.length === 0 || after.length === 0) return 'unreported';
        // It may have reported the opposite order: a rollback of which a report was lost, or may have been.
        const last = after.filter(certain(window));
        if (!last.some((one) => before.every((first) => isBefore(first, one)))) return 'opposite';
        return before.some(certain(window)) ? 'known' : 'unsure';
      });
      return orders.includes('known') && !orders.includes('opposite');
    },
  };
  return withFamilies(model, history);
}
