/** A bound on how long a result is waited for; the work itself goes on. */
import type { Clock } from './clock.ts';
import { UpstreamError } from './errors.ts';

/** @returns the result, or `undefined` when it did not come in time. Fails as the work does. */
export async function withTimeout<T>(clock: Clock, milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(milliseconds, done.signal).then(() => undefined)]);
  } finally {
    // Without a reason of its own, each of these would make an error.
    done.abort(null);
  }
}

/** @returns the result, or `undefined` when it failed or did not come in time */
export function withTimeoutOrUndefined<T>(
  clock: Clock,
  milliseconds: number,
  work: Promise<T>,
): Promise<T | undefined> {
  return withTimeout(
    clock,
    milliseconds,
    work.catch(() => undefined),
  );
}

const lastReadMs = 2_000;

/**
 * What was not read while it was waited for is read once more at the end. Where the storage hangs, nobody who has waited for
 * as long as they meant to waits for that much longer. Fails as the reading does, and with `unavailable`.
 */
export async function readAtEnd<T>(clock: Clock, reading: Promise<T>): Promise<T> {
  const read = await withTimeout(
    clock,
    lastReadMs,
    reading.then((value) => ({ value })),
  );
  if (read === undefined)
    throw new UpstreamError('unavailable', 'the storage has not answered while it was waited for');
  return read.value;
}
