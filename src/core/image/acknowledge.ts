/**
 * That the topic has taken something, or not. Unlike every other step it takes nothing away and decides nothing: it may be noted
 * in any order, more than once, and without having read the record.
 */
import { announcementKey } from './announcement-key.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import { joinFailures } from './failed-attempts.ts';
import type { ImageRecord } from './record.ts';
import { pendingKeys } from './record.ts';

export interface Acknowledgement {
  /** Of announcements; those that the record does not have, or that it knows to be taken, are left out. */
  readonly keys: readonly string[];
  /** When the topic took them, milliseconds since 1970. */
  readonly at: number;
}

/** @returns the same object when nothing changed */
export function acknowledge(record: ImageRecord, { keys, at }: Acknowledgement): ImageRecord {
  const taken = pendingKeys(record).filter((key) => keys.includes(key));
  if (taken.length === 0) return record;
  const completion = announcementKey({ kind: 'availableInAllReplicas', generation: record.generation });
  return {
    ...record,
    announcements: record.announcements.map((entry) =>
      taken.includes(entry.key) ? { ...entry, publishedAt: at } : entry,
    ),
    announcedAt: taken.includes(completion) ? at : record.announcedAt,
  };
}

/** @param failed by announcement; those that the topic has accepted since are left alone */
export function noteFailures(record: ImageRecord, failed: Readonly<Record<string, FailedAttempts>> = {}): ImageRecord {
  const announcements = record.announcements.map((entry) => {
    const joined = entry.publishedAt === null ? joinFailures(entry.failed, failed[entry.key]) : undefined;
    return joined === undefined ? entry : { ...entry, failed: joined };
  });
  return { ...record, announcements };
}
