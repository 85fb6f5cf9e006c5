/**
 * Lets any number of waiters follow one thing at the price of one. Whoever waits for the same image or tag shares one
 * poller, which stops with its last waiter; what this process writes itself is passed on at once, without a poll.
 */
import type { Clock } from './ports.ts';

export interface Watch<T> {
  /**
   * The present state, and then each later one, until `stop` says so or the signal is aborted.
   * @returns what `stop` returned, or `undefined` after the signal
   */
  follow<R>(subject: Subject<T>, stop: (state: T) => R | undefined, signal: AbortSignal): Promise<R | undefined>;
  /** Passes on a state that is already known here. */
  publish(key: string, state: T): void;
  /** Has the subject read again now, if anybody follows it. */
  refresh(key: string): void;
  /** Subjects that are followed at present. */
  readonly followed: number;
}

export interface Subject<T> {
  readonly key: string;
  /** Reads the present state. A failure is passed on to no one: the next poll tries again. */
  read(): Promise<T>;
}

interface Poller<T> {
  state: { readonly value: T } | undefined;
  readonly listeners: Set<(state: T) => void>;
  wake: AbortController;
}

/** @param pollMs between two reads of one subject */
export function watch<T>(clock: Clock, pollMs: number): Watch<T> {
  const pollers = new Map<string, Poller<T>>();

  function tell(poller: Poller<T>, value: T): void {
    poller.state = { value };
    for (const listener of [...poller.listeners]) listener(value);
  }

  async function poll(subject: Subject<T>, poller: Poller<T>): Promise<void> {
    while (poller.listeners.size > 0) {
      poller.wake = new AbortController();
      const read = await subject.read().then(
        (value) => ({ value }),
        () => undefined,
      );
      if (read !== undefined) tell(poller, read.value);
      if (poller.listeners.size > 0) await clock.sleep(pollMs, poller.wake.signal);
    }
    pollers.delete(subject.key);
  }

  function pollerOf(subject: Subject<T>, listener: (state: T) => void): Poller<T> {
    const running = pollers.get(subject.key);
    if (running !== undefined) {
      running.listeners.add(listener);
      return running;
    }
    const poller: Poller<T> = { state: undefined, listeners: new Set([listener]), wake: new AbortController() };
    pollers.set(subject.key, poller);
    void poll(subject, poller);
    return poller;
  }

  return {
    follow<R>(subject: Subject<T>, stop: (state: T) => R | undefined, signal: AbortSignal) {
      return new Promise<R | undefined>((resolve) => {
        const finish = (result: R | undefined) => {
          poller.listeners.delete(listener);
          signal.removeEventListener('abort', onAbort);
          if (poller.listeners.size === 0) poller.wake.abort();
          resolve(result);
        };
        const listener = (state: T) => {
          const result = stop(state);
          if (result !== undefined) finish(result);
        };
        const onAbort = () => finish(undefined);
        signal.addEventListener('abort', onAbort);
        const poller = pollerOf(subject, listener);
        if (poller.state !== undefined) listener(poller.state.value);
        if (signal.aborted) finish(undefined);
      });
    },
    publish(key, state) {
      const poller = pollers.get(key);
      if (poller !== undefined) tell(poller, state);
    },
    refresh(key) {
      pollers.get(key)?.wake.abort();
    },
    get followed() {
      return pollers.size;
    },
  };
}
