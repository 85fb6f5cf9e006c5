/** Events that wait for the topic: bounded in number, whatever the topic does, and sent with pauses. */
import { describe, expect, test } from 'vitest';
import type { CloudEvent, DueEvent } from '../../../src/core/image/cloud-event.ts';
import type { Command } from '../../../src/core/image/decide.ts';
import type { ImageName } from '../../../src/core/image/record.ts';
import { eventRelay } from '../../../src/core/outbox/event-relay.ts';
import type { ErrorCode } from '../../../src/core/runtime/errors.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import type { ImageWriter } from '../../../src/core/store/image-writer.ts';
import { digestOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const nameOf = (i: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(i) });
const key = '000001.delayed';
const start = Date.parse('2026-06-01T12:00:00Z');
const dueOf = (i: number, failedBefore?: number): DueEvent => {
  const event = { id: String(i), type: 'AcrReplication.ReplicationDelayed', time: new Date(start).toISOString() };
  return { key, event: event as CloudEvent, failedBefore };
};
const minute = 60_000;

/** A topic with this answer to events with these ids, after that time; by default it accepts them. */
function setUp(answer: (ids: readonly number[]) => ErrorCode | undefined, afterMs = 10) {
  const clock = manualClock(start);
  const lines: unknown[][] = [];
  const acceptedIds: number[] = [];
  const commands: Command[] = [];
  const calls: { readonly at: number; readonly ids: readonly number[] }[] = [];
  const relay = eventRelay({
    publisher: {
      async publish(events) {
        const ids = events.map(({ id }) => Number(id));
        calls.push({ at: (clock.now() - start) / 1_000, ids });
        await clock.sleep(afterMs);
        const code = answer(ids);
        if (code !== undefined) throw new UpstreamError(code, 'not now');
        acceptedIds.push(...ids);
      },
    },
    writer: {
      async submitWithin(_name: ImageName, command: Command) {
        commands.push(command);
        return {};
      },
    } as unknown as ImageWriter,
    clock,
    log: { info: () => undefined, warn: (...line) => void lines.push(line) },
  });
  let offered = 0;
  return {
    clock,
    acceptedIds,
    commands,
    calls,
    lines,
    /** As the write that made them does. */
    offer(count: number) {
      for (let i = 0; i < count; i++) relay.offer(nameOf(++offered), [dueOf(offered)]);
    },
    /** As timers do. @returns whether it is handled here */
    offerPending(i: number, failedBefore?: number): boolean {
      let isBuilt = false;
      relay.offerPending(nameOf(i), [key], () => {
        isBuilt = true;
        return [dueOf(i, failedBefore)];
      });
      return isBuilt;
    },
    outage: relay.outage,
    failuresOf: (i: number) => relay.failures(nameOf(i), [key])[key],
  };
}

describe('events for a topic that is away', () => {
  test('are kept up to a bound, and published once it is back; the others are left to their images’ timers', async () => {
    let isAway = true;
    const { clock, acceptedIds, offer } = setUp(() => (isAway ? 'unavailable' : undefined), 15_000);
    for (let round = 0; round < 20; round++) {
      offer(60 * 50);
      await clock.advance(minute);
    }
    isAway = false;
    await clock.advance(60 * minute);
    expect(new Set(acceptedIds).size).toBe(acceptedIds.length);
    expect(acceptedIds.length).toBeGreaterThan(19_000);
    expect(acceptedIds.length).toBeLessThanOrEqual(20_000);
    const before = acceptedIds.length;
    offer(1);
    await clock.advance(minute);
    expect(acceptedIds.length).toBe(before + 1);
  });

  test('are not sent without a pause, however many wait', async () => {
    const { clock, calls, offer } = setUp(() => 'throttled', 0);
    offer(60_000);
    for (let i = 0; i < 50; i++) await clock.settle();
    expect(calls.length).toBeLessThanOrEqual(2);
    await clock.advance(minute);
    expect(calls.length).toBeLessThanOrEqual(20);
  });

  test('are not accepted from timers meanwhile, and are again once it is back', async () => {
    let isAway = true;
    const { clock, acceptedIds, offer, offerPending, outage } = setUp(() => (isAway ? 'unavailable' : undefined));
    offer(1);
    await clock.advance(minute);
    expect(offerPending(7)).toBe(false);
    expect(outage()).toBe('unavailable: not now');
    isAway = false;
    await clock.advance(11_000);
    expect([acceptedIds, outage()]).toEqual([[1], undefined]);
    expect(offerPending(7)).toBe(true);
    await clock.advance(1_000);
    expect(acceptedIds).toEqual([1, 7]);
  });

  test('are accepted again, as a process without events finds out by one that a timer offers', async () => {
    let isAway = true;
    const { clock, acceptedIds, calls, offerPending } = setUp(() => (isAway ? 'unavailable' : undefined));
    expect(offerPending(1)).toBe(true);
    await clock.advance(60 * minute);
    expect(calls.length).toBeLessThan(380);
    isAway = false;
    await clock.advance(11_000);
    expect(acceptedIds).toEqual([1]);
  });

  test('that fails in the middle of a batch it has refused are sent again with those behind them', async () => {
    let calls = 0;
    const { clock, acceptedIds, offer } = setUp((ids) => {
      calls++;
      if (calls > 2 && calls < 6) return 'unavailable';
      return ids.includes(2) ? 'invalid' : undefined;
    });
    offer(8);
    await clock.advance(30_000);
    expect(acceptedIds.toSorted()).toEqual([1, 3, 4, 5, 6, 7, 8]);
    expect(new Set(acceptedIds).size).toBe(7);
  });
});

describe('an event that the topic refuses', () => {
  test('is noted in its record once, when it is refused for the first time', async () => {
    const { clock, commands, offer, offerPending } = setUp(() => 'invalid');
    offer(1);
    await clock.advance(minute);
    const failed = { [key]: { count: 1, lastAt: start + 10, lastError: 'invalid: not now' } };
    expect(commands).toEqual([{ kind: 'publishFailed', failed }]);
    // The record has the note when its timer fires.
    expect(offerPending(1, 1)).toBe(true);
    await clock.advance(minute);
    expect(commands).toHaveLength(1);
  });

  test.each([1, 4])('is no outage, with %i others that it refuses as well', async (count) => {
    const { clock, offer, outage } = setUp(() => 'invalid');
    offer(count);
    await clock.advance(10_000);
    expect(outage()).toBeUndefined();
  });

  test('shows that the topic is back', async () => {
    let code: ErrorCode = 'throttled';
    const { clock, offer, outage } = setUp(() => code);
    offer(1);
    await clock.advance(5_000);
    expect(outage()).toBe('throttled: not now');
    code = 'invalid';
    await clock.advance(20_000);
    expect(outage()).toBeUndefined();
  });

  // The refusal of a batch may be about any of its events, and name it.
  test('is the only one of its batch with a failed attempt, also if the topic goes away before the others are sent', async () => {
    let isAway = false;
    const { clock, offer, failuresOf } = setUp((ids) => {
      if (isAway) return 'unavailable';
      isAway = ids.length === 1 && ids[0] === 3;
      return ids.includes(3) ? 'invalid' : undefined;
    });
    // The first two are sent alone, and the others together after them.
    offer(6);
    await clock.advance(500);
    const errors = [3, 4, 5, 6].map((i) => failuresOf(i)?.lastError);
    expect(errors).toEqual(['invalid: not now', 'unavailable: not now', undefined, undefined]);
    expect(failuresOf(3)?.count).toBe(1);
  });

  test.each([1, 3, 200])(
    'keeps none of %i in its batch from being published, and is named in the log',
    async (count) => {
      const { clock, acceptedIds, calls, lines, offer } = setUp((ids) => (ids.includes(2) ? 'invalid' : undefined));
      offer(1);
      await clock.advance(1_000);
      offer(count);
      await clock.advance(1_000);
      expect(acceptedIds.toSorted((a, b) => a - b)).toEqual([1, ...Array.from({ length: count - 1 }, (_, i) => i + 3)]);
      expect(lines).toEqual([
        [
          'event not published',
          {
            image: `contoso/team/app@${digestOf(2)}`,
            type: 'AcrReplication.ReplicationDelayed',
            id: '2',
            error: 'invalid: not now',
          },
        ],
      ]);
      // Halves of halves, not one by one.
      expect(calls.length).toBeLessThan(20);
    },
  );

  test('is tried again with pauses that double up to an hour, however often a timer brings it, and never dropped', async () => {
    let isRefused = true;
    const { clock, acceptedIds, calls, offerPending } = setUp(() => (isRefused ? 'invalid' : undefined));
    for (let at = 0; at < 6 * 60 * minute; at += 10_000) {
      offerPending(1);
      await clock.advance(10_000);
    }
    const times = calls.map(({ at }) => at);
    expect(times.slice(0, 7)).toEqual([0, 30, 60, 120, 240, 480, 960]);
    const last = times.at(-1) ?? 0;
    expect(last - (times.at(-2) ?? 0)).toBe(3_600);
    isRefused = false;
    await clock.advance(60 * minute);
    offerPending(1);
    await clock.advance(1_000);
    expect(acceptedIds).toEqual([1]);
  });

  test('keeps no other from being published, however many were refused before', async () => {
    const { clock, acceptedIds, offer, offerPending } = setUp((ids) =>
      ids.some((id) => id <= 4) ? 'invalid' : undefined,
    );
    offer(4);
    await clock.advance(5_000);
    expect(acceptedIds).toEqual([]);
    // One that was just made here is in flight while a timer offers another.
    offer(1);
    expect(offerPending(9)).toBe(true);
    await clock.advance(5_000);
    expect(acceptedIds.toSorted()).toEqual([5, 9]);
  });

  test('is one of very many: a topic that accepts none of them gets no request between two batches', async () => {
    const { clock, calls, offer } = setUp(() => 'invalid', 0);
    offer(20_000);
    await clock.advance(minute);
    expect(calls.length).toBeLessThan(12 * 400);
    await clock.advance(60 * minute);
    const alone = calls.flatMap(({ ids }) => (ids.length === 1 ? ids : []));
    expect(new Set(alone).size).toBe(alone.length);
    expect(alone.length).toBeGreaterThan(19_000);
  });
});
