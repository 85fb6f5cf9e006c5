/**
 * Times in the registry's format: UTC with seven fractional digits, where JavaScript has three. The other four order
 * two events of one millisecond, and a receiver that compares only milliseconds, or the text, can be caught here.
 */

/** Formats milliseconds since 1970, and never returns the same time twice. */
export type Timestamper = (milliseconds: number) => string;

export function createTimestamper(): Timestamper {
  let lastMilliseconds = Number.NEGATIVE_INFINITY;
  let ticks = 0;
  return (milliseconds) => {
    const whole = Math.floor(milliseconds);
    // 37 only makes the digits look less like …0000 in a quiet registry.
    ticks = whole === lastMilliseconds ? ticks + 1 : (Math.abs(whole) * 37) % 5_000;
    lastMilliseconds = whole;
    return formatTimestamp(whole, ticks);
  };
}

/** @param ticks tenths of a microsecond after the millisecond, 0 to 9999 */
export function formatTimestamp(milliseconds: number, ticks: number): string {
  const withMilliseconds = new Date(milliseconds).toISOString().slice(0, -1);
  return `${withMilliseconds}${String(Math.min(ticks, 9_999)).padStart(4, '0')}Z`;
}
