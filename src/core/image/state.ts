/** What an image is, given its record and the replica set: pure functions of both. */

import type { EventTime } from '../model/event-time.ts';
import { latest } from '../model/event-time.ts';
import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions, findReplica } from '../model/replica-set.ts';
import { regionSubjects } from './announcement-key.ts';
import type { Arrival } from './arrival.ts';
import { isAvailable, isDeleted, isDoubtful } from './arrival.ts';
import type { Family, Member } from './family.ts';
import { memberArrival, memberArrivals } from './family.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions } from './record.ts';

/** The state of the image over all expected regions. `unknown`: no region has reported it. */
export type ImageState = 'unknown' | 'replicating' | 'available' | 'deleting' | 'deleted';

/**
 * Whether the report is about an earlier replica of a region that has a new one: the report is void then. `false` while the
 * region has no replica.
 */
export function predatesReplica(region: Region, learnedAt: number, set: ReplicaSet): boolean {
  const lastAbsentAt = findReplica(set, region)?.lastAbsentAt;
  return lastAbsentAt !== undefined && learnedAt <= lastAbsentAt;
}

/** The record without reports about earlier replicas of regions that have a new one; the same object if there are none. */
export function dropStaleFacts(record: ImageRecord, set: ReplicaSet): ImageRecord {
  const stale = arrivalRegions(record).filter((region) =>
    predatesReplica(region, arrivalIn(record, region)?.learnedAt ?? 0, set),
  );
  const family = dropStaleMembers(record.family, set);
  if (stale.length === 0) return family === record.family ? record : withFamily(record, family);
  const arrivals = Object.entries(record.arrivals).filter(([region]) => !stale.includes(region as Region));
  const completedFor = record.completedFor.filter((region) => !stale.includes(region));
  const ofStale = stale.flatMap((region) => Object.values(regionSubjects(region)));
  const alreadyAnnounced = record.alreadyAnnounced.filter((subject) => !ofStale.includes(subject));
  return withFamily({ ...record, arrivals: Object.fromEntries(arrivals), completedFor, alreadyAnnounced }, family);
}

function withFamily(record: ImageRecord, family: Family | undefined): ImageRecord {
  return family === undefined ? record : { ...record, family };
}

function dropStaleMembers(family: Family | undefined, set: ReplicaSet): Family | undefined {
  const isStale = ([region, { learnedAt }]: [string, Arrival]) => predatesReplica(region as Region, learnedAt, set);
  const reported = Object.entries(family?.reported ?? {});
  if (family === undefined || !reported.some(([, arrivals]) => Object.entries(arrivals).some(isStale))) return family;
  const kept = reported.map(([digest, arrivals]) => [
    digest,
    Object.fromEntries(Object.entries(arrivals).filter((one) => !isStale(one))),
  ]);
  return { ...family, reported: Object.fromEntries(kept) };
}

/** Whether the region's copy counts: it is there, and verified as `set.verify` requires. */
export function meetsVerification(arrival: Arrival | undefined, set: ReplicaSet): boolean {
  if (arrival === undefined || !isAvailable(arrival) || isDoubtful(arrival)) return false;
  if (set.verify === 'missing') return true;
  return arrival.evidence.includes('deepProbe') || (set.verify === 'confirm' && arrival.evidence.includes('probe'));
}

/** Reported as available, but not verified by its replica yet, or not since a delete that it may have been part of. */
export function isUnverified(arrival: Arrival | undefined, set: ReplicaSet): boolean {
  return isAvailable(arrival) && !meetsVerification(arrival, set);
}

/** Members that the region lacks, or that are not verified there; none while the members are not known. */
export function missingMembers(record: ImageRecord, region: Region, set: ReplicaSet): readonly Member[] {
  const { family } = record;
  // A deep probe of the index has also found its members; only a later delete or doubt makes one missing.
  const isDeepVerified = set.verify === 'deep' && meetsVerification(arrivalIn(record, region), set);
  return (family?.members ?? []).filter(({ digest }) => {
    const arrival = memberArrival(family, digest, region);
    return isDeepVerified
      ? isDeleted(arrival) || (arrival !== undefined && isDoubtful(arrival))
      : !meetsVerification(arrival, set);
  });
}

/** Members that some expected regions have and others lack. */
export function scatteredMembers({ family }: ImageRecord, set: ReplicaSet): readonly Member[] {
  const expected = expectedRegions(set);
  return (family?.members ?? []).filter(({ digest }) => {
    const there = expected.filter((region) => meetsVerification(memberArrival(family, digest, region), set));
    return there.length > 0 && there.length < expected.length;
  });
}

/** Whether the region has the image and, of an index, every manifest that it lists. */
export function isAvailableIn(record: ImageRecord | undefined, region: Region, set: ReplicaSet): boolean {
  if (record === undefined || record.family?.isHeld === true) return false;
  return meetsVerification(arrivalIn(record, region), set) && missingMembers(record, region, set).length === 0;
}

/** Expected regions that lack it. */
export function missingRegions(record: ImageRecord, set: ReplicaSet): Region[] {
  return expectedRegions(set).filter((region) => !isAvailableIn(record, region, set));
}

/** The region has the index, and has deleted a member of it. */
export function hasDeletedMember(record: ImageRecord, region: Region): boolean {
  return isAvailable(arrivalIn(record, region)) && memberArrivals(record.family, region).some(isDeleted);
}

export function isComplete(record: ImageRecord, set: ReplicaSet): boolean {
  const expected = expectedRegions(set);
  return expected.length > 0 && expected.every((region) => isAvailableIn(record, region, set));
}

/**
 * Regions whose reports decide the image's state. A removed replica does not count: its copies are gone with it, and its last
 * report must not hold the image back. If only regions outside the set have reported the image, those count. A region with
 * nothing but a delete that named no digest has not reported this image.
 */
function activeRegions(record: ImageRecord, set: ReplicaSet): Region[] {
  const regions = arrivalRegions(record).filter((region) => {
    const arrival = arrivalIn(record, region);
    return isAvailable(arrival) || isDeleted(arrival);
  });
  const counted = regions.filter(
    (region) => findReplica(set, region) !== undefined || isUnlistedReplica(record, region, set),
  );
  return counted.length > 0 ? counted : regions;
}

/** Whether the region is not in the set but has reported after the set was last read: it may have a replica by now. */
function isUnlistedReplica(record: ImageRecord, region: Region, set: ReplicaSet): boolean {
  if (set.source === 'settings' || findReplica(set, region) !== undefined) return false;
  return (arrivalIn(record, region)?.learnedAt ?? 0) > set.refreshedAt;
}

/** Whether some region has reported that may have a new replica: the next read of the replica set decides whether it counts. */
export function hasUnlistedReplica(record: ImageRecord, set: ReplicaSet): boolean {
  return arrivalRegions(record).some((region) => isUnlistedReplica(record, region, set));
}

function activeArrivals(record: ImageRecord, set: ReplicaSet): Arrival[] {
  return activeRegions(record, set).flatMap((region) => arrivalIn(record, region) ?? []);
}

/** Whether every replica that had its manifest has deleted it. Members of an index are not considered. */
export function isManifestDeleted(record: ImageRecord, set: ReplicaSet): boolean {
  const arrivals = activeArrivals(record, set);
  return arrivals.length > 0 && arrivals.every(isDeleted);
}

/** Whether it is deleted everywhere, and at least one of these deletes has not been published in an earlier generation. */
export function isDeletedUnannounced(record: ImageRecord, set: ReplicaSet): boolean {
  const isAlreadyAnnounced = (region: Region) => record.alreadyAnnounced.includes(regionSubjects(region).deleted);
  return imageState(record, set) === 'deleted' && !activeRegions(record, set).every(isAlreadyAnnounced);
}

/**
 * Whether some replica has deleted it. The webhook of another delete, or of another push, may have been lost, so replicas are
 * asked.
 */
export function isDeletedSomewhere(record: ImageRecord, set: ReplicaSet): boolean {
  return activeArrivals(record, set).some(isDeleted);
}

/**
 * The state over all regions that count. With both pushes and deletes the newest decides: `deleting` only if the newest delete
 * is not earlier than the newest push, since a replica may have deleted the image before the others received it again. An index
 * counts as deleted if every region that still has it has deleted one of its members.
 */
export function imageState(record: ImageRecord | undefined, set: ReplicaSet): ImageState {
  if (record === undefined) return 'unknown';
  const own = activeArrivals(record, set);
  if (!own.some(isAvailable)) return own.some(isDeleted) ? 'deleted' : 'unknown';
  if (isComplete(record, set)) return 'available';
  const there = activeRegions(record, set).filter((region) => isAvailable(arrivalIn(record, region)));
  const arrivals = [...own, ...there.flatMap((region) => memberArrivals(record.family, region))];
  const deletedAt = newest(arrivals.filter(isDeleted).map((arrival) => arrival.deletedAt));
  const pushedAt = newest(arrivals.filter(isAvailable).map((arrival) => arrival.pushedAt));
  const isPushedSince = pushedAt !== null && (deletedAt === null || deletedAt < pushedAt);
  if (deletedAt === null || isPushedSince) return 'replicating';
  return there.every((region) => hasDeletedMember(record, region)) ? 'deleted' : 'deleting';
}

/**
 * Whether a delete is under way: some replica still has the image. Also for an index that is `deleted` only because its members
 * were deleted: they may have been pushed again.
 */
export function isBeingDeleted(record: ImageRecord | undefined, set: ReplicaSet): boolean {
  const state = imageState(record, set);
  return state === 'deleting' || (state === 'deleted' && record !== undefined && !isManifestDeleted(record, set));
}

/** Whether it is complete for expected regions that `completedFor` lacks: the set has changed since the last write. */
export function isUnannouncedComplete(record: ImageRecord, set: ReplicaSet): boolean {
  return isComplete(record, set) && expectedRegions(set).some((region) => !record.completedFor.includes(region));
}

/** Whether it was in all replicas at some time in this generation. Those replicas may have been removed since. */
export function wasComplete(record: ImageRecord): boolean {
  return record.availableAt !== null;
}

/**
 * Whether the region has a new replica that is still being filled, and the image was complete before without it. Its reports
 * are about old images that are being copied there, so their arrival is not published. A delete is.
 */
export function isSeeding(record: ImageRecord, region: Region, set: ReplicaSet): boolean {
  const isOld = wasComplete(record) && !record.completedFor.includes(region);
  return isOld && (findReplica(set, region)?.seeding ?? false);
}

/** Whether some expected region has such a replica for this image: it is being completed for a larger set. */
export function isSeedingSomewhere(record: ImageRecord, set: ReplicaSet): boolean {
  return expectedRegions(set).some((region) => isSeeding(record, region, set));
}

/** Whether it is replicating, and has not been in all replicas yet in this generation. */
export function isFirstReplicating(record: ImageRecord, set: ReplicaSet): boolean {
  return !wasComplete(record) && imageState(record, set) === 'replicating';
}

/** The newest delete that a region that counts has reported. */
export function newestDelete(record: ImageRecord, set: ReplicaSet): EventTime | null {
  return newest(activeArrivals(record, set).map((arrival) => arrival.deletedAt));
}

function newest(times: (EventTime | null)[]): EventTime | null {
  return times.reduce(latest, null);
}
