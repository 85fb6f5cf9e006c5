/** Parses durations as people write them, `30m`, `90s`, `1h30m` or `1800`, and formats them. */
import { formatDuration } from '../core/runtime/format-duration.ts';

const pattern = /^(?:(?<hours>\d+(?:\.\d+)?)h)?(?:(?<minutes>\d+(?:\.\d+)?)m)?(?:(?<seconds>\d+(?:\.\d+)?)s?)?$/;
/** Longer than any build system lets a pipeline run. */
const maxSeconds = 7 * 86_400;

export const durationRule = 'must be a duration of at most 7 days such as 30m, 90s, 1h30m or 1800 (seconds)';

/** @returns milliseconds */
export function parseDuration(text: string): number | undefined {
  const found = pattern.exec(text.trim().toLowerCase())?.groups;
  if (found === undefined || text.trim() === '') return undefined;
  const { hours = '0', minutes = '0', seconds = '0' } = found;
  const total = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return total <= maxSeconds ? Math.round(total * 1_000) : undefined;
}

/** The lag behind the first region; short ones to a tenth of a second. One that rounds to 0 would be that of the first. */
export function formatLag(seconds: number): string {
  if (seconds > 0 && seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1_000))} ms`;
  return seconds < 10 ? `${Math.round(seconds * 10) / 10} s` : formatDuration(seconds * 1_000);
}

/** For tables: `12s`, `4m`, `3h`, `5d`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1_000);
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
