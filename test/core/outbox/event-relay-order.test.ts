/** What the topic refuses or cannot accept: nothing counts as accepted that was not, and no event delays another. */
import { describe, expect, test } from 'vitest';
import type { CloudEvent, DueEvent } from '../../../src/core/image/cloud-event.ts';
import type { Command } from '../../../src/core/image/decide.ts';
import type { ImageName } from '../../../src/core/image/record.ts';
import { eventRelay } from '../../../src/core/outbox/event-relay.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import type { ImageWriter } from '../../../src/core/store/image-writer.ts';
import { digestOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const nameOf = (i: number): ImageName => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(i),
});
const key = '000001.delayed';
const dueOf = (id: number) => ({ key, event: { id: String(id), time: '2026-06-01T12:00:00.000Z' } }) as DueEvent;

/** @param answer of the topic to each request, or the error that it throws, after that time */
function setUp(answer: (ids: readonly string[]) => void, afterMs = 0) {
  const clock = manualClock();
  const acceptedIds: string[] = [];
  const noted: string[] = [];
  const relay = eventRelay({
    publisher: {
      async publish(events: readonly CloudEvent[]) {
        const ids = events.map(({ id }) => id);
        await clock.sleep(afterMs);
        answer(ids);
        acceptedIds.push(...ids);
      },
    },
    writer: {
      async submitWithin(name: ImageName, { kind }: Command) {
        if (kind === 'eventsAccepted') noted.push(String(Number.parseInt(name.digest.slice(-4), 16)));
        return { record: undefined, outcome: undefined };
      },
    } as unknown as ImageWriter,
    clock,
    log: { info: () => undefined, warn: () => undefined },
  });
  return { relay, clock, acceptedIds, noted };
}

const offerAll = (relay: ReturnType<typeof eventRelay>, ids: readonly number[]) => {
  for (const id of ids) relay.offer(nameOf(id), [dueOf(id)]);
};

describe.each([1, 2, 3, 4, 5])('one event among five that the topic refuses forever, the %ith', (refused) => {
  test('leaves the others published and recorded, and itself neither', async () => {
    const { relay, clock, acceptedIds, noted } = setUp((ids) => {
      if (ids.includes(String(refused))) throw new UpstreamError('invalid', 'no');
    });
    offerAll(relay, [1, 2, 3, 4, 5]);
    await clock.advance(60_000);
    const others = ['1', '2', '3', '4', '5'].filter((id) => id !== String(refused));
    expect([...acceptedIds].sort()).toEqual(others);
    expect([...noted].sort()).toEqual(others);
    expect(relay.acceptedAt(nameOf(refused), key)).toBeUndefined();
  });

  test('is tried again a while later, when it is offered again', async () => {
    let isRefused = true;
    const { relay, clock, acceptedIds, noted } = setUp((ids) => {
      if (isRefused && ids.includes(String(refused))) throw new UpstreamError('invalid', 'no');
    });
    offerAll(relay, [1, 2, 3, 4, 5]);
    await clock.advance(1_000);
    isRefused = false;
    offerAll(relay, [refused]);
    await clock.advance(1_000);
    expect(acceptedIds).toHaveLength(4);
    await clock.advance(3_600_000);
    offerAll(relay, [refused]);
    await clock.advance(1_000);
    expect([acceptedIds.at(-1), noted.at(-1)]).toEqual([String(refused), String(refused)]);
  });
});

describe.each(['unavailable', 'throttled', 'unauthorized'] as const)('a topic that says %s for a minute', (code) => {
  test('gets every event afterwards, and nothing counts as accepted before', async () => {
    let isAway = true;
    const { relay, clock, acceptedIds, noted } = setUp(() => {
      if (isAway) throw new UpstreamError(code, 'not now');
    });
    offerAll(relay, [1, 2, 3]);
    await clock.advance(30_000);
    offerAll(relay, [4]);
    await clock.advance(30_000);
    expect([acceptedIds, noted]).toEqual([[], []]);
    expect(relay.outage()).toMatch(code);
    expect(relay.acceptedAt(nameOf(1), key)).toBeUndefined();
    isAway = false;
    await clock.advance(30_000);
    expect([...acceptedIds].sort()).toEqual(['1', '2', '3', '4']);
    expect([...noted].sort()).toEqual(['1', '2', '3', '4']);
    expect(relay.outage()).toBeUndefined();
  });
});

test('an event in flight is not sent twice', async () => {
  const { relay, clock, acceptedIds, noted } = setUp(() => undefined, 500);
  offerAll(relay, [1, 1]);
  relay.offerPending(nameOf(1), [key], () => [dueOf(1)]);
  await clock.advance(1_000);
  expect([acceptedIds, noted]).toEqual([['1'], ['1']]);
});

test.each([
  [1_000, 1_000],
  [60_000, 5_000],
])('an end waits for a topic that answers after %i ms, %i ms long', async (afterMs, expected) => {
  const { relay, clock } = setUp(() => undefined, afterMs);
  offerAll(relay, [1]);
  let isOver = false;
  void relay.drain(5_000).then(() => {
    isOver = true;
  });
  await clock.advance(expected - 1);
  expect(isOver).toBe(false);
  await clock.advance(1);
  await clock.settle();
  expect(isOver).toBe(true);
});

test('a topic that goes away while a refused batch is sent in parts loses none of them', async () => {
  const answers = ['invalid', 'unavailable'] as const;
  let requests = 0;
  // The first two are sent alone, before the others are offered.
  const { relay, clock, acceptedIds } = setUp((ids) => {
    const code = ids.includes('3') ? answers[requests++] : undefined;
    if (code !== undefined) throw new UpstreamError(code, 'no');
  });
  offerAll(relay, [1, 2, 3, 4, 5, 6]);
  await clock.advance(60_000);
  expect([...acceptedIds].sort()).toEqual(['1', '2', '3', '4', '5', '6']);
});
