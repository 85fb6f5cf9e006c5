/**
 * The time a webhook event carries, kept with all its digits. The registry writes seven or nine fractional
 * digits; cut to milliseconds, a push and a delete of the same millisecond would lose their order.
 * Stored as UTC with nine digits, so that comparing the text compares the time.
 */
declare const eventTimeBrand: unique symbol;
export type EventTime = string & { readonly [eventTimeBrand]: true };

const pattern = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,18}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** Later years have five digits and would sort before 1970; an offset can lead there from 9999. */
const lastSecond = Date.parse('9999-12-31T23:59:59Z');

export const eventTimeRule = 'must be an ISO 8601 time with an offset, such as "2026-06-01T12:22:07.0958813Z"';

export function parseEventTime(text: unknown): EventTime | undefined {
  if (typeof text !== 'string') return undefined;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, date, time, fraction = '', offset] = match;
  const wholeSeconds = Date.parse(`${date}T${time}${offset?.toUpperCase()}`);
  if (Number.isNaN(wholeSeconds) || wholeSeconds < 0 || wholeSeconds > lastSecond) return undefined;
  // Date.parse rolls 30 February over to March instead of refusing it.
  if (new Date(Date.parse(`${date}T00:00:00Z`)).toISOString().slice(0, 10) !== date) return undefined;
  return `${new Date(wholeSeconds).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0').slice(0, 9)}Z` as EventTime;
}

/** @param milliseconds since 1970, UTC */
export function toEventTime(milliseconds: number): EventTime {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000000Z` as EventTime;
}

/** @returns ISO 8601, UTC, milliseconds, as every answer writes times */
export function toIsoMilliseconds(time: EventTime): string {
  return `${time.slice(0, 23)}Z`;
}

/** Clocks of replicas may differ by up to this much. */
const maxAheadMs = 300_000;

/**
 * The time used for an event: its own, unless that is further in the future than clocks differ. Such a time would outweigh
 * everything that the region reports until then, so the time of receipt is used instead.
 * @param receivedAt milliseconds since 1970
 */
export function countedTime(stated: EventTime, receivedAt: number): EventTime {
  return stated > toEventTime(receivedAt + maxAheadMs) ? toEventTime(receivedAt) : stated;
}

/** Whether `time`, from a region's clock, may be at or after `ours`, from our clock, although it is earlier by its digits. */
export function isWithinSkew(time: EventTime, ours: EventTime): boolean {
  return Date.parse(ours) - Date.parse(time) <= maxAheadMs;
}

/** The next millisecond. */
export function justAfter(time: EventTime): EventTime {
  return toEventTime(Date.parse(time) + 1);
}

export function isLater(time: EventTime, than: EventTime | null): boolean {
  return than === null || time > than;
}

export function latest(a: EventTime | null, b: EventTime | null): EventTime | null {
  if (a === null) return b;
  return b === null || a > b ? a : b;
}
