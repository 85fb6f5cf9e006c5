/**
 * Builds the events to be sent from the announcements of a record. The id depends on the fact alone, so an event that is built
 * again, later or by another instance, is a duplicate for its receivers.
 */

import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { parseAnnouncementKey } from './announcement-key.ts';
import type { AvailabilityDocument } from './availability.ts';
import { describeImage } from './availability.ts';
import type { DueEvent } from './cloud-event.ts';
import { toEvent } from './cloud-event.ts';
import type { ImageRecord } from './record.ts';

/** @param keys of announcements in the record */
export function buildEvents(
  image: ImageRecord,
  keys: readonly string[],
  registry: Registry,
  set: ReplicaSet,
  now: number,
): DueEvent[] {
  const entries = new Map(image.announcements.map((entry) => [entry.key, entry]));
  // The document differs only by tag.
  const documents = new Map<string | undefined, AvailabilityDocument>();
  return keys.map((key) => {
    const announcement = parseAnnouncementKey(key);
    const tag = announcement.tag?.name;
    const document = documents.get(tag) ?? describeImage(image, registry, set, now, tag);
    documents.set(tag, document);
    const { madeAt = image.changedAt, failed, ...noted } = entries.get(key) ?? {};
    const event = toEvent(announcement, image, registry, document, madeAt, noted);
    return { key, event, ...(failed === undefined ? {} : { failedBefore: failed.count }) };
  });
}

/** Keys of the announcements that the topic accepted between two times, both included; milliseconds since 1970. */
export function publishedKeys(image: ImageRecord, since: number, until: number): string[] {
  return image.announcements
    .filter(({ publishedAt }) => publishedAt !== null && publishedAt >= since && publishedAt <= until)
    .map((entry) => entry.key);
}

/** When the topic last accepted an event about this image, milliseconds since 1970; `null` if it never has. */
export function lastPublishedAt(image: ImageRecord): number | null {
  const times = image.announcements.flatMap(({ publishedAt }) => publishedAt ?? []);
  return times.length === 0 ? null : Math.max(...times);
}
