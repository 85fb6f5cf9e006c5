/** The state of a revision, and when it is evaluated again. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReleaseContent } from '../../../src/core/releases/release.ts';
import {
  advance,
  isFinished,
  isSameContent,
  makeRevision,
  nextEvaluationAt,
  noteAnnouncementAccepted,
  parseReleaseName,
  pendingAnnouncement,
} from '../../../src/core/releases/release.ts';
import { at, regionsOf } from '../../support/build.ts';

const madeAt = at('2026-06-01T12:00:00Z');
const delayedAfterMs = 900_000;
const content: ReleaseContent = { images: ['a.io/x:1', 'a.io/y:1'], regions: null, require: 'all' };
const fresh = makeRevision('shop', content, undefined, madeAt);

test.each(['a', '0', 'shop-2.4', 'a_b.c-d', 'a'.repeat(128), 'wait', '1..2'])('%s is a name', (name) => {
  expect(parseReleaseName(name)).toBe(name);
});

test.each(['', 'A', '-a', '.a', '_a', 'a b', 'a/b', 'ä', 'a\n', 'a'.repeat(129)])('%j is none', (name) => {
  expect(parseReleaseName(name)).toBeUndefined();
});

test.each<[string, ReleaseContent, boolean]>([
  ['in another order', { ...content, images: ['a.io/y:1', 'a.io/x:1'] }, true],
  ['another image', { ...content, images: ['a.io/x:1', 'a.io/y:2'] }, false],
  ['one image less', { ...content, images: ['a.io/x:1'] }, false],
  ['regions by name', { ...content, regions: regionsOf('eastus') }, false],
  ['another number', { ...content, require: 1 }, false],
])('content: %s', (_, other, isSame) => {
  expect(isSameContent(content, other)).toBe(isSame);
});

test('another revision starts again, of a release that is as old as before', () => {
  const done = { ...fresh, availableAt: 1, announcedAt: 2, delayedAt: 3, delayAnnouncedAt: 4, durationSeconds: 5 };
  const next = makeRevision('shop', content, done, madeAt + 5);
  expect(next).toEqual({ ...fresh, revision: 2, revisedAt: madeAt + 5 });
});

describe('its state', () => {
  const late = madeAt + delayedAfterMs;

  test('nothing, while an image is missing and it is not late', () => {
    expect(advance(fresh, undefined, late - 1, delayedAfterMs)).toBe(fresh);
  });

  test('it is delayed once, and available forever', () => {
    const delayed = advance(fresh, undefined, late, delayedAfterMs);
    expect(delayed).toEqual({ ...fresh, delayedAt: late });
    expect(advance(delayed, undefined, late + 9, delayedAfterMs)).toBe(delayed);
    const available = advance(delayed, 7, late + 10, delayedAfterMs);
    expect(available).toEqual({ ...delayed, availableAt: late + 10, durationSeconds: 7 });
    expect(advance(available, undefined, late + 11, delayedAfterMs)).toBe(available);
    expect(advance(available, 8, late + 12, delayedAfterMs)).toBe(available);
  });

  test('one that is there when it would be late is not', () => {
    expect(advance(fresh, 7, late, delayedAfterMs)).toMatchObject({ availableAt: late, delayedAt: null });
  });

  test('that it is late is not published once it is there, and each fact is published until it is accepted', () => {
    const delayed = { ...fresh, delayedAt: late };
    expect(pendingAnnouncement(fresh)).toBeUndefined();
    expect(pendingAnnouncement(delayed)).toBe('delayed');
    expect(pendingAnnouncement(noteAnnouncementAccepted(delayed, 'delayed', late))).toBeUndefined();
    const available = { ...delayed, availableAt: late };
    expect(pendingAnnouncement(available)).toBe('available');
    expect(isFinished(available)).toBe(false);
    const announced = noteAnnouncementAccepted(available, 'available', late + 1);
    expect(pendingAnnouncement(announced)).toBeUndefined();
    expect(isFinished(announced)).toBe(true);
  });
});

describe('it is evaluated again', () => {
  const late = { ...fresh, delayedAt: 1, delayAnnouncedAt: 2 };
  test.each([
    ['half a minute after it was made', fresh, 0, 30_000],
    ['every quarter of a minute while it is young', fresh, 31_000, 60_000],
    ['after a quarter of its age', late, 1_000_000, 1_260_000],
    ['once an hour at most', late, 864_000_000, 867_600_000],
    ['when it would be late', fresh, 890_000, 900_000],
    ['soon after something was not published', { ...fresh, availableAt: madeAt + 86_400_000 }, 86_401_000, 86_430_000],
  ])('%s', (_, release, age, expected) => {
    expect(nextEvaluationAt(release, madeAt + age, delayedAfterMs) - madeAt).toBe(expected);
  });

  test('when it would be late, where that is sooner than half a minute', () => {
    expect(nextEvaluationAt(fresh, madeAt, 5_000) - madeAt).toBe(5_000);
  });

  test('later than now, and two evaluations at about one time give the same next time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), fc.integer({ min: 1_000, max: 10 ** 7 }), (age, delay) => {
        const next = nextEvaluationAt(fresh, madeAt + age, delay);
        expect(next).toBeGreaterThan(madeAt + age);
        expect(next).toBeLessThanOrEqual(madeAt + age + 3_600_000 + 15_000);
        const isLateTime = next === madeAt + delay;
        expect(isLateTime || (next - madeAt) % 15_000 === 0).toBe(true);
      }),
    );
  });
});
