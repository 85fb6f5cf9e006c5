import type { ImageName, ImageRecord } from './record.ts';

export function newRecord(name: ImageName, firstSeenAt: number): ImageRecord {
  return { ...nothingYet, name, generation: 1, firstSeenAt, changedAt: firstSeenAt };
}

/** What a record has before anything is known of its image. */
export const nothingYet = {
  mediaType: null,
  arrivals: {},
  availableAt: null,
  completedFor: [],
  alreadyAnnounced: [],
  announcedAt: null,
  delayedAt: null,
  tags: {},
  uncomparedTags: [],
  announcements: [],
  forwards: [],
  requeueAt: null,
  expiredAt: null,
  writtenAs: null,
} as const;
