/** How long to wait before the next attempt. */

/**
 * A pause that doubles with each failure in a row.
 * @param failures in a row, from 1 on; fewer count as one
 * @returns milliseconds
 */
export function backoff(
  failures: number,
  { firstMs, maxMs }: { readonly firstMs: number; readonly maxMs: number },
): number {
  // A larger exponent could give infinity.
  return Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(failures - 1, 0), 40));
}
