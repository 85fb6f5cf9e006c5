/** Durations as people write them, `30m`, `90s`, `1h30m` or `1800`, and as people read them. */
const pattern = /^(?:(?<hours>\d+(?:\.\d+)?)h)?(?:(?<minutes>\d+(?:\.\d+)?)m)?(?:(?<seconds>\d+(?:\.\d+)?)s?)?$/;
/** More than a pipeline may run anywhere. */
const longestSeconds = 7 * 86_400;

export const durationRule = 'must be a duration of at most 7 days such as 30m, 90s, 1h30m or 1800 (seconds)';

/** @returns milliseconds */
export function parseDuration(text: string): number | undefined {
  const found = pattern.exec(text.trim().toLowerCase())?.groups;
  if (found === undefined || text.trim() === '') return undefined;
  const { hours = '0', minutes = '0', seconds = '0' } = found;
  const total = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return total <= longestSeconds ? Math.round(total * 1_000) : undefined;
}

/** `12 s`, `3 min 20 s`, `2 h 5 min`; the smallest unit only where it tells something. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(Math.max(0, milliseconds) / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const [unit, part, big, small] = seconds < 3_600 ? [60, 1, 'min', 's'] : [3_600, 60, 'h', 'min'];
  const rest = Math.floor((seconds % unit) / part);
  return `${Math.floor(seconds / unit)} ${big}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** Of a region behind the first one: short distances to a tenth of a second. */
export function formatLag(seconds: number): string {
  return seconds < 10 ? `${Math.round(seconds * 10) / 10} s` : formatDuration(seconds * 1_000);
}
