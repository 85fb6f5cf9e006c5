/**
 * That the topic has taken something. Unlike every other step it takes nothing away and decides nothing: it may be noted
 * in any order, more than once, and without having read the record.
 */
import { announcementKey } from './announcement.ts';
import type { ImageRecord } from './image.ts';
import { pendingKeys } from './image.ts';

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
