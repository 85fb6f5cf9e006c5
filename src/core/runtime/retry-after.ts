/** Parses the header `Retry-After`. */

/** A longer pause than an hour is a mistake: it would stop probes of a replica, or delay a verdict beyond its use. */
const maxMs = 3_600_000;

/**
 * @param header seconds, or an HTTP date (RFC 9110, 10.2.3)
 * @returns milliseconds; `undefined` for a header that is absent or invalid
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
