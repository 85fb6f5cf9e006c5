/** A webhook is due once every region that its target names resolves the tag to the image, and not before. */
import { describe, expect, test } from 'vitest';
import type { Command } from '../../../src/core/image/decide.ts';
import { dueForwards, keepForwards, noteForward, reportForwards } from '../../../src/core/image/forward-entry.ts';
import type { ForwardSending, ImageName, ImageRecord, TagProgress } from '../../../src/core/image/record.ts';
import { forwardRelay } from '../../../src/core/outbox/forward-relay.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import type { ImageWriter } from '../../../src/core/store/image-writer.ts';
import { at, digestOf, pushOf, recordOf, registryOf, replicaSetOf, targetOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const time = (minute: number) => `2026-06-01T12:${String(minute).padStart(2, '0')}:00Z`;
const now = at(time(10));
const tagged = { tag: 'v1' };

/** With that tag as it is after a comparison, by default. */
function withTag(record: ImageRecord, changes: Partial<TagProgress> = {}): ImageRecord {
  const progress = record.tags.v1 ?? expect.fail('no tag');
  return { ...record, forwards: [], tags: { v1: { ...progress, isCompared: true, ...changes } } };
}

const isDue = (record: ImageRecord, set = replicaSetOf()) => dueForwards(record, set, [targetOf()], now).length === 1;
const everywhere = recordOf(digestOf(1), [pushOf('eastus', time(0), tagged), pushOf('westeurope', time(1), tagged)]);

describe('where every region has the tag', () => {
  test.each<[Partial<TagProgress>, boolean]>([
    [{}, true],
    [{ state: 'open' }, true],
    [{ state: 'converged' }, true],
    [{ state: 'superseded' }, false],
    [{ state: 'moved' }, false],
    [{ isCompared: false }, false],
  ])('and it stands as %j: %s', (changes, due) => {
    expect(isDue(withTag(everywhere, changes))).toBe(due);
  });
});

test('a region that has the image and not the tag is waited for', () => {
  const untagged = recordOf(digestOf(1), [pushOf('eastus', time(0), tagged), pushOf('westeurope', time(1))]);
  expect(isDue(withTag(untagged))).toBe(false);
});

test.each([
  ['webhook', false],
  ['probe', true],
] as const)('a copy that only %s reports, where it has to be confirmed: %s', (evidence, due) => {
  const set = replicaSetOf(registryOf({ verify: 'confirm' }));
  const facts = ['eastus', 'westeurope'].map((region) => pushOf(region, time(0), { ...tagged, evidence }));
  expect(isDue(withTag(recordOf(digestOf(1), facts, set)), set)).toBe(due);
});

test('while no replica is known, nothing is due', () => {
  expect(isDue(withTag(everywhere), replicaSetOf(registryOf({ regions: undefined })))).toBe(false);
});

test('what is noted is not due again', () => {
  const record = withTag(everywhere);
  const forwards = dueForwards(record, replicaSetOf(), [targetOf()], now);
  expect(forwards).toHaveLength(1);
  expect(isDue({ ...record, forwards })).toBe(false);
});

function handingOver() {
  const asked: PromiseWithResolvers<void>[] = [];
  const noted: Command[] = [];
  const parts = {
    queue: {
      put() {
        const answer = Promise.withResolvers<void>();
        asked.push(answer);
        return answer.promise;
      },
      deadLetter: async () => undefined,
    },
    writer: {
      async submit(_name: ImageName, step: Command) {
        noted.push(step);
        return { record: undefined, outcome: undefined };
      },
    } as unknown as ImageWriter,
    clock: manualClock(now),
    log: { info: () => undefined, warn: () => undefined },
  };
  return { asked, noted, forwarded: forwardRelay(parts) };
}

test('what is on its way to the queue does not go twice, and goes again after a failure', async () => {
  const forwards = dueForwards(withTag(everywhere), replicaSetOf(), [targetOf()], now);
  const record = { ...withTag(everywhere), forwards };
  const { asked, noted, forwarded } = handingOver();
  const first = forwarded.handOver(record);
  await forwarded.handOver(record);
  expect(asked).toHaveLength(1);
  asked[0]?.reject(new UpstreamError('unavailable', 'away'));
  await expect(first).rejects.toMatchObject({ code: 'unavailable' });
  expect(noted).toEqual([]);
  const second = forwarded.handOver(record);
  asked[1]?.resolve();
  await second;
  expect(noted).toEqual([{ kind: 'forwardsQueued', keys: forwards.map(({ key }) => key), at: now }]);
});

test('what the queue has accepted is recorded, also when it does not accept another', async () => {
  const forwards = ['a', 'b', 'c'].map((key) => ({ key, madeAt: now, queuedAt: null }));
  const { asked, noted, forwarded } = handingOver();
  const handedOver = forwarded.handOver({ ...withTag(everywhere), forwards });
  asked[1]?.reject(new UpstreamError('unavailable', 'away'));
  for (const { resolve } of asked) resolve();
  await expect(handedOver).rejects.toMatchObject({ code: 'unavailable' });
  expect(noted).toEqual([{ kind: 'forwardsQueued', keys: ['a', 'c'], at: now }]);
});

test.each<[string, Partial<ForwardSending>, Partial<ForwardSending>]>([
  [
    'accepted is final, also by a clock that is behind',
    { state: 'retrying', attempts: 1, at: now + 40_000 },
    { state: 'accepted', attempts: 2, at: now },
  ],
  [
    'a later attempt counts, also by a clock that is behind',
    { attempts: 1, at: now + 40_000 },
    { attempts: 2, at: now },
  ],
  ['the later of two equal attempts counts', { attempts: 2, at: now }, { attempts: 2, at: now + 1 }],
  ['giving up is final', { state: 'retrying', attempts: 21 }, { state: 'givenUp', attempts: 20 }],
  ['what was accepted once is accepted', { state: 'givenUp', attempts: 20 }, { state: 'accepted', attempts: 2 }],
])('of two notes on one webhook, in whatever order they are written: %s', (_rule, lesser, further) => {
  const forwards = dueForwards(withTag(everywhere), replicaSetOf(), [targetOf()], now);
  const record: ImageRecord = { ...withTag(everywhere), forwards };
  const id = reportForwards(record)[0]?.id ?? expect.fail('nothing is forwarded');
  const [less, more] = [lesser, further].map((changes): ForwardSending => {
    return { state: 'retrying', attempts: 1, at: now, lastError: null, ...changes };
  }) as [ForwardSending, ForwardSending];
  for (const order of [
    [less, more],
    [more, less],
  ]) {
    const noted = order.reduce((so, sending) => noteForward(so, { kind: 'forwardProgress', id, sending }), record);
    expect(reportForwards(noted).map(({ sending }) => sending)).toEqual([more]);
  }
});

describe('what is kept of forwards', () => {
  const record = withTag(everywhere, { round: 2, state: 'open' });
  const entry = (round: number, queuedAt: number | null, tag = 'v1', startedAt = record.firstSeenAt) => ({
    key: `${startedAt}.cluster.${round}.${tag}`,
    madeAt: 0,
    queuedAt,
  });
  const gone = (count: number) => Array.from({ length: count }, (_, i) => entry(1, 1, `gone-${i}`));

  test('is of this generation, or still to be queued', () => {
    const [old, waiting] = [entry(1, 1, 'v1', 1), entry(1, null, 'v1', 1)];
    expect(keepForwards([old, waiting, entry(2, 1)], record)).toEqual([waiting, entry(2, 1)]);
  });

  test('is bounded, and what could be due again or has not left stays, however old', () => {
    const [standing, waiting] = [entry(2, 1), entry(1, null, 'other')];
    const kept = keepForwards([standing, waiting, ...gone(300)], record);
    expect(kept).toHaveLength(200);
    expect(kept.slice(0, 2)).toEqual([standing, waiting]);
    expect(kept.at(-1)).toEqual(gone(300).at(-1));
  });
});
