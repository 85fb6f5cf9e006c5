/**
 * Lets any number of waiters follow one subject for the cost of one. They share one poller, which stops with the last waiter. A
 * write of this process is passed on at once, without a poll. A waiter never gets a state that was read before it came: another
 * instance may have written since.
 */
import type { Clock } from './clock.ts';
import { semaphore } from './semaphore.ts';

export interface Watch<T> {
  /**
   * Passes `stop` the present state, read or written after this call, and then each later one, until it returns a result or the
   * signal is aborted.
   * @returns the result of `stop`, or `undefined` after the signal
   */
  follow<R>(subject: Subject<T>, stop: (state: T) => R | undefined, signal: AbortSignal): Promise<R | undefined>;
  /**
   * Passes on a state that this process has just written. Waiters that came after the write had begun do not get it: its answer
   * may be late, and another instance may have written since. For them the subject is read again.
   * @param begunAt when the write was sent, milliseconds since 1970
   */
  publish(key: string, state: T, begunAt: number): void;
  /** Reads the subject again now, if a waiter follows it. */
  refresh(key: string): void;
  /** Subjects that are followed at present. */
  readonly followed: number;
}

export interface Subject<T> {
  readonly key: string;
  /**
   * Reads the present state. A failure is ignored: the next poll tries again.
   * @param isNew a waiter has come since the last read, or this process has written: a cached state must not be used
   */
  read(isNew: boolean): Promise<T>;
}

export interface Pace {
  /** Between two reads of one subject, at first. */
  readonly minPauseMs: number;
  /** The same after a minute without a write of this process. */
  readonly maxPauseMs: number;
  /** Reads at the same time, over all subjects: webhooks need the storage, too. */
  readonly maxReads: number;
}

interface Listener<T> {
  /** Number of the first read that it may get: one that begins after it came, and after the last write that it was passed. */
  from: number;
  /** Milliseconds since 1970. */
  readonly since: number;
  deliver(state: T): void;
}

interface Poller<T> {
  readonly listeners: Set<Listener<T>>;
  /** Reads begun so far. */
  reads: number;
  /** Time of the last write of this process, or of the start; milliseconds since 1970. */
  quietSince: number;
  /** Whether a waiter needs a read that has not begun. */
  isDue: boolean;
  /** Ends the pause before the next read. */
  pause: AbortController;
  /** Ends the poller. */
  end: AbortController;
}

/** Between two reads of one subject, however many waiters come. */
const minGapMs = 50;
/** A slow read means that the storage is under load: reads may use this share of the time. */
const maxShare = 0.2;
const maxSlowPauseMs = 5_000;
/** A subject that has been quiet for this many pauses is polled more slowly. */
const quietPauses = 60;

export function watch<T>(clock: Clock, pace: Pace): Watch<T> {
  const pollers = new Map<string, Poller<T>>();
  const reads = semaphore(pace.maxReads);

  function deliver(poller: Poller<T>, value: T, read: number): void {
    for (const listener of [...poller.listeners]) if (listener.from <= read) listener.deliver(value);
  }

  function pauseAfter(poller: Poller<T>, tookMs: number): number {
    const quietMs = (clock.now() - poller.quietSince) / quietPauses;
    const pauseMs = Math.min(pace.maxPauseMs, Math.max(pace.minPauseMs, quietMs));
    return Math.max(pauseMs, Math.min(maxSlowPauseMs, tookMs / maxShare));
  }

  async function poll(subject: Subject<T>, poller: Poller<T>): Promise<void> {
    while (poller.listeners.size > 0) {
      poller.pause = new AbortController();
      poller.end = new AbortController();
      await reads.acquire();
      const startedAt = clock.now();
      const isNew = poller.isDue;
      poller.isDue = false;
      const read = ++poller.reads;
      const state = await subject.read(isNew).then(
        (value) => ({ value }),
        () => undefined,
      );
      reads.release();
      if (state !== undefined) deliver(poller, state.value, read);
      const pauseMs = pauseAfter(poller, clock.now() - startedAt);
      const endedAt = clock.now();
      await clock.sleep(pauseMs, poller.pause.signal);
      await clock.sleep(endedAt + minGapMs - clock.now(), poller.end.signal);
    }
    pollers.delete(subject.key);
  }

  function start(subject: Subject<T>, listener: Listener<T>): Poller<T> {
    const poller: Poller<T> = {
      listeners: new Set([listener]),
      reads: 0,
      quietSince: clock.now(),
      isDue: true,
      pause: new AbortController(),
      end: new AbortController(),
    };
    pollers.set(subject.key, poller);
    void poll(subject, poller);
    return poller;
  }

  function join(poller: Poller<T>, listener: Listener<T>): Poller<T> {
    poller.listeners.add(listener);
    readSoon(poller);
    return poller;
  }

  function readSoon(poller: Poller<T>): void {
    poller.isDue = true;
    poller.pause.abort();
  }

  return {
    follow<R>(subject: Subject<T>, stop: (state: T) => R | undefined, signal: AbortSignal) {
      return new Promise<R | undefined>((resolve) => {
        const running = pollers.get(subject.key);
        const finish = (result: R | undefined) => {
          poller.listeners.delete(listener);
          signal.removeEventListener('abort', onAbort);
          if (poller.listeners.size === 0) {
            poller.pause.abort();
            poller.end.abort();
          }
          resolve(result);
        };
        const listener: Listener<T> = {
          from: (running?.reads ?? 0) + 1,
          since: clock.now(),
          deliver(state) {
            const result = stop(state);
            if (result !== undefined) finish(result);
          },
        };
        const onAbort = () => finish(undefined);
        signal.addEventListener('abort', onAbort);
        const poller = running === undefined ? start(subject, listener) : join(running, listener);
        if (signal.aborted) finish(undefined);
      });
    },
    publish(key, state, begunAt) {
      const poller = pollers.get(key);
      if (poller === undefined) return;
      poller.quietSince = clock.now();
      const listeners = [...poller.listeners];
      for (const listener of listeners.filter(({ since }) => since <= begunAt)) {
        // A read that is under way may have been answered before this write.
        listener.from = poller.reads + 1;
        listener.deliver(state);
      }
      if (listeners.some(({ since }) => since > begunAt)) readSoon(poller);
    },
    refresh(key) {
      const poller = pollers.get(key);
      if (poller === undefined) return;
      poller.quietSince = clock.now();
      readSoon(poller);
    },
    get followed() {
      return pollers.size;
    },
  };
}
