/**
 * Times as the registry writes them: UTC with seven digits after the point, where JavaScript knows three. The extra
 * four make two events of one millisecond tell their order, and a receiver that compares only milliseconds, or the
 * text, gets a fair chance to be wrong.
 */

/** A clock that never shows the same time twice. Takes milliseconds since 1970. */
export type Timestamper = (milliseconds: number) => string;

export function createTimestamper(): Timestamper {
  let lastMilliseconds = Number.NEGATIVE_INFINITY;
  let ticks = 0;
  return (milliseconds) => {
    const whole = Math.floor(milliseconds);
    // 37 is only there so that the digits do not all look like …0000 in a quiet registry.
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
