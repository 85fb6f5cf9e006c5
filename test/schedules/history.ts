/**
 * The model: what was reported, when, and whether an instance acknowledged it. What was acknowledged must be known,
 * what was only reported may be known, and nothing else can be. The model does not use records, versions or retries.
 */
import type { Fact } from '../../src/core/image/arrival.ts';
import { maxRegions } from '../../src/core/image/kept-regions.ts';
import type { EventTime } from '../../src/core/model/event-time.ts';
import { toEventTime } from '../../src/core/model/event-time.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';

/** One report to an instance: by a webhook, or by a replica that was probed. */
export interface Report {
  readonly image: number;
  readonly fact: Fact;
  /** When an instance could first know it. */
  readonly reportedAt: number;
  /** When it was acknowledged, also as deferred; it must not be lost from then on. */
  keptAt: number | undefined;
  /** When it was acknowledged as stored; answers must include it from then on. */
  knownAt: number | undefined;
}

export type Known = Pick<Report, 'reportedAt' | 'keptAt' | 'knownAt'>;

/** What may and what must be answered about one image in one region. */
export interface Claim {
  readonly mayBeThere: boolean;
  /** It is there, and certainly no delete without a digest was reported since. */
  readonly mayCount: boolean;
  readonly mustBeThere: boolean;
  readonly mustBeDeleted: boolean;
}

export interface View {
  /** Whether this was certainly known. */
  readonly must: (report: Known) => boolean;
  /** Whether this could be known. */
  readonly may: (report: Known) => boolean;
  /** What the region reported until then is void: its replica was removed. */
  readonly lastAbsentAt?: number | undefined;
}

/** Something was deleted, and no digest named: all that the repository has there, or what the tag points at. */
export interface UnnamedDelete extends Omit<Report, 'image' | 'fact'> {
  readonly region: Region;
  readonly tag: Tag | undefined;
  readonly eventTime: EventTime;
  readonly receivedAt: number;
}

/** What a time counts as: the first of it and the last, where a repeat may count otherwise. */
export interface Counted {
  readonly first: EventTime;
  readonly last: EventTime;
}

export interface History {
  readonly reports: readonly Report[];
  readonly unnamedDeletes: readonly UnnamedDelete[];
  addReport(one: Report): Report;
  addUnnamedDelete(one: UnnamedDelete): UnnamedDelete;
  /** A time more than five minutes later than the receipt counts as the time of receipt. */
  counted(one: Report): Counted;
  /**
   * When the tag was removed in that region, by what is known of this image by now; a repeat counts as the first of
   * them.
   */
  tagDeletedAt(image: number, tag: Tag, region: Region): EventTime | '';
  claim(image: number, region: Region, view: View): Claim;
  /** Whether a replica that was probed answered that it has the image. */
  isConfirmed(image: number, region: Region, view: View): boolean;
  /** Whether all reports about the image are kept, from all regions. */
  isAllKept(image: number): boolean;
  /** Newest push under the tag among these, in one region. */
  tagPushes(tag: Tag, region?: Region): readonly Report[];
}

export const seenBy = (time: number): View => ({
  must: (report) => report.knownAt !== undefined && report.knownAt <= time,
  may: (report) => report.reportedAt <= time,
});

/** What was known before a question and what could be known when it was answered. */
export const seenBetween = (askedAt: number, answeredAt: number): View => ({
  // The question may have come before what was acknowledged in the same millisecond.
  must: seenBy(askedAt - 1).must,
  may: seenBy(answeredAt).may,
});

export const inTheEnd: View = { must: (report) => report.keptAt !== undefined, may: () => true };

/**
 * @param clockSpreadMs how far a clock may be from the world's, either way
 * @param expected regions whose reports are always kept; of the others, fifty are kept for an image
 */
export function history(clockSpreadMs: number, expected: readonly Region[]): History {
  const reports: Report[] = [];
  const unnamedDeletes: UnnamedDelete[] = [];
  /** One for all repeats. */
  const times = new Map<string, { first: EventTime; last: EventTime }>();
  const timesOf = new Map<Report, Counted>();
  const regionsOf = new Map<number, Set<Region>>();
  const isAllKept = (image: number) => (regionsOf.get(image)?.size ?? 0) <= maxRegions;
  const counted = (one: Report): Counted => timesOf.get(one) ?? { first: timeOf(one), last: timeOf(one) };

  return {
    reports,
    unnamedDeletes,
    counted,
    isAllKept,
    tagDeletedAt(image, tag, region) {
      const isOfTag = ({ fact }: Report) => fact.kind === 'push' && fact.tag === tag;
      // A delete changes only records that had the tag by then.
      const isKnown = ({ reportedAt }: UnnamedDelete) =>
        reports.some(
          (one) => one.image === image && isOfTag(one) && (one.knownAt ?? Number.POSITIVE_INFINITY) < reportedAt,
        );
      return unnamedDeletes
        .filter(
          (unnamedDelete) =>
            unnamedDelete.tag === tag &&
            unnamedDelete.region === region &&
            unnamedDelete.keptAt !== undefined &&
            isKnown(unnamedDelete),
        )
        .map((unnamedDelete) => countedFirst(unnamedDeletes, unnamedDelete))
        .reduce<EventTime | ''>((a, b) => (a > b ? a : b), '');
    },
    addReport(one) {
      reports.push(one);
      const { region } = one.fact;
      regionsOf.set(one.image, (regionsOf.get(one.image) ?? new Set()).add(region));
      const time = timeOf(one);
      const content = contentOf(one);
      const span = times.get(content) ?? { first: time, last: time };
      if (time < span.first) span.first = time;
      if (time > span.last) span.last = time;
      times.set(content, span);
      timesOf.set(one, span);
      return one;
    },
    addUnnamedDelete(one) {
      unnamedDeletes.push(one);
      return one;
    },
    claim(image, region, { must, may, lastAbsentAt }) {
      const newest: Record<string, EventTime | ''> = {};
      const predatesReplica = ({ fact }: Report) => lastAbsentAt !== undefined && fact.receivedAt <= lastAbsentAt;
      // An instance that read the new replica from ARM knows this better than two clocks that differ.
      const isVoidForSure = ({ fact }: Report) =>
        lastAbsentAt !== undefined && fact.receivedAt + 2 * clockSpreadMs <= lastAbsentAt;
      const isBefore = (one: Report, other: Report) => counted(one).first < counted(other).last;
      const isKept = expected.includes(region) || isAllKept(image);
      for (const one of reports) {
        if (one.image !== image || one.fact.region !== region || one.fact.kind === 'untag') continue;
        if (isVoidForSure(one)) continue;
        const { kind } = one.fact;
        const { first, last } = counted(one);
        // Neither a repeat of what is void need be known, nor a push from before it.
        const isDoubtful = reports.some(
          (other) =>
            predatesReplica(other) &&
            isOfSamePlace(one, other) &&
            (isSameReport(one, other) || (kind === 'push' && isBefore(one, other))),
        );
        if (isKept && must(one) && !predatesReplica(one) && !isDoubtful)
          newest[`must ${kind}`] = later(newest[`must ${kind}`], first);
        if (may(one)) newest[`may ${kind}`] = later(newest[`may ${kind}`], last);
      }
      const time = (which: string) => newest[which] ?? '';
      const anyPush = later(time('may push'), time('must push'));
      const anyDelete = later(time('may delete'), time('must delete'));
      // A delete changes only records that existed by then.
      const isKnown = (unnamedDelete: UnnamedDelete) =>
        reports.some(
          (one) => one.image === image && (one.knownAt ?? Number.POSITIVE_INFINITY) < unnamedDelete.reportedAt,
        );
      for (const unnamedDelete of unnamedDeletes) {
        if (unnamedDelete.region !== region || unnamedDelete.tag !== undefined) continue;
        const predatesReplica =
          lastAbsentAt !== undefined && unnamedDelete.receivedAt <= lastAbsentAt + 2 * clockSpreadMs;
        const at = countedFirst(unnamedDeletes, unnamedDelete);
        if (isKept && must(unnamedDelete) && !predatesReplica && isKnown(unnamedDelete))
          newest['must unnamedDelete'] = later(newest['must unnamedDelete'], at);
        // It may have been processed again, and counted as of then.
        if (may(unnamedDelete))
          newest['may unnamedDelete'] = later(newest['may unnamedDelete'], unnamedDelete.eventTime);
      }
      return {
        mayBeThere: anyPush > time('must delete'),
        mayCount: anyPush > later(time('must unnamedDelete'), time('must delete')),
        mustBeThere: time('must push') > later(time('may unnamedDelete'), anyDelete),
        mustBeDeleted: time('must delete') !== '' && time('must delete') >= anyPush,
      };
    },
    isConfirmed: (image, region, { may }) =>
      reports.some(
        (one) =>
          one.image === image &&
          one.fact.region === region &&
          one.fact.kind === 'push' &&
          one.fact.evidence === 'probe' &&
          may(one),
      ),
    tagPushes: (tag, region) =>
      reports.filter(({ fact }) => fact.kind === 'push' && fact.tag === tag && (region ?? fact.region) === fact.region),
  };
}

/** From the contract: clocks of replicas may differ by so much. */
const maxAheadMs = 300_000;

function countedAs(eventTime: EventTime, receivedAt: number): EventTime {
  return eventTime > toEventTime(receivedAt + maxAheadMs) ? toEventTime(receivedAt) : eventTime;
}

/** A repeat may count as of the first report. */
function countedFirst(unnamedDeletes: readonly UnnamedDelete[], { region, tag, eventTime }: UnnamedDelete): EventTime {
  const receivedAt = unnamedDeletes
    .filter((one) => one.region === region && one.tag === tag && one.eventTime === eventTime)
    .map((one) => one.receivedAt);
  return countedAs(eventTime, Math.min(...receivedAt));
}

function timeOf({ fact }: Report): EventTime {
  return countedAs(fact.eventTime, fact.receivedAt);
}

/** The same for all repeats. */
function contentOf({ image, fact }: Report): string {
  return `${image} ${fact.region} ${fact.kind} ${fact.eventTime} ${fact.tag ?? ''}`;
}

function isOfSamePlace(one: Report, other: Report): boolean {
  return one.image === other.image && one.fact.region === other.fact.region;
}

function isSameReport({ fact }: Report, other: Report): boolean {
  return fact.kind === other.fact.kind && fact.eventTime === other.fact.eventTime;
}

function later(a: EventTime | '' | undefined, b: EventTime | ''): EventTime | '' {
  return a === undefined || b > a ? b : a;
}
