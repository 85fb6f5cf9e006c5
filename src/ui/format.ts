/**
 * Values as short texts. Names from a registry are untrusted: characters that reorder, hide or join the text around
 * them are shown as their code points, so that no name can look like another.
 */
const maxShown = 300;

/** Control and format characters, among them those that change the direction of the text. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

export function visible(text: string): string {
  const shown = text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
  return shown.replaceAll(unseen, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
}

/** `sha256:e46f7d74…` */
export function shortDigest(digest: string): string {
  const [, algorithm, hex] = /^([a-z0-9]+):([0-9a-f]{9,})$/.exec(digest) ?? [];
  return algorithm === undefined || hex === undefined ? visible(digest) : `${algorithm}:${hex.slice(0, 8)}…`;
}

/** An image without its registry: `team/app:v1`, `team/app sha256:e46f7d74…` */
export function shortReference(image: string): string {
  const name = image.slice(image.indexOf('/') + 1);
  const at = name.indexOf('@');
  return at < 0 ? visible(name) : `${visible(name.slice(0, at))} ${shortDigest(name.slice(at + 1))}`;
}

/** A duration, rounded for reading: `40 ms`, `0.4 s`, `34 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1_000))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return withRest(minutes, 'min', minutes < 10 ? whole % 60 : 0, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return withRest(hours, 'h', minutes % 60, 'min');
  return withRest(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function withRest(count: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${count} ${unit}` : `${count} ${unit} ${rest} ${restUnit}`;
}

/** Whole units only, since it is updated every second. A clock ahead of ours gives "now", not "in 2 s". */
export function formatAgo(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return seconds < 1 ? 'now' : `${formatWhole(seconds)} ago`;
}

/** The duration of a wait. */
export function formatWaiting(milliseconds: number): string {
  return formatWhole(Math.max(0, Math.floor(milliseconds / 1000)));
}

function formatWhole(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** Whether times are shown in UTC; otherwise in the reader's time zone. */
export const zone = { isUtc: false };

/** `UTC`, `UTC+2`, `UTC-3:30` */
export function zoneName(at: Date): string {
  const minutes = zone.isUtc ? 0 : -at.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}

/** The time, with the date unless it is today. */
export function formatMoment(time: number, now: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const shown = (at: number) => new Date(zone.isUtc ? at + new Date(at).getTimezoneOffset() * 60_000 : at);
  const [at, today] = [shown(time), shown(now)];
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (at.toDateString() === today.toDateString()) return clock;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}

/** The time with the name of its zone. */
export function momentText(time: number, now: number): string {
  return `${formatMoment(time, now)}${Number.isNaN(time) ? '' : ` ${zoneName(new Date(time))}`}`;
}

/** `1 image`, `2 images` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
