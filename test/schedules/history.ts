/**
 * The model: what was said, when, and whether somebody acknowledged it. What was acknowledged must be known, what was only
 * said may be, and nothing else can be. It knows nothing of records, versions or retries.
 */
import type { Fact } from '../../src/core/arrival.ts';
import type { EventTime } from '../../src/core/event-time.ts';
import type { Tag } from '../../src/core/reference.ts';
import type { Region } from '../../src/core/region.ts';

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

/** What may and what must be thought of one image in one region. */
export interface Claim {
  readonly mayBeThere: boolean;
  readonly mustBeThere: boolean;
  readonly mustBeDeleted: boolean;
}

export interface View {
  /** Whether this was known for sure. */
  readonly must: (said: Said) => boolean;
  /** Whether this could be known. */
  readonly may: (said: Said) => boolean;
  /** What the region said until then is void: its replica was removed. */
  readonly absentAt?: number | undefined;
}

export interface History {
  readonly said: readonly Said[];
  say(one: Said): Said;
  claim(image: number, region: Region, view: View): Claim;
  /** Whether a replica that was asked has said that it has the image. */
  isConfirmed(image: number, region: Region, view: View): boolean;
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

/** @param clockSpreadMs how far a clock may be from the world's, either way */
export function history(clockSpreadMs: number): History {
  const said: Said[] = [];
  return {
    said,
    say(one) {
      said.push(one);
      return one;
    },
    claim(image, region, { must, may, absentAt }) {
      const newest: Record<string, EventTime | ''> = {};
      const isVoid = ({ fact }: Said) => absentAt !== undefined && fact.receivedAt <= absentAt;
      // Whoever had it from ARM that there is a new replica knew better than two clocks that differ.
      const isVoidForSure = ({ fact }: Said) =>
        absentAt !== undefined && fact.receivedAt + 2 * clockSpreadMs <= absentAt;
      const isBefore = (one: Said, other: Said) => one.fact.eventTime < other.fact.eventTime;
      for (const one of said) {
        if (one.image !== image || one.fact.region !== region || one.fact.kind === 'untag') continue;
        if (isVoidForSure(one)) continue;
        const { kind, eventTime } = one.fact;
        // Neither a repeat of what is void has to be believed, nor a push from before it.
        const isDoubtful = said.some(
          (other) =>
            isVoid(other) &&
            isOfSamePlace(one, other) &&
            (isSameWord(one, other) || (kind === 'push' && isBefore(one, other))),
        );
        if (must(one) && !isVoid(one) && !isDoubtful) newest[`must ${kind}`] = later(newest[`must ${kind}`], eventTime);
        if (may(one)) newest[`may ${kind}`] = later(newest[`may ${kind}`], eventTime);
      }
      const timeOf = (which: string) => newest[which] ?? '';
      const anyPush = later(timeOf('may push'), timeOf('must push'));
      const anyDelete = later(timeOf('may delete'), timeOf('must delete'));
      return {
        mayBeThere: anyPush > timeOf('must delete'),
        mustBeThere: timeOf('must push') > anyDelete,
        mustBeDeleted: timeOf('must delete') !== '' && timeOf('must delete') >= anyPush,
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

function isOfSamePlace(one: Said, other: Said): boolean {
  return one.image === other.image && one.fact.region === other.fact.region;
}

function isSameWord({ fact }: Said, other: Said): boolean {
  return fact.kind === other.fact.kind && fact.eventTime === other.fact.eventTime;
}

function later(a: EventTime | '' | undefined, b: EventTime | ''): EventTime | '' {
  return a === undefined || b > a ? b : a;
}
