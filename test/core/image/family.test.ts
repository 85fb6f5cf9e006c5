/** Merged copies of a member's record: in any order they give the same region state as the record itself. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Arrival, Fact } from '../../../src/core/image/arrival.ts';
import { isAvailable, isDoubtful } from '../../../src/core/image/arrival.ts';
import { factsOnlyInIndex, joinArrivals, withoutTags } from '../../../src/core/image/family.ts';
import { mergeFact } from '../../../src/core/image/merge-fact.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import { regionOf, tagOf } from '../../support/build.ts';

const start = Date.parse('2026-06-01T12:00:00Z');

const facts = fc.array(
  fc
    .record({
      kind: fc.constantFrom<Fact['kind']>('push', 'push', 'delete', 'doubt'),
      at: fc.integer({ min: 0, max: 5 }),
      evidence: fc.constantFrom<Fact['evidence']>('webhook', 'probe'),
      tag: fc.option(fc.constant(tagOf('v1')), { nil: undefined }),
    })
    .map(
      ({ kind, at, evidence, tag }): Fact => ({
        kind,
        evidence,
        tag,
        region: regionOf('eastus'),
        eventTime: toEventTime(start + at),
        receivedAt: start + 100 + at,
        mediaType: undefined,
      }),
    ),
  { minLength: 1, maxLength: 6 },
);

/** The arrival after each of the facts. */
function versionsOf(list: readonly Fact[]): Arrival[] {
  const versions: Arrival[] = [];
  for (const fact of list) versions.push(mergeFact(versions.at(-1), fact).arrival);
  return versions;
}

function stateOf(arrival: Arrival | undefined) {
  const { pushedAt = null, deletedAt = null, doubtedAt = null } = arrival ?? {};
  const isThere = arrival !== undefined && isAvailable(arrival);
  return { pushedAt, deletedAt, doubtedAt, isThere, isDoubtful: isThere && isDoubtful(arrival) };
}

function joinAll(versions: readonly Arrival[]): Arrival | undefined {
  return versions.reduce<Arrival | undefined>(joinArrivals, undefined);
}

describe('copies', () => {
  test('in any order, and repeated, give the state of the last one', () => {
    const shuffled = facts.chain((list) => {
      const versions = versionsOf(list);
      const order = fc.shuffledSubarray([...versions, ...versions], { minLength: versions.length * 2 });
      return fc.tuple(fc.constant(versions), order);
    });
    fc.assert(
      fc.property(shuffled, ([versions, order]) => {
        expect(stateOf(joinAll(order))).toEqual(stateOf(versions.at(-1)));
      }),
    );
  });

  test('of two records with different reports give the state of one record with all reports', () => {
    fc.assert(
      fc.property(facts, facts, (some, others) => {
        // What a probe found is recorded only where it changes something, so the other reports decide on it.
        const [webhooks, otherWebhooks] = [some, others].map((list) =>
          list.filter(({ evidence }) => evidence === 'webhook'),
        );
        fc.pre(webhooks?.length !== 0 && otherWebhooks?.length !== 0);
        const whole = versionsOf([...(webhooks ?? []), ...(otherWebhooks ?? [])]).at(-1);
        const [one, other] = [versionsOf(webhooks ?? []).at(-1), versionsOf(otherWebhooks ?? []).at(-1)] as [
          Arrival,
          Arrival,
        ];
        const { isThere, isDoubtful: isInDoubt } = stateOf(whole);
        const same = { isThere, isDoubtful: isInDoubt };
        expect(stateOf(joinArrivals(withoutTags(one), other))).toMatchObject(same);
        expect(stateOf(joinArrivals(withoutTags(other), one))).toMatchObject(same);
      }),
    );
  });

  test('that bring nothing new leave the same object', () => {
    fc.assert(
      fc.property(facts, (list) => {
        const last = withoutTags(versionsOf(list).at(-1) as Arrival);
        expect(joinArrivals(last, last)).toBe(last);
      }),
    );
  });

  test('have no tags: a member with hundreds of them must not fill the row of its index', () => {
    fc.assert(
      fc.property(facts, (list) => {
        expect(joinAll(versionsOf(list))).toMatchObject({ tags: {}, untagged: {} });
      }),
    );
  });
});

describe('what only the index knows of a member', () => {
  test('brings the record of the member to the state that the index has', () => {
    fc.assert(
      fc.property(facts, fc.nat({ max: 6 }), (list, stored) => {
        const versions = versionsOf(list);
        const last = versions.at(-1);
        fc.pre(last !== undefined);
        const own = versions[Math.min(stored, versions.length) - 1];
        const missed = factsOnlyInIndex(own === undefined ? {} : { eastus: own }, { eastus: withoutTags(last) });
        const caughtUp = missed.reduce<Arrival | undefined>((arrival, fact) => mergeFact(arrival, fact).arrival, own);
        const { isThere, deletedAt, isDoubtful: isInDoubt } = stateOf(caughtUp);
        const of = stateOf(last);
        expect({ isThere, deletedAt, isInDoubt }).toEqual({
          isThere: of.isThere,
          deletedAt: of.deletedAt,
          isInDoubt: of.isDoubtful,
        });
        // A replica has confirmed it only if it had by what the index or the record knows.
        const isConfirmed = (arrival: Arrival | undefined) => arrival?.evidence.includes('probe') === true;
        if (isThere && isConfirmed(caughtUp)) expect(isConfirmed(last) || isConfirmed(own)).toBe(true);
      }),
    );
  });

  test('is nothing once the record has it', () => {
    fc.assert(
      fc.property(facts, (list) => {
        const last = versionsOf(list).at(-1);
        fc.pre(last !== undefined);
        expect(factsOnlyInIndex({ eastus: last }, { eastus: withoutTags(last) })).toEqual([]);
      }),
    );
  });
});
