/** Limits how long a result is waited for; the work itself goes on. */
import type { Clock } from './clock.ts';
import { UpstreamError } from './errors.ts';

/** @returns the result, or `undefined` after that time. Fails as the work does. */
export async function withTimeout<T>(clock: Clock, milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(milliseconds, done.signal).then(() => undefined)]);
  } finally {
    // `null`: without a reason, `abort()` creates an error each time.
    done.abort(null);
  }
}

/** @returns the result, or `undefined` after that time or a failure */
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
 * A last read at the end of a wait during which no read succeeded. It is limited to two seconds, because the caller has waited
 * for as long as it asked to. Fails as the read does, and with `unavailable` after that time.
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
