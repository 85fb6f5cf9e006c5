/** When an image must be evaluated again. */
import { describe, expect, test } from 'vitest';
import type { Evidence, Fact } from '../../../src/core/image/arrival.ts';
import type { DecisionContext } from '../../../src/core/image/context.ts';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import { isTimerSet, nextProbeAt, nextRequeueAt, nextUnseenProbeAt } from '../../../src/core/image/requeue.ts';
import type { VerifyMode } from '../../../src/core/model/registry.ts';
import { at, digestOf, factOf, policy, pushOf, recordOf, registryOf, replicaSetOf } from '../../support/build.ts';

const time = (minute: number) => `2026-06-01T12:${String(minute).padStart(2, '0')}:00Z`;
const now = at(time(30));

function decisionContextOf(verify: VerifyMode = 'missing', probeAfterMs?: number): DecisionContext {
  return { set: replicaSetOf(registryOf({ verify })), policy: { ...policy, probeAfterMs }, now };
}

/** With nothing left to publish. */
function finished(facts: ReturnType<typeof pushOf>[], changes: Partial<ImageRecord> = {}): ImageRecord {
  return { ...recordOf(digestOf(1), facts), announcements: [], ...changes };
}

const both = [pushOf('eastus', time(0)), pushOf('westeurope', time(1))];
const soon = now + policy.outboxCheckMs;

describe('an image that is everywhere', () => {
  const pending = (madeAt: number) => ({ announcements: [{ key: '000001.delayed', madeAt, publishedAt: null }] });
  test.each<[string, Partial<ImageRecord>, VerifyMode, number | null]>([
    ['and published needs no reconciling', {}, 'missing', null],
    ['and not published', pending(now), 'missing', soon],
    ['and not published for five minutes', pending(now - 300_000), 'missing', now + 300_000],
    ['and not published for hours', pending(0), 'missing', now + 600_000],
    ['and not forwarded', { forwards: [{ key: 'a', madeAt: 0, queuedAt: null }] }, 'missing', soon],
    ['with a tag that is not compared', { uncomparedTags: ['v1'], changedAt: now }, 'missing', soon],
    ['by its webhooks, and not confirmed by a replica', { delayedAt: 1 }, 'confirm', soon],
  ])('%s', (_, changes, verify, due) => {
    // A replica confirms only where it can be asked.
    const probeAfterMs = verify === 'missing' ? undefined : 60_000;
    expect(nextRequeueAt(finished(both, changes), decisionContextOf(verify, probeAfterMs))).toBe(due);
  });
});

describe('an image that is missing somewhere', () => {
  const east = [pushOf('eastus', time(20))];
  const delayedAt = at(time(20)) + policy.delayedAfterMs;
  test.each<[string, Partial<ImageRecord>, number | undefined, number | null]>([
    ['until it is late', {}, undefined, delayedAt],
    ['and published as late, where no replica can be probed', { delayedAt: 1 }, undefined, null],
    ['and published as late, where replicas can be probed', { delayedAt: 1 }, 60_000, at(time(36))],
  ])('%s', (_, changes, probeAfterMs, due) => {
    expect(nextRequeueAt(finished(east, changes), decisionContextOf('missing', probeAfterMs))).toBe(due);
  });
});

describe('a tag removed by a delete that named no digest', () => {
  const tags = [pushOf('eastus', time(0), { tag: 'v1' }), pushOf('westeurope', time(1), { tag: 'v1' })];
  const untag = (evidence: Evidence = 'webhook') => factOf('untag', 'westeurope', time(20), { tag: 'v1', evidence });
  const converged = (facts: Fact[], changes: Partial<ImageRecord> = {}) => {
    const image = finished(facts);
    const progress = image.tags.v1 ?? expect.fail('no tag');
    const v1 = { ...progress, state: 'converged', isCompared: true } as const;
    return { ...image, tags: { v1 }, uncomparedTags: [], delayedAt: 1, ...changes };
  };
  const asked = at(time(36));
  test.each<[string, ImageRecord, number | null]>([
    ['is asked for, since then', converged([...tags, untag()]), asked],
    ['is asked for of a member', converged([...tags, untag()], { memberOf: [digestOf(2)] }), asked],
    [
      'is asked for where the image has been missing for long',
      converged([tags[1] as Fact, untag()], { firstSeenAt: 0 }),
      asked,
    ],
    ['is not asked for any more once a probe did not find it', converged([...tags, untag('probe')]), null],
  ])('%s', (_, image, due) => {
    expect(nextRequeueAt(image, decisionContextOf('missing', 60_000))).toBe(due);
    expect(nextRequeueAt(image, decisionContextOf('missing'))).toBeNull();
  });
});

test.each<[string, number | null, boolean]>([
  ['none', null, false],
  ['one that has fired', now, false],
  ['one before', now + 30_000, true],
  ['one that fires a little later', now + 80_000, true],
  ['one that fires much later', now + 80_001, false],
])('a timer is set for a minute from now by %s: %s', (_, requeueAt, isSet) => {
  expect(isTimerSet(requeueAt, now + 60_000, now)).toBe(isSet);
});

test('replicas are asked at pauses that double up to a day', () => {
  const minute = 60_000;
  const asked: number[] = [];
  for (let at = 0; asked.length < 14; at = asked.at(-1) ?? 0) asked.push(nextProbeAt(0, at, minute));
  const pauses = asked.map((at, i) => (at - (asked[i - 1] ?? 0)) / minute);
  expect(pauses).toEqual([1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_440, 1_440]);
});

test('an image that no replica has is probed for during a day', () => {
  const day = 86_400_000;
  expect(nextUnseenProbeAt(0, 0, 60_000, 0)).toBe(60_000);
  expect(nextUnseenProbeAt(0, 0, 60_000, 300_000)).toBe(300_000);
  expect(nextUnseenProbeAt(0, day - 30_000, 60_000, 30_000)).toBeNull();
  expect(nextUnseenProbeAt(0, 0, day, 0)).toBe(day);
  expect(nextUnseenProbeAt(0, day, 60_000, 0)).toBeNull();
});

test.each([
  [20_000, 30_000],
  [300_000, 300_000],
  [3_600_000, 600_000],
])('a tag that could not be compared for %i ms is compared again after %i ms', (sinceMs, pauseMs) => {
  const image = finished(both, { uncomparedTags: ['v1'], changedAt: now - sinceMs });
  expect(nextRequeueAt(image, decisionContextOf())).toBe(now + pauseMs);
});
