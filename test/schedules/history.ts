/**
 * The model: what was said, when, and whether somebody acknowledged it. What was acknowledged must be known, what was only
 * said may be, and nothing else can be. It knows nothing of records, versions or retries.
 */
import type { Fact } from '../../src/core/image/arrival.ts';
import { maxRegions } from '../../src/core/image/kept-regions.ts';
import type { EventTime } from '../../src/core/model/event-time.ts';
import { toEventTime } from '../../src/core/model/event-time.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';

/** One time that something was said to an instance: by a webhook, or by a replica that was asked. */
export interface Said {
  readonly image: number;
  readonly fact: Fact;
  /** When an instance could first know it. */
  readonly saidAt: number;
  /** When it was acknowledged, also as deferred; it must not be lost from then on. */
  keptAt: number | undefined;
  /** When it was acknowledged as stored; answers must know it from then on. */
  knownAt: number | undefined;
}

export type Known = Pick<Said, 'saidAt' | 'keptAt' | 'knownAt'>;

/** What may and what must be thought of one image in one region. */
export interface Claim {
  readonly mayBeThere: boolean;
  /** There, and not doubted since for sure: something was deleted that names no digest. */
  readonly mayCount: boolean;
  readonly mustBeThere: boolean;
  readonly mustBeDeleted: boolean;
}

export interface View {
  /** Whether this was known for sure. */
  readonly must: (said: Known) => boolean;
  /** Whether this could be known. */
  readonly may: (said: Known) => boolean;
  /** What the region said until then is void: its replica was removed. */
  readonly lastAbsentAt?: number | undefined;
}

/** Something was deleted, and no digest named: all that the repository has there, or what the tag points at. */
export interface Doubt extends Omit<Said, 'image' | 'fact'> {
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
  readonly said: readonly Said[];
  readonly doubts: readonly Doubt[];
  say(one: Said): Said;
  doubt(one: Doubt): Doubt;
  /** A time that lies more than five minutes ahead of its receipt counts as the time of receipt. */
  counted(one: Said): Counted;
  /** When it was taken off in that region, for all that is known of this image by now; repeats count as the first of them. */
  takenOff(image: number, tag: Tag, region: Region): EventTime | '';
  claim(image: number, region: Region, view: View): Claim;
  /** Whether a replica that was asked has said that it has the image. */
  isConfirmed(image: number, region: Region, view: View): boolean;
  /** Whether all that was told of the image is kept, wherever it was told. */
  isAllKept(image: number): boolean;
  /** Newest push under the tag among these, in one region. */
  tagPushes(tag: Tag, region?: Region): readonly Said[];
}

export const seenBy = (time: number): View => ({
  must: (said) => said.knownAt !== undefined && said.knownAt <= time,
  may: (said) => said.saidAt <= time,
});

/** What was known before a question and what could be known when it was answered. */
export const seenBetween = (askedAt: number, answeredAt: number): View => ({
  // What was acknowledged in that very millisecond, the question may not have met yet.
  must: seenBy(askedAt - 1).must,
  may: seenBy(answeredAt).may,
});

export const inTheEnd: View = { must: (said) => said.keptAt !== undefined, may: () => true };

/**
 * @param clockSpreadMs how far a clock may be from the world's, either way
 * @param expected regions that are never forgotten; of the others, fifty are kept for an image
 */
export function history(clockSpreadMs: number, expected: readonly Region[]): History {
  const said: Said[] = [];
  const doubts: Doubt[] = [];
  /** One for all repeats. */
  const times = new Map<string, { first: EventTime; last: EventTime }>();
  const timesOf = new Map<Said, Counted>();
  const regionsOf = new Map<number, Set<Region>>();
  const isAllKept = (image: number) => (regionsOf.get(image)?.size ?? 0) <= maxRegions;
  const counted = (one: Said): Counted => timesOf.get(one) ?? { first: timeOf(one), last: timeOf(one) };

  return {
    said,
    doubts,
    counted,
    isAllKept,
    takenOff(image, tag, region) {
      const isOfTag = ({ fact }: Said) => fact.kind === 'push' && fact.tag === tag;
      // What nobody knew of the tag by then, nothing could be marked in.
      const isKnown = ({ saidAt }: Doubt) =>
        said.some((one) => one.image === image && isOfTag(one) && (one.knownAt ?? Number.POSITIVE_INFINITY) < saidAt);
      return doubts
        .filter((doubt) => doubt.tag === tag && doubt.region === region && doubt.keptAt !== undefined && isKnown(doubt))
        .map((doubt) => countedFirst(doubts, doubt))
        .reduce<EventTime | ''>((a, b) => (a > b ? a : b), '');
    },
    say(one) {
      said.push(one);
      const { region } = one.fact;
      regionsOf.set(one.image, (regionsOf.get(one.image) ?? new Set()).add(region));
      const time = timeOf(one);
      const word = wordOf(one);
      const span = times.get(word) ?? { first: time, last: time };
      if (time < span.first) span.first = time;
      if (time > span.last) span.last = time;
      times.set(word, span);
      timesOf.set(one, span);
      return one;
    },
    doubt(one) {
      doubts.push(one);
      return one;
    },
    claim(image, region, { must, may, lastAbsentAt }) {
      const newest: Record<string, EventTime | ''> = {};
      const predatesReplica = ({ fact }: Said) => lastAbsentAt !== undefined && fact.receivedAt <= lastAbsentAt;
      // Whoever had it from ARM that there is a new replica knew better than two clocks that differ.
      const isVoidForSure = ({ fact }: Said) =>
        lastAbsentAt !== undefined && fact.receivedAt + 2 * clockSpreadMs <= lastAbsentAt;
      const isBefore = (one: Said, other: Said) => counted(one).first < counted(other).last;
      const isKept = expected.includes(region) || isAllKept(image);
      for (const one of said) {
        if (one.image !== image || one.fact.region !== region || one.fact.kind === 'untag') continue;
        if (isVoidForSure(one)) continue;
        const { kind } = one.fact;
        const { first, last } = counted(one);
        // Neither a repeat of what is void has to be believed, nor a push from before it.
        const isDoubtful = said.some(
          (other) =>
            predatesReplica(other) &&
            isOfSamePlace(one, other) &&
            (isSameWord(one, other) || (kind === 'push' && isBefore(one, other))),
        );
        if (isKept && must(one) && !predatesReplica(one) && !isDoubtful)
          newest[`must ${kind}`] = later(newest[`must ${kind}`], first);
        if (may(one)) newest[`may ${kind}`] = later(newest[`may ${kind}`], last);
      }
      const time = (which: string) => newest[which] ?? '';
      const anyPush = later(time('may push'), time('must push'));
      const anyDelete = later(time('may delete'), time('must delete'));
      // What nobody knew of the image by then, nothing could be marked in.
      const isKnown = (doubt: Doubt) =>
        said.some((one) => one.image === image && (one.knownAt ?? Number.POSITIVE_INFINITY) < doubt.saidAt);
      for (const doubt of doubts) {
        if (doubt.region !== region || doubt.tag !== undefined) continue;
        const predatesReplica = lastAbsentAt !== undefined && doubt.receivedAt <= lastAbsentAt + 2 * clockSpreadMs;
        const at = countedFirst(doubts, doubt);
        if (isKept && must(doubt) && !predatesReplica && isKnown(doubt))
          newest['must doubt'] = later(newest['must doubt'], at);
        // It may have been taken up again, and counted as of then.
        if (may(doubt)) newest['may doubt'] = later(newest['may doubt'], doubt.eventTime);
      }
      return {
        mayBeThere: anyPush > time('must delete'),
        mayCount: anyPush > later(time('must doubt'), time('must delete')),
        mustBeThere: time('must push') > later(time('may doubt'), anyDelete),
        mustBeDeleted: time('must delete') !== '' && time('must delete') >= anyPush,
      };
    },
    isConfirmed: (image, region, { may }) =>
      said.some(
        (one) =>
          one.image === image &&
          one.fact.region === region &&
          one.fact.kind === 'push' &&
          one.fact.evidence === 'probe' &&
          may(one),
      ),
    tagPushes: (tag, region) =>
      said.filter(({ fact }) => fact.kind === 'push' && fact.tag === tag && (region ?? fact.region) === fact.region),
  };
}

/** From the contract: clocks of replicas may differ by so much. */
const maxAheadMs = 300_000;

function countedAs(eventTime: EventTime, receivedAt: number): EventTime {
  return eventTime > toEventTime(receivedAt + maxAheadMs) ? toEventTime(receivedAt) : eventTime;
}

/** A repeat may count as of the first time it was told. */
function countedFirst(doubts: readonly Doubt[], { region, tag, eventTime }: Doubt): EventTime {
  const receivedAt = doubts
    .filter((one) => one.region === region && one.tag === tag && one.eventTime === eventTime)
    .map((one) => one.receivedAt);
  return countedAs(eventTime, Math.min(...receivedAt));
}

function timeOf({ fact }: Said): EventTime {
  return countedAs(fact.eventTime, fact.receivedAt);
}

/** The same for all repeats. */
function wordOf({ image, fact }: Said): string {
  return `${image} ${fact.region} ${fact.kind} ${fact.eventTime} ${fact.tag ?? ''}`;
}

function isOfSamePlace(one: Said, other: Said): boolean {
  return one.image === other.image && one.fact.region === other.fact.region;
}

function isSameWord({ fact }: Said, other: Said): boolean {
  return fact.kind === other.fact.kind && fact.eventTime === other.fact.eventTime;
}

function later(a: EventTime | '' | undefined, b: EventTime | ''): EventTime | '' {
  return a === undefined || b > a ? b : a;
}
