/**
 * Where a generation of an image begins. The ids of its events contain the generation, so an event that was published before
 * is published once more only in the next one: when an image that was deleted is pushed again, when it is complete for more
 * regions than before, and when an index that was announced as deleted, because its members were, is no longer `deleted`: one
 * member pushed again is enough.
 */
import { isLater } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import { announcementKey, announcementSubject, parseAnnouncementKey, regionSubjects } from './announcement-key.ts';
import type { Fact } from './arrival.ts';
import { isAvailable } from './arrival.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions } from './record.ts';
import {
  imageState,
  isComplete,
  isManifestDeleted,
  isSeedingSomewhere,
  newestDelete,
  predatesReplica,
  wasComplete,
} from './state.ts';
import { carryOpenTags } from './tag-progress.ts';

/**
 * The record in the generation that the fact belongs to: the next one if the image was deleted, or announced as
 * deleted, and the fact is a push that is newer than every delete. The fact itself is not yet in the returned record.
 * @param merged the record with the fact
 */
export function inGenerationOf(fact: Fact, record: ImageRecord, merged: ImageRecord, set: ReplicaSet): ImageRecord {
  // A push from between the deletes may arrive after the image was announced as deleted. It begins nothing.
  const isPushedAgain =
    record.expiredAt !== null ||
    (fact.kind === 'push' &&
      (isManifestDeleted(record, set) || wasAnnouncedDeleted(record)) &&
      ['replicating', 'available'].includes(imageState(merged, set)) &&
      isLater(fact.eventTime, newestDelete(record, set)));
  if (!isPushedAgain) return record;
  return {
    ...nextGeneration(record, Math.max(fact.receivedAt, minStart(record))),
    ...carryOpenTags(record),
    alreadyAnnounced: carriedOver(record, set),
  };
}

/** Starts the next generation if that needs no new report: the replica set has grown, or members of an index are back. */
export function withGenerationDue(record: ImageRecord, set: ReplicaSet, now: number): ImageRecord {
  return nextIfCompleteAgain(nextIfMembersAreBack(record, set, now), set);
}

/** For a set that has grown, or after the image was announced as deleted: it is complete without a new report. */
function nextIfCompleteAgain(record: ImageRecord, set: ReplicaSet): ImageRecord {
  const isGrown = expectedRegions(set).some((region) => !record.completedFor.includes(region));
  const isForMore = wasComplete(record) && isGrown && !isSeedingSomewhere(record, set);
  if (!isComplete(record, set) || !(isForMore || wasAnnouncedDeleted(record))) return record;
  return nextWithSameTags(record, set, record.firstSeenAt);
}

/** For an index that was announced as deleted because members were deleted, which are being pushed again. */
function nextIfMembersAreBack(record: ImageRecord, set: ReplicaSet, now: number): ImageRecord {
  const isBack = record.family?.members != null && wasAnnouncedDeleted(record) && imageState(record, set) !== 'deleted';
  return isBack ? nextWithSameTags(record, set, Math.max(now, minStart(record))) : record;
}

function nextWithSameTags(record: ImageRecord, set: ReplicaSet, firstSeenAt: number): ImageRecord {
  const { tags, uncomparedTags } = record;
  const ofTags = Object.entries(tags)
    .filter(([, { state }]) => state === 'superseded')
    .map(([name, { round }]) => announcementSubject({ kind: 'tagSuperseded', tag: { name: name as Tag, round } }));
  const alreadyAnnounced = [...carriedOver(record, set), ...ofTags];
  return { ...nextGeneration(record, firstSeenAt), tags, uncomparedTags, alreadyAnnounced };
}

/** Two generations must not have the same start, since lists identify them by it. */
function minStart({ firstSeenAt }: ImageRecord): number {
  return firstSeenAt + 1;
}

/** Subjects that were announced and are still true: the next generation does not announce them again. */
export function carriedOver(record: ImageRecord, set: ReplicaSet): string[] {
  const announced = new Set(record.alreadyAnnounced);
  for (const { key, madeAt } of record.announcements) {
    const { generation, ...about } = parseAnnouncementKey(key);
    const isOfThisReplica = about.region === undefined || !predatesReplica(about.region, madeAt, set);
    if (generation !== record.generation || !isOfThisReplica) continue;
    announced.add(announcementSubject(about));
    // Deleted since: that it is available must be announced again.
    if (about.kind === 'deletedInRegion' && about.region !== undefined)
      announced.delete(regionSubjects(about.region).available);
  }
  return arrivalRegions(record)
    .map((region) => regionSubjects(region)[isAvailable(arrivalIn(record, region)) ? 'available' : 'deleted'])
    .filter((subject) => announced.has(subject));
}

/** Whether the last announcement of this generation about all replicas was that the image is deleted. */
function wasAnnouncedDeleted({ announcements, generation }: ImageRecord): boolean {
  const deleted = announcementKey({ kind: 'deletedInAllReplicas', generation });
  const everywhere = announcementKey({ kind: 'availableInAllReplicas', generation });
  return announcements.findLast(({ key }) => key === deleted || key === everywhere)?.key === deleted;
}

/** Nothing of this generation has been announced. What the replicas reported stays. */
function nextGeneration(record: ImageRecord, startedAt: number): ImageRecord {
  return {
    ...record,
    generation: record.generation + 1,
    firstSeenAt: startedAt,
    availableAt: null,
    completedFor: [],
    announcedAt: null,
    delayedAt: null,
    expiredAt: null,
    tags: {},
    uncomparedTags: [],
  };
}
