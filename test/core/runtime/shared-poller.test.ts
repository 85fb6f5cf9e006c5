/** Many waiters on one subject: for the cost of one, and none gets a state that was read before it came. */
import { expect, test } from 'vitest';
import { semaphore } from '../../../src/core/runtime/semaphore.ts';
import { watch } from '../../../src/core/runtime/shared-poller.ts';
import { manualClock } from '../../support/manual-clock.ts';

const pace = { minPauseMs: 300, maxPauseMs: 1_000, maxReads: 2 };

function counter(clock = manualClock(), tookMs = 0) {
  const reads: number[] = [];
  let value = 0;
  let failing = false;
  return {
    clock,
    reads,
    set: (next: number) => {
      value = next;
    },
    fail: (isFailing: boolean) => {
      failing = isFailing;
    },
    subject: (key = 'one') => ({
      key,
      async read() {
        reads.push(clock.now());
        const seen = value;
        if (tookMs > 0) await clock.sleep(tookMs);
        if (failing) throw new Error('the storage does not answer');
        return seen;
      },
    }),
  };
}

const never = new AbortController().signal;
const yes = (state: number) => (state === 1 ? state : undefined);

test('a hundred waiters cost hardly more than one', async () => {
  const { clock, reads, subject, set } = counter();
  const watched = watch<number>(clock, pace);
  const answers = Array.from({ length: 100 }, () => watched.follow(subject(), yes, never));
  await clock.advance(3_000);
  expect(reads.length).toBeLessThan(15);
  set(1);
  await clock.advance(1_000);
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 100 }, () => 1));
  expect(watched.followed).toBe(0);
});

test('a later waiter does not get a state that was read before', async () => {
  const { clock, subject, set, fail } = counter();
  const watched = watch<number>(clock, pace);
  set(1);
  const patient = watched.follow(subject(), () => undefined, never);
  await clock.advance(1_000);
  // Another instance records a delete, and this one loses the storage.
  set(0);
  fail(true);
  const leaving = new AbortController();
  const late = watched.follow(subject(), yes, leaving.signal);
  await clock.advance(10_000);
  leaving.abort();
  expect(await late).toBeUndefined();
  fail(false);
  set(1);
  expect(await Promise.race([watched.follow(subject(), yes, never), clock.advance(2_000)])).toBe(1);
  void patient;
});

test('nor the result of a read that had begun before', async () => {
  const { clock, subject, set } = counter(manualClock(), 100);
  const watched = watch<number>(clock, pace);
  set(1);
  void watched.follow(subject(), () => undefined, never);
  await clock.advance(50);
  set(0);
  const late = watched.follow(subject(), yes, never);
  await clock.advance(200);
  expect(await Promise.race([late, Promise.resolve('waiting')])).toBe('waiting');
});

test('what this process writes is passed on at once', async () => {
  const { clock, subject } = counter();
  const watched = watch<number>(clock, pace);
  const answer = watched.follow(subject(), yes, never);
  await clock.advance(100);
  watched.publish('one', 1, clock.now());
  expect(await answer).toBe(1);
});

test('but not to a waiter that came after the write had begun: the subject is read again for it', async () => {
  const { clock, reads, subject } = counter();
  const watched = watch<number>(clock, pace);
  const begunAt = clock.now();
  await clock.advance(10);
  const late = watched.follow(subject(), yes, never);
  await clock.advance(100);
  const before = reads.length;
  watched.publish('one', 1, begunAt);
  await clock.advance(1);
  expect(await Promise.race([late, Promise.resolve('waiting')])).toBe('waiting');
  expect(reads.length).toBeGreaterThan(before);
});

test('a read that had begun before a write of this process does not replace what was written', async () => {
  const { clock, subject, set } = counter(manualClock(), 100);
  const watched = watch<number>(clock, pace);
  const seen: number[] = [];
  const leaving = new AbortController();
  const waiter = watched.follow(subject(), (state) => void seen.push(state), leaving.signal);
  await clock.advance(50);
  set(2);
  watched.publish('one', 2, clock.now());
  await clock.advance(60);
  expect(seen).toEqual([2]);
  await clock.advance(1_000);
  expect(new Set(seen)).toEqual(new Set([2]));
  expect(seen.length).toBeGreaterThan(1);
  leaving.abort();
  await waiter;
});

test('what stays quiet is polled less often, down to once a second', async () => {
  const { clock, reads, subject } = counter();
  const watched = watch<number>(clock, pace);
  void watched.follow(subject(), yes, never);
  await clock.advance(600_000);
  const last = reads.slice(-11);
  expect((last.at(-1) ?? 0) - (last[0] ?? 0)).toBe(10_000);
  watched.refresh('one');
  await clock.advance(3_000);
  expect(reads.slice(-9).length).toBe(9);
  expect((reads.at(-1) ?? 0) - (reads.at(-2) ?? 0)).toBe(300);
});

test('a storage that is slow is asked less often', async () => {
  const { clock, reads, subject } = counter(manualClock(), 500);
  const watched = watch<number>(clock, pace);
  void watched.follow(subject(), yes, never);
  await clock.advance(60_000);
  expect(reads.length).toBeLessThanOrEqual(21);
});

test('no more subjects are read at a time than allowed, and all of them one after the other', async () => {
  const { clock, reads, subject } = counter(manualClock(), 100);
  const watched = watch<number>(clock, pace);
  for (let n = 0; n < 6; n++) void watched.follow(subject(String(n)), yes, never);
  await clock.advance(50);
  expect(reads).toHaveLength(2);
  await clock.advance(250);
  expect(reads).toHaveLength(6);
});

test('a semaphore gives its permits in order', async () => {
  const permits = semaphore(1);
  const order: number[] = [];
  await permits.acquire();
  const waiting = [1, 2].map((n) => permits.acquire().then(() => order.push(n)));
  permits.release();
  await waiting[0];
  expect(order).toEqual([1]);
  permits.release();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2]);
});

test('a read that fails is no answer, and no end: the next one answers', async () => {
  const { clock, reads, subject, set, fail } = counter();
  const watched = watch<number>(clock, pace);
  set(1);
  fail(true);
  const answer = watched.follow(subject(), yes, never);
  await clock.advance(5_000);
  expect(reads.length).toBeGreaterThan(5);
  expect(watched.followed).toBe(1);
  fail(false);
  await clock.advance(1_000);
  expect(await Promise.race([answer, Promise.resolve('waits')])).toBe(1);
});

test('however many come one after the other, one subject is read every fifty milliseconds at most', async () => {
  const { clock, reads, subject } = counter();
  const watched = watch<number>(clock, pace);
  for (let came = 0; came < 100; came++) {
    void watched.follow(subject(), yes, never);
    await clock.advance(5);
  }
  expect(reads.length).toBeGreaterThan(5);
  expect(reads.slice(1).filter((at, i) => at - (reads[i] ?? 0) < 50)).toEqual([]);
});

test('a waiter whose signal was aborted before it came is not waited for', async () => {
  const { clock, subject } = counter();
  const watched = watch<number>(clock, pace);
  const gone = new AbortController();
  gone.abort();
  const answer = watched.follow(subject(), yes, gone.signal);
  await clock.advance(1_000);
  expect(await Promise.race([answer, Promise.resolve('waits')])).toBeUndefined();
  expect(watched.followed).toBe(0);
});
