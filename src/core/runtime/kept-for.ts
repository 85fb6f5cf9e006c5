/** Shares one read among all callers for some time. */
import type { Clock } from './clock.ts';

/** @returns a function that returns the last value for that long, then reads again; a failure is not kept */
export function keptFor<T>(clock: Clock, milliseconds: number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    const now = clock.now();
    if (last !== undefined && now - last.at < milliseconds) return last.value;
    const mine = { at: now, value: read() };
    last = mine;
    mine.value.catch(() => {
      if (last === mine) last = undefined;
    });
    return mine.value;
  };
}
