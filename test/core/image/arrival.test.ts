/** What one replica has reported about one digest, fact by fact. */
import { describe, expect, test } from 'vitest';
import type { Arrival, Evidence, Fact } from '../../../src/core/image/arrival.ts';
import { hasTag, isAvailable, isDeleted, isDoubtful, mayHaveTag } from '../../../src/core/image/arrival.ts';
import { leaveTag, maxAhead, mergeFact, withAhead, withCountedTime } from '../../../src/core/image/merge-fact.ts';
import { at, deleteOf, eventTimeOf, factOf, pushOf, tagOf } from '../../support/build.ts';

const time = (minute: number) => `2026-06-01T12:${String(minute).padStart(2, '0')}:00Z`;

function merged(...facts: Fact[]): Arrival {
  let arrival: Arrival | undefined;
  for (const fact of facts) arrival = mergeFact(arrival, fact).arrival;
  return arrival ?? expect.fail('no facts');
}

test.each(['probe', 'deepProbe'] as const)('a probe that finds it once more is no new push: %s', (evidence) => {
  const asked = merged(pushOf('eastus', time(0)), pushOf('eastus', time(5), { evidence }));
  expect(asked).toMatchObject({
    pushedAt: eventTimeOf(time(0)),
    eventTime: eventTimeOf(time(0)),
    since: at(time(0)),
    learnedAt: at(time(0)),
    evidence: ['webhook', evidence],
  });
  const { arrival, outcome } = mergeFact(asked, pushOf('eastus', time(9), { evidence }));
  expect([arrival === asked, outcome]).toEqual([true, 'outdated']);
});

test('of times far in the future, the last are kept', () => {
  const count = maxAhead + 7;
  let arrival = merged(pushOf('eastus', time(0)));
  for (let i = 0; i < count; i++) {
    const receivedAt = new Date(at(time(1)) + i * 1_000).toISOString();
    const eventTime = new Date(at('2099-01-01T00:00:00Z') + i * 1_000).toISOString();
    const stated = pushOf('eastus', receivedAt, { eventTime });
    const counted = withCountedTime(arrival, stated);
    arrival = withAhead(mergeFact(arrival, counted).arrival, stated, counted);
  }
  const last = Array.from({ length: maxAhead }, (_, i) => new Date(at(time(1)) + (7 + i) * 1_000).toISOString());
  expect(Object.values(arrival.ahead ?? {})).toEqual(last.map(eventTimeOf));
});

test('a delete is known since it was learned, a second one changes that no more', () => {
  const deleted = merged(pushOf('eastus', time(0)), deleteOf('eastus', time(1)));
  expect(deleted).toMatchObject({ since: at(time(1)), learnedAt: at(time(1)), eventTime: eventTimeOf(time(1)) });
  const again = merged(pushOf('eastus', time(0)), deleteOf('eastus', time(1)), deleteOf('eastus', time(2)));
  expect(again).toMatchObject({ since: at(time(1)), learnedAt: at(time(2)), evidence: ['webhook'] });
});

test('a push and a delete of one instant are a delete', () => {
  for (const facts of [
    [pushOf('eastus', time(1)), deleteOf('eastus', time(1))],
    [deleteOf('eastus', time(1)), pushOf('eastus', time(1))],
  ]) {
    expect([isAvailable(merged(...facts)), isDeleted(merged(...facts))]).toEqual([false, true]);
  }
});

test('what confirmed a copy that was deleted does not confirm the next', () => {
  const confirmed = [pushOf('eastus', time(0)), pushOf('eastus', time(1), { evidence: 'deepProbe' })];
  expect(merged(...confirmed).evidence).toEqual(['webhook', 'deepProbe']);
  expect(merged(...confirmed, deleteOf('eastus', time(2)), pushOf('eastus', time(3))).evidence).toEqual(['webhook']);
  // Nor does the probe that found it gone.
  const gone = deleteOf('eastus', time(2), { evidence: 'probe' });
  expect(merged(...confirmed, gone, pushOf('eastus', time(3))).evidence).toEqual(['webhook']);
});

test('a tag goes with its manifest, and does not come back with it by itself', () => {
  const [v1, back] = [tagOf('v1'), pushOf('eastus', time(3))];
  const deleted = [pushOf('eastus', time(1), { tag: 'v1' }), deleteOf('eastus', time(2))];
  expect(hasTag(merged(...deleted), v1)).toBe(false);
  expect([hasTag(merged(...deleted, back), v1), mayHaveTag(merged(...deleted, back), v1)]).toEqual([false, true]);
  expect(hasTag(merged(...deleted, back, pushOf('eastus', time(4), { tag: 'v1' })), v1)).toBe(true);
});

test('a tag that has left stays away until it is pushed again', () => {
  const v1 = tagOf('v1');
  const untag = (minute: number) => factOf('untag', 'eastus', time(minute), { tag: 'v1', evidence: 'probe' });
  const pushed = pushOf('eastus', time(1), { tag: 'v1' });
  expect(hasTag(merged(pushed, untag(2)), v1)).toBe(false);
  expect(mergeFact(merged(pushed, untag(2)), untag(1)).outcome).toBe('outdated');
  expect(mergeFact(merged(pushed, untag(2)), untag(2)).outcome).toBe('duplicate');
  expect(mergeFact(merged(pushed, untag(2)), untag(3)).outcome).toBe('recorded');
  expect(hasTag(merged(pushed, untag(2), pushOf('eastus', time(3), { tag: 'v1' })), v1)).toBe(true);
  // Without the tag's push, which may still come, and was before.
  const early = [pushOf('eastus', time(1)), untag(2)];
  expect(hasTag(merged(...early, pushOf('eastus', time(1), { tag: 'v1' })), v1)).toBe(false);
  expect(hasTag(merged(...early, pushOf('eastus', time(3), { tag: 'v1' })), v1)).toBe(true);
  expect(hasTag(merged(untag(2), pushOf('eastus', time(1), { tag: 'v1' })), v1)).toBe(false);
});

test('a tag removed by a delete that named no digest may still be there, until a probe finds out', () => {
  const v1 = tagOf('v1');
  const pushed = pushOf('eastus', time(1), { tag: 'v1' });
  const untag = (minute: number, evidence: Evidence = 'webhook') =>
    factOf('untag', 'eastus', time(minute), { tag: 'v1', evidence });
  const doubted = merged(pushed, untag(2));
  expect([hasTag(doubted, v1), mayHaveTag(doubted, v1)]).toEqual([false, true]);
  // A push that is late is no proof.
  expect(mayHaveTag(merged(untag(2), pushed), v1)).toBe(true);
  expect(mayHaveTag(merged(pushed, untag(2), deleteOf('eastus', time(3))), v1)).toBe(false);
  const later: [string, Arrival][] = [
    ['found absent', merged(pushed, untag(2), untag(3, 'probe'))],
    ['pushed with another digest', leaveTag(doubted, v1, eventTimeOf(time(3)))],
    ['found there', merged(pushed, untag(2), pushOf('eastus', time(3), { tag: 'v1', evidence: 'probe' }))],
  ];
  for (const [what, arrival] of later) {
    expect(mayHaveTag(arrival, v1), what).toBe(false);
    expect('doubtedTags' in arrival, what).toBe(false);
  }
  expect(mayHaveTag(merged(pushed, untag(2), untag(3, 'probe'), untag(4)), v1)).toBe(true);
});

test('another digest gets a tag only with a later push', () => {
  const v1 = tagOf('v1');
  const pushed = merged(pushOf('eastus', time(2), { tag: 'v1' }));
  expect(leaveTag(pushed, v1, eventTimeOf(time(1)))).toBe(pushed);
  expect(leaveTag(pushed, v1, eventTimeOf(time(2)))).toBe(pushed);
  expect(hasTag(leaveTag(pushed, v1, eventTimeOf(time(3))), v1)).toBe(false);
});

describe('an event received after a probe found the image, from a clock that is behind ours', () => {
  const found = factOf('push', 'eastus', time(10), { tag: 'v1', evidence: 'probe' });
  const v1 = tagOf('v1');

  test('a delete leaves a doubt, until a probe finds it again', () => {
    const doubtful = merged(found, deleteOf('eastus', time(7)));
    expect([isAvailable(doubtful), isDoubtful(doubtful), hasTag(doubtful, v1)]).toEqual([true, true, false]);
    const again = factOf('push', 'eastus', time(11), { tag: 'v1', evidence: 'probe' });
    expect(isDoubtful(merged(found, deleteOf('eastus', time(7)), again))).toBe(false);
    const gone = factOf('delete', 'eastus', time(11), { evidence: 'probe' });
    expect(isDeleted(merged(found, deleteOf('eastus', time(7)), gone))).toBe(true);
  });

  test('an untag removes the tag, until a probe finds it again', () => {
    const untag = factOf('untag', 'eastus', time(7), { tag: 'v1' });
    expect(hasTag(merged(found, untag), v1)).toBe(false);
    expect(hasTag(merged(found, untag, factOf('push', 'eastus', time(11), { tag: 'v1', evidence: 'probe' })), v1)).toBe(
      true,
    );
  });

  test.each([
    ['further behind than clocks may be', [found, deleteOf('eastus', time(4))]],
    [
      'older than what the region has sent itself',
      [pushOf('eastus', time(8), { tag: 'v1' }), found, deleteOf('eastus', time(7))],
    ],
    ['older than a push of its own region', [pushOf('eastus', time(10), { tag: 'v1' }), deleteOf('eastus', time(7))]],
  ])('changes nothing where it is %s', (_what, facts) => {
    const arrival = merged(...facts);
    expect([isAvailable(arrival), isDoubtful(arrival), hasTag(arrival, v1)]).toEqual([true, false, true]);
  });
});
