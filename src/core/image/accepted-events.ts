/**
 * Notes that the topic has accepted announcements, or has failed to. Unlike other commands this only adds to the record and
 * decides nothing, so it may be applied in any order, more than once, and without reading the record first.
 */
import { announcementKey } from './announcement-key.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import { joinFailures } from './failed-attempts.ts';
import type { ImageRecord } from './record.ts';
import { pendingKeys } from './record.ts';

export interface AcceptedEvents {
  /** Of announcements. Keys that the record does not have, or that it knows to be accepted, are ignored. */
  readonly keys: readonly string[];
  /** When the topic accepted them, milliseconds since 1970. */
  readonly at: number;
}

/** @returns the same object if nothing changed */
export function noteAccepted(record: ImageRecord, { keys, at }: AcceptedEvents): ImageRecord {
  const accepted = pendingKeys(record).filter((key) => keys.includes(key));
  if (accepted.length === 0) return record;
  const completion = announcementKey({ kind: 'availableInAllReplicas', generation: record.generation });
  return {
    ...record,
    announcements: record.announcements.map((entry) =>
      accepted.includes(entry.key) ? { ...entry, publishedAt: at } : entry,
    ),
    announcedAt: accepted.includes(completion) ? at : record.announcedAt,
  };
}

/** @param failed by announcement key; ignored for announcements that the topic has accepted since */
export function noteFailures(record: ImageRecord, failed: Readonly<Record<string, FailedAttempts>> = {}): ImageRecord {
  const announcements = record.announcements.map((entry) => {
    const joined = entry.publishedAt === null ? joinFailures(entry.failed, failed[entry.key]) : undefined;
    return joined === undefined ? entry : { ...entry, failed: joined };
  });
  return { ...record, announcements };
}
