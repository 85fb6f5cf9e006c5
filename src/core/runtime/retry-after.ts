/** How long the other side asks to be left alone, in the header that says so. */

/** Nobody means more than an hour: longer is a mistake, and would silence a replica, or hold a verdict back for its whole life. */
const maxMs = 3_600_000;

/**
 * @param header seconds, or an HTTP date (RFC 9110, 10.2.3)
 * @returns milliseconds, `undefined` for a header that says nothing
 */
export function parseRetryAfter(header: string | null | undefined, now: number): number | undefined {
  if (header === null || header === undefined) return undefined;
  const isDate = /^[A-Za-z]{3}/.test(header);
  const wait = isDate ? Date.parse(header) - now : /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Number.NaN;
  return Number.isNaN(wait) ? undefined : boundPause(wait);
}

export function boundPause(milliseconds: number): number {
  return Math.min(Math.max(milliseconds, 0), maxMs);
}
