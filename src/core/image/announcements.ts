/**
 * What must be published about an image: all that is true now and has not been published in this generation. It is noted in the
 * record itself, so whoever writes the record first is the only one to tell.
 */

import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions, isKnown } from '../model/replica-set.ts';
import type { Announcement } from './announcement-key.ts';
import { announcementKey, announcementSubject, parseAnnouncementKey, regionSubjects } from './announcement-key.ts';
import { isDeleted } from './arrival.ts';
import type { DecisionContext, Policy } from './context.ts';
import { claimableUntil } from './family-steps.ts';
import { dueForwards, keepForwards } from './forward-entry.ts';
import { withGenerationDue } from './generation.ts';
import type { AnnouncementEntry, ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions, isPartOfFamily, lastTagged, pendingKeys, progressOf } from './record.ts';
import {
  hasDeletedMember,
  isAvailableIn,
  isComplete,
  isGoneAgain,
  isOpen,
  isSeeded,
  isUnpublishedComplete,
} from './state.ts';
import { closeTags } from './tag-progress.ts';

/** Enough for the history of an image that is deleted and pushed again now and then, or that many builds tag anew. */
const maxAnnouncements = 200;

/** More wait in their tags until the topic has taken these: a record must not outgrow its row while the topic is away. */
const maxPendingTagEvents = 500;

/** Notes in the record all that is true now and has not been announced in this generation. */
export function announce(
  before: ImageRecord,
  decisionContext: DecisionContext,
): { record: ImageRecord; announcements: readonly Announcement[] } {
  const { set, now, targets = [] } = decisionContext;
  if (isPartOfFamily(before)) return { record: withoutEvents(before, set, now), announcements: [] };
  if (claimableUntil(before, decisionContext) !== null) return { record: before, announcements: [] };
  const record = withGenerationDue(before, set, now);
  const maker = announcementMaker(record);
  announceRegions(record, set, maker);
  const completion = announceCompletion(record, decisionContext, maker);
  const tags = announceTags(record, set, maker);
  const { announcements } = maker;

  const due = targets.length === 0 ? [] : dueForwards({ ...record, tags }, set, targets, now);
  const isNewFact = announcements.length > 0 || due.length > 0 || completion.completedFor !== before.completedFor;
  if (!isNewFact && record.generation === before.generation) return { record: before, announcements };
  const made = announcements.map((one) => toEntry(one, { ...record, tags }, set, now));
  return {
    record: {
      ...record,
      ...completion,
      tags,
      announcements: forgetOld([...record.announcements, ...made], { ...record, tags }),
      forwards: due.length === 0 ? record.forwards : keepForwards([...record.forwards, ...due], { ...record, tags }),
      changedAt: Math.max(record.changedAt, now),
    },
    announcements,
  };
}

interface AnnouncementMaker {
  /** Those that are new, in the order in which they were made. */
  readonly announcements: readonly Announcement[];
  /** @returns whether it is new */
  make(kind: Announcement['kind'], about?: Pick<Announcement, 'region' | 'tag'>): boolean;
  /** Whether it was announced in this generation. */
  isMade(kind: Announcement['kind'], region: Region): boolean;
}

function announcementMaker({ generation, announcements: earlier, alreadyAnnounced }: ImageRecord): AnnouncementMaker {
  const announcements: Announcement[] = [];
  const announced = new Set(earlier.map((entry) => entry.key));
  return {
    announcements,
    make(kind, about = {}) {
      const announcement: Announcement = { kind, generation, ...about };
      const key = announcementKey(announcement);
      if (announced.has(key) || alreadyAnnounced.includes(announcementSubject(announcement))) return false;
      announced.add(key);
      announcements.push(announcement);
      return true;
    },
    isMade: (kind, region) => announced.has(announcementKey({ kind, generation, region })),
  };
}

function announceRegions(record: ImageRecord, set: ReplicaSet, { make, isMade }: AnnouncementMaker): void {
  for (const region of arrivalRegions(record)) {
    const arrival = arrivalIn(record, region);
    // A region it was complete for has been told, or was filled without being told.
    const isOld = record.completedFor.includes(region) || isSeeded(record, region, set);
    const { available } = regionSubjects(region);
    const wasThere = isOld || isMade('availableInRegion', region) || record.alreadyAnnounced.includes(available);
    if (isAvailableIn(record, region, set) && !isOld) make('availableInRegion', { region });
    else if (isDeleted(arrival) || (wasThere && hasDeletedMember(record, region))) make('deletedInRegion', { region });
  }
}

function announceCompletion(
  record: ImageRecord,
  { set, policy, now }: DecisionContext,
  { make }: AnnouncementMaker,
): Pick<ImageRecord, 'availableAt' | 'completedFor' | 'delayedAt'> {
  let { availableAt, completedFor, delayedAt } = record;
  const isGrowing = expectedRegions(set).some((region) => isSeeded(record, region, set));
  if (isComplete(record, set) && isGrowing) completedFor = expectedRegions(set);
  else if (isComplete(record, set) && make('availableInAllReplicas')) {
    availableAt = now;
    completedFor = expectedRegions(set);
  }
  if (isGoneAgain(record, set)) make('deletedInAllReplicas');
  if (isDelayed(record, set, policy, now) && make('delayed')) delayedAt = now;
  return { availableAt, completedFor, delayedAt };
}

function announceTags(record: ImageRecord, set: ReplicaSet, { make }: AnnouncementMaker): ImageRecord['tags'] {
  let tagEvents = pendingKeys(record).filter((key) => parseAnnouncementKey(key).tag !== undefined).length;
  return closeTags(record, set, (kind, tag) => {
    if (tagEvents >= maxPendingTagEvents) return false;
    if (make(kind, { tag })) tagEvents++;
    return true;
  });
}

function toEntry(one: Announcement, record: ImageRecord, set: ReplicaSet, now: number): AnnouncementEntry {
  const movedTo =
    one.kind === 'tagSuperseded' && one.tag !== undefined ? record.tags[one.tag.name]?.movedTo : undefined;
  const entry = { key: announcementKey(one), madeAt: madeAt(one, record, now), publishedAt: null };
  if (one.kind === 'delayed') return { ...entry, missing: missingRegions(record, set) };
  return movedTo === undefined || movedTo === null ? entry : { ...entry, supersededBy: movedTo };
}

/** Of a member nothing is published; what it is, is noted all the same. */
function withoutEvents(record: ImageRecord, set: ReplicaSet, now: number): ImageRecord {
  const tags = closeTags(record, set, () => true);
  const isSame = Object.entries(tags).every(([tag, progress]) => record.tags[tag] === progress);
  const closed = isSame ? record : { ...record, tags };
  if (!isUnpublishedComplete(record, set)) return closed;
  return { ...closed, availableAt: record.availableAt ?? now, completedFor: expectedRegions(set) };
}

function missingRegions(record: ImageRecord, set: ReplicaSet): Region[] {
  return expectedRegions(set).filter((region) => !isAvailableIn(record, region, set));
}

/** Not before it was learned, be that by a clock ahead of ours: what was made before a replica was there is about another. */
function madeAt({ region }: Announcement, record: ImageRecord, now: number): number {
  return Math.max(now, region === undefined ? now : (arrivalIn(record, region)?.learnedAt ?? now));
}

/** Keeps everything unpublished and what could become due anew if it were forgotten, and the newest of the rest. */
function forgetOld(entries: readonly AnnouncementEntry[], record: ImageRecord): readonly AnnouncementEntry[] {
  const spare = entries.length - maxAnnouncements;
  if (spare <= 0) return entries;
  const isOld = (entry: AnnouncementEntry) => {
    if (entry.publishedAt === null) return false;
    const announcement = parseAnnouncementKey(entry.key);
    return announcement.generation < record.generation || mayForget(announcement, record);
  };
  const old = new Set(entries.filter(isOld).slice(0, spare));
  return entries.filter((entry) => !old.has(entry));
}

/** Whether it may be forgotten: only a tag that is pushed here once more after a hundred others is published again. */
function mayForget({ kind, tag }: Announcement, record: ImageRecord): boolean {
  if (tag === undefined) return false;
  const progress = progressOf(record, tag.name);
  if (progress !== undefined && progress.round > tag.round) return true;
  // One that every build pushes once more is the first whose progress is forgotten, and then starts over.
  if (lastTagged(record, tag.name) !== null) return false;
  return progress?.round !== tag.round || (kind === 'tagConverged' && progress.state !== 'open');
}

function isDelayed(record: ImageRecord, set: ReplicaSet, policy: Policy, now: number): boolean {
  // Before anybody has told which replicas there are, nobody can say that one is late.
  return isKnown(set) && isOpen(record, set) && now >= record.firstSeenAt + policy.delayedAfterMs;
}
