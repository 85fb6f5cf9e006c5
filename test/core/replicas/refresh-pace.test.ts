/** How often ARM is asked, and how long after a call. */
import { describe, expect, test } from 'vitest';
import type { RefreshOutcome } from '../../../src/core/replicas/refresh-pace.ts';
import { refreshPace } from '../../../src/core/replicas/refresh-pace.ts';
import { manualClock } from '../../support/manual-clock.ts';

/** ARM answers as the test has it, each time `takesMs` later. */
function setUp(answer: () => RefreshOutcome = () => 'answered', takesMs = 1_000, clock = manualClock()) {
  const start = clock.now();
  const askedAt: number[] = [];
  const pace = refreshPace(clock, async () => {
    askedAt.push((clock.now() - start) / 1_000);
    await clock.sleep(takesMs);
    return answer();
  });
  /** @param seconds on the test's clock */
  const until = (seconds: number) => clock.advance(start + seconds * 1_000 - clock.now());
  return { pace, askedAt, until };
}

const silent = (): RefreshOutcome => ({ retryAfterMs: undefined });

describe('ARM is asked', () => {
  test('at once for the first call, and never twice at a time', async () => {
    const { pace, askedAt, until } = setUp();
    void pace.now();
    void pace.now();
    pace.next();
    await until(300);
    expect(askedAt).toEqual([0]);
  });

  test('not in the pause after an answer; a call of `soon()` meanwhile asks once, when the pause is over', async () => {
    const { pace, askedAt, until } = setUp();
    void pace.now();
    await until(2);
    void pace.now();
    await until(29);
    expect(askedAt).toEqual([0]);
    for (let time = 0; time < 100; time++) pace.soon();
    pace.next();
    await until(300);
    expect(askedAt).toEqual([0, 30]);
  });

  test('by one timer, however many calls come in the pause', async () => {
    const clock = manualClock();
    let timers = 0;
    const sleep = (milliseconds: number) => {
      timers++;
      return clock.sleep(milliseconds);
    };
    const { pace, until } = setUp(undefined, 0, { ...clock, sleep });
    await pace.now();
    timers = 0;
    for (let time = 0; time < 100; time++) pace.soon();
    await until(29);
    expect(timers).toBe(1);
  });

  test('again for a call while a request is under way, which may have been sent too early for it', async () => {
    const { pace, askedAt, until } = setUp();
    void pace.now();
    await until(0.5);
    pace.soon();
    await until(30.5);
    pace.soon();
    await until(300);
    expect(askedAt).toEqual([0, 30, 60]);
  });

  test('also where a timer fires a moment early', async () => {
    const clock = manualClock();
    const early = { ...clock, sleep: (milliseconds: number) => clock.sleep(milliseconds - 1) };
    const { pace, askedAt, until } = setUp(undefined, undefined, early);
    void pace.now();
    await until(2);
    pace.soon();
    await until(300);
    expect(askedAt).toEqual([0, 29.999]);
  });

  test('only once where another call has asked before the pause is over', async () => {
    const { pace, askedAt, until } = setUp(silent);
    void pace.now();
    await until(5);
    pace.soon();
    await until(11);
    void pace.now();
    await until(300);
    expect(askedAt).toEqual([0, 11]);
  });
});

describe('while ARM does not answer', () => {
  /** A call each second. */
  async function askFor(seconds: number, answer: () => RefreshOutcome, takesMs?: number) {
    const { pace, askedAt, until } = setUp(answer, takesMs);
    for (let second = 0; second < seconds; second++) {
      pace.next();
      await until(second + 1);
    }
    return askedAt;
  }

  test('the pauses grow from 10 to 30 seconds, however many questions there are', async () => {
    expect(await askFor(150, silent)).toEqual([0, 11, 32, 63, 94, 125]);
  });

  test('they begin when the request has ended', async () => {
    expect(await askFor(60, silent, 15_000)).toEqual([0, 25, 60]);
  });

  test('they are as long as ARM wants them, up to two minutes', async () => {
    expect(await askFor(140, () => ({ retryAfterMs: 60_000 }))).toEqual([0, 61, 122]);
    expect(await askFor(140, () => ({ retryAfterMs: 3_600_000 }))).toEqual([0, 121]);
  });

  test('and are short again once it has answered', async () => {
    let times = 0;
    expect(await askFor(130, () => (++times === 3 ? 'answered' : silent()))).toEqual([0, 11, 32, 62, 73, 94, 125]);
  });

  test('what is under way can be waited for, and a pause not', async () => {
    const { pace, until } = setUp(silent);
    let isOver = false;
    pace.next()?.then(() => {
      isOver = true;
    });
    await until(0.9);
    expect(isOver).toBe(false);
    await until(1);
    expect(isOver).toBe(true);
    expect(pace.next()).toBeUndefined();
  });
});
