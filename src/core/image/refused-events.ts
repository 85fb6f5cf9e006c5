/** Events of an image that the topic has refused, or has not answered, and that it has not accepted since. */
import type { FailedAttempts } from './failed-attempts.ts';
import { joinFailures } from './failed-attempts.ts';
import type { ImageRecord } from './record.ts';

/** Whether the topic has refused, or not answered, an event of it, and has not accepted that event since. */
export function hasRefusedEvent({ announcements }: ImageRecord): boolean {
  return announcements.some(({ publishedAt, failed }) => publishedAt === null && failed !== undefined);
}

/** How often the topic has not accepted the events of an image, and why. */
export interface RefusedEvents {
  /** How many of its events. */
  readonly events: number;
  /** Of the event that was tried most often. */
  readonly attempts: number;
  /** ISO 8601, of the last attempt. */
  readonly lastAt: string;
  /** One line, for people. */
  readonly lastError: string;
}

/** Events that the topic has not accepted, as far as the record knows of failed attempts; `undefined` if there are none. */
export function refusedEvents({ announcements }: ImageRecord): RefusedEvents | undefined {
  const failed = announcements.flatMap(({ publishedAt, failed }) => (publishedAt === null ? (failed ?? []) : []));
  const last = failed.reduce<FailedAttempts | undefined>(joinFailures, undefined);
  if (last === undefined) return undefined;
  const { count, lastAt, lastError } = last;
  return { events: failed.length, attempts: count, lastAt: new Date(lastAt).toISOString(), lastError };
}
