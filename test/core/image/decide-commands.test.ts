/** Commands other than facts: what each stores in the record, and what it leaves unchanged. */

import { describe, expect, test } from 'vitest';
import { announcementSubject } from '../../../src/core/image/announcement-key.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import type { Command } from '../../../src/core/image/decide.ts';
import { decide } from '../../../src/core/image/decide.ts';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import { pendingKeys } from '../../../src/core/image/record.ts';
import { at, deleteOf, digestOf, policy, pushOf, replicaSetOf, repositoryOf } from '../../support/build.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const time = (minute: number) => `2026-06-01T12:${String(minute).padStart(2, '0')}:00Z`;
const start = at(time(0));

function apply(before: ImageRecord | undefined, command: Command, now = start) {
  const { record, announcements } = decide(before, name, command, { set: replicaSetOf(), policy, now });
  return { record: record ?? expect.fail('no record'), events: announcements.map(announcementSubject) };
}

const learn = (facts: readonly Fact[]) =>
  facts.reduce<ImageRecord | undefined>((record, fact) => apply(record, { kind: 'fact', fact }).record, undefined) ??
  expect.fail('no record');
const pushed = learn([pushOf('eastus', time(0))]);

describe('forwards that the queue has accepted', () => {
  const forwards = [
    { key: 'a', madeAt: 1, queuedAt: 2 },
    { key: 'b', madeAt: 1, queuedAt: null },
    { key: 'c', madeAt: 1, queuedAt: null },
  ];
  const record = { ...pushed, forwards };

  test('are stored, those and no others, with the first time', () => {
    const next = apply(record, { kind: 'forwardsQueued', keys: ['a', 'b'], at: 9 }).record;
    expect(next.forwards.map(({ queuedAt }) => queuedAt)).toEqual([2, 9, null]);
  });

  test('change nothing the second time', () => {
    expect(apply(record, { kind: 'forwardsQueued', keys: ['a'], at: 9 }).record).toBe(record);
  });
});

describe('a timer that is set', () => {
  test('is stored', () => {
    expect(apply(pushed, { kind: 'timerSet', at: start + 60_000 }).record.requeueAt).toBe(start + 60_000);
  });

  test.each<[string, number, number]>([
    ['for nearly the same time leaves the first', start + 60_000, start + 60_000 - 20_000],
    ['for much earlier replaces it', start + 30_000, start + 30_000],
  ])('%s', (_, second, noted) => {
    const first = { ...pushed, requeueAt: noted === second ? start + 60_000 : noted };
    expect(apply(first, { kind: 'timerSet', at: second }).record.requeueAt).toBe(noted);
  });

  test('after the first has fired is stored', () => {
    const spent = { ...pushed, requeueAt: start - 1 };
    expect(apply(spent, { kind: 'timerSet', at: start + 60_000 }).record.requeueAt).toBe(start + 60_000);
  });
});

test.each([
  [-1, []],
  [0, ['delayed']],
])('%i ms after its time an image that is missing somewhere is published as %j', (late, events) => {
  const now = pushed.firstSeenAt + policy.delayedAfterMs + late;
  expect(apply(pushed, { kind: 'reevaluate' }, now).events).toEqual(events);
});

test('generations that begin in one millisecond begin one after the other', () => {
  const inTime = (fact: Fact, eventTime: number): Fact => ({
    ...fact,
    eventTime: pushOf('eastus', time(eventTime)).eventTime,
  });
  const received = time(3);
  const record = learn([
    inTime(pushOf('eastus', received), 0),
    inTime(deleteOf('eastus', received), 1),
    inTime(pushOf('eastus', received), 2),
  ]);
  expect([record.generation, record.firstSeenAt]).toEqual([2, at(received) + 1]);
});

test('an image that is pushed again after it was deleted everywhere is late by its new time, and published as late again', () => {
  const late = apply(pushed, { kind: 'reevaluate' }, pushed.firstSeenAt + policy.delayedAfterMs);
  expect([late.events, late.record.delayedAt]).toEqual([['delayed'], pushed.firstSeenAt + policy.delayedAfterMs]);
  const gone = apply(late.record, { kind: 'fact', fact: deleteOf('eastus', time(20)) }).record;
  const again = apply(gone, { kind: 'fact', fact: pushOf('eastus', time(30)) }, at(time(30)));
  expect([again.record.generation, again.record.delayedAt]).toEqual([2, null]);
  expect(apply(again.record, { kind: 'reevaluate' }, at(time(44))).events).toEqual([]);
  expect(apply(again.record, { kind: 'reevaluate' }, at(time(45))).events).toEqual(['delayed']);
});

test('of several that are pending, only what the topic has accepted counts as accepted', () => {
  const both = apply(pushed, { kind: 'fact', fact: pushOf('westeurope', time(1)) }).record;
  const [first, ...others] = pendingKeys(both);
  expect(others.length).toBeGreaterThan(0);
  const accepted = apply(both, { kind: 'eventsAccepted', keys: [first ?? ''], at: start }).record;
  expect([pendingKeys(accepted), accepted.announcedAt]).toEqual([others, null]);
  const all = apply(accepted, { kind: 'eventsAccepted', keys: others, at: start + 1 }).record;
  expect([pendingKeys(all), all.announcedAt]).toEqual([[], start + 1]);
});

test('a push of before the last deletion begins no new generation, though it is the first report of a region that counts', () => {
  const record = learn([pushOf('japaneast', time(0)), deleteOf('japaneast', time(10))]);
  const late = pushOf('eastus', time(12), { eventTime: time(5) });
  expect(apply(record, { kind: 'fact', fact: late }).record.generation).toBe(1);
  expect(apply(record, { kind: 'fact', fact: pushOf('eastus', time(12)) }).record.generation).toBe(2);
});

describe('a topic that was unavailable for long', () => {
  test('receives at most five hundred events about tags at once, and the rest once it has accepted these', () => {
    const progress = {
      round: 1,
      state: 'superseded',
      isCompared: true,
      isOrdered: true,
      movedTo: digestOf(2),
      movedBy: {},
      others: {},
    } as const;
    const tags = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`v${i}`, progress]));
    const ofTags = (events: readonly string[]) => events.filter((one) => one.startsWith('tagSuperseded')).length;
    const first = apply({ ...pushed, tags }, { kind: 'reevaluate' });
    expect(ofTags(first.events)).toBe(500);
    expect(ofTags(apply(first.record, { kind: 'reevaluate' }).events)).toBe(0);
    const accepted = apply(first.record, { kind: 'eventsAccepted', keys: pendingKeys(first.record), at: start }).record;
    expect(ofTags(apply(accepted, { kind: 'reevaluate' }).events)).toBe(100);
  });

  const old = (publishedAt: number | null) =>
    Array.from({ length: 250 }, (_, i) => ({ key: `000001.tagSuperseded.1.v${i}`, madeAt: 1, publishedAt }));
  const afterEvents = (publishedAt: number | null) => {
    const record = { ...pushed, generation: 2, announcements: old(publishedAt) };
    return apply(record, { kind: 'fact', fact: pushOf('westeurope', time(1)) }).record.announcements;
  };

  test('loses nothing that it has not accepted, however much that is', () => {
    expect(afterEvents(null).slice(0, 250)).toEqual(old(null));
    expect(afterEvents(null).length).toBeGreaterThan(250);
  });

  test('does not keep for ever what it accepted long ago: the oldest are removed', () => {
    expect(afterEvents(1)).toHaveLength(200);
    expect(afterEvents(1)[0]).toEqual(
      old(1).at(afterEvents(1).filter(({ publishedAt }) => publishedAt === 1).length * -1),
    );
  });
});
