/** What waits for the topic: bounded, whatever the topic does, and never a reason to call it without a pause. */
import { describe, expect, test } from 'vitest';
import type { DueEvent } from '../../src/core/announcement.ts';
import { announcer } from '../../src/core/announcer.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { WorldError } from '../../src/core/errors.ts';
import type { ImageWriter } from '../../src/core/image-writer.ts';
import { digestOf, repositoryOf } from '../support/build.ts';
import { manualClock } from '../support/manual-clock.ts';

const nameOf = (i: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(i) });
const key = '000001.delayed';
const due = { key, event: { time: '2026-06-01T12:00:00.000Z' } } as DueEvent;

/** A topic that says this after that time, until it is well again. */
function setUp(code: ErrorCode, afterMs: number) {
  const clock = manualClock();
  const lines: string[] = [];
  const topic = { calls: 0, taken: 0, isWell: false };
  const teller = announcer({
    publisher: {
      async publish(events) {
        topic.calls++;
        await clock.sleep(afterMs);
        if (!topic.isWell) throw new WorldError(code, 'not now');
        topic.taken += events.length;
      },
    },
    writer: () => ({ submitWithin: async () => ({}) }) as unknown as ImageWriter,
    clock,
    log: { info: () => undefined, warn: (line) => void lines.push(line) },
  });
  let offered = 0;
  const offer = (count: number) => {
    for (let i = 0; i < count; i++) teller.offer(nameOf(++offered), [due]);
  };
  const kept = () => Array.from({ length: offered }, (_, i) => nameOf(i + 1)).filter((n) => teller.isTelling(n, [key]));
  return { clock, topic, offer, kept, lines };
}

describe('events for a topic in trouble', () => {
  test('are kept up to a bound; of the others their images’ timers learn that nobody is telling them', async () => {
    const { clock, topic, offer, kept } = setUp('unavailable', 15_000);
    for (let minute = 0; minute < 20; minute++) {
      offer(60 * 50);
      await clock.advance(60_000);
    }
    expect(kept().length).toBeGreaterThan(19_000);
    expect(kept().length).toBeLessThanOrEqual(20_000);
    topic.isWell = true;
    await clock.advance(3_600_000);
    expect(kept()).toEqual([]);
    expect(topic.taken).toBeLessThanOrEqual(20_000);
    const before = topic.taken;
    offer(1);
    await clock.advance(60_000);
    expect(topic.taken).toBe(before + 1);
  });

  test.each([1, 3])('are left to their timers once it will never take them, each with a line: %i', async (count) => {
    const { clock, offer, kept, lines } = setUp('rejected', 10);
    offer(count);
    await clock.advance(1_000);
    expect(kept()).toEqual([]);
    expect(lines.filter((line) => line === 'event not told')).toHaveLength(count);
  });

  test('are not sent without a pause, however many wait', async () => {
    const { clock, topic, offer } = setUp('throttled', 0);
    offer(60_000);
    for (let i = 0; i < 50; i++) await clock.settle();
    expect(topic.calls).toBeLessThanOrEqual(2);
    await clock.advance(60_000);
    expect(topic.calls).toBeLessThanOrEqual(20);
  });
});
