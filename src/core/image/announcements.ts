/**
 * Which events must be published about an image: those that are true now and have not been announced in this generation. They
 * are stored in the record itself, with the write that makes them true. A writer that loses the race for the record has
 * announced nothing, so each event is announced once.
 */

import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions, isKnown } from '../model/replica-set.ts';
import type { Announcement } from './announcement-key.ts';
import { announcementKey, announcementSubject, parseAnnouncementKey, regionSubjects } from './announcement-key.ts';
import { isDeleted } from './arrival.ts';
import type { DecisionContext, Policy } from './context.ts';
import { claimableUntil } from './family-commands.ts';
import { dueForwards, keepForwards } from './forward-entry.ts';
import { withGenerationDue } from './generation.ts';
import type { AnnouncementEntry, ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions, isPartOfFamily, lastTagged, pendingKeys, progressOf } from './record.ts';
import {
  hasDeletedMember,
  isAvailableIn,
  isComplete,
  isDeletedUnannounced,
  isFirstReplicating,
  isSeeding,
  isSeedingSomewhere,
  isUnannouncedComplete,
  missingRegions,
} from './state.ts';
import { closeTags } from './tag-progress.ts';

/**
 * Enough for an image that is deleted and pushed again now and then, or that many builds tag again. At worst, a tag that comes
 * back here after a hundred others, with two entries each, is announced again.
 */
const maxAnnouncements = 200;

/**
 * While so many are pending, no more tag events are added: a record must not outgrow its row while the topic is unavailable.
 */
const maxPendingTagEvents = 500;

/**
 * Adds to the record the announcements that are due now.
 * @returns the same record object if nothing changed
 */
export function announce(
  before: ImageRecord,
  decisionContext: DecisionContext,
): { record: ImageRecord; announcements: readonly Announcement[] } {
  const { set, now, targets = [] } = decisionContext;
  if (isPartOfFamily(before)) return { record: updatePart(before, set, now), announcements: [] };
  if (claimableUntil(before, decisionContext) !== null) return { record: before, announcements: [] };
  const record = withGenerationDue(before, set, now);
  const maker = announcementMaker(record);
  announceRegions(record, set, maker);
  const completion = announceCompletion(record, decisionContext, maker);
  const tags = announceTags(record, set, maker);
  const { announcements } = maker;

  const due = targets.length === 0 ? [] : dueForwards({ ...record, tags }, set, targets, now);
  const isChanged = announcements.length > 0 || due.length > 0 || completion.completedFor !== before.completedFor;
  if (!isChanged && record.generation === before.generation) return { record: before, announcements };
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
  /** The new ones, in the order in which they were made. */
  readonly announcements: readonly Announcement[];
  /** Adds one. @returns `false` if it was announced before */
  make(kind: Announcement['kind'], about?: Pick<Announcement, 'region' | 'tag'>): boolean;
  /** Whether it has been announced in this generation. */
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
    // For a region that it was complete for, the event was published before, or left out while the replica was being filled.
    const isOld = record.completedFor.includes(region) || isSeeding(record, region, set);
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
  if (isComplete(record, set) && isSeedingSomewhere(record, set)) completedFor = expectedRegions(set);
  else if (isComplete(record, set) && make('availableInAllReplicas')) {
    availableAt = now;
    completedFor = expectedRegions(set);
  }
  if (isDeletedUnannounced(record, set)) make('deletedInAllReplicas');
  if (isDelayDue(record, set, policy, now) && make('delayed')) delayedAt = now;
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

/** The record of a part of a family: no events are published about it, but its tags and its completion are kept up to date. */
function updatePart(record: ImageRecord, set: ReplicaSet, now: number): ImageRecord {
  const tags = closeTags(record, set, () => true);
  const isSame = Object.entries(tags).every(([tag, progress]) => record.tags[tag] === progress);
  const closed = isSame ? record : { ...record, tags };
  if (!isUnannouncedComplete(record, set)) return closed;
  return { ...closed, availableAt: record.availableAt ?? now, completedFor: expectedRegions(set) };
}

/**
 * Never earlier than we learned the fact, even if another instance's clock ran ahead when it stored it. An announcement from
 * before a replica existed would count as one about the replica before it.
 */
function madeAt({ region }: Announcement, record: ImageRecord, now: number): number {
  return Math.max(now, region === undefined ? now : (arrivalIn(record, region)?.learnedAt ?? now));
}

/**
 * Drops the oldest entries above the limit, but none that is unpublished or that would be announced again without its entry.
 */
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

/** Whether the entry of a tag event may be dropped. */
function mayForget({ kind, tag }: Announcement, record: ImageRecord): boolean {
  if (tag === undefined) return false;
  const progress = progressOf(record, tag.name);
  if (progress !== undefined && progress.round > tag.round) return true;
  // While an arrival has the tag, a repeat of its push may start again at round 1, if the progress was dropped.
  if (lastTagged(record, tag.name) !== null) return false;
  // The record no longer has this round, or the tag has converged in it: nothing would announce it again.
  return progress?.round !== tag.round || (kind === 'tagConverged' && progress.state !== 'open');
}

function isDelayDue(record: ImageRecord, set: ReplicaSet, policy: Policy, now: number): boolean {
  // While the replica set is not known, no replica can be late.
  return isKnown(set) && isFirstReplicating(record, set) && now >= record.firstSeenAt + policy.delayedAfterMs;
}
