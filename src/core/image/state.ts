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

/** What the image is, over all expected regions. `unknown` is for an image nobody has spoken of. */
export type ImageState = 'unknown' | 'replicating' | 'available' | 'deleting' | 'deleted';

/** What a region said before its replica was removed is void, also when it gets another one. */
export function predatesReplica(region: Region, learnedAt: number, set: ReplicaSet): boolean {
  const lastAbsentAt = findReplica(set, region)?.lastAbsentAt;
  return lastAbsentAt !== undefined && learnedAt <= lastAbsentAt;
}

/** The record without what is void; the same object when nothing is. */
export function dropStaleFacts(record: ImageRecord, set: ReplicaSet): ImageRecord {
  const gone = arrivalRegions(record).filter((region) =>
    predatesReplica(region, arrivalIn(record, region)?.learnedAt ?? 0, set),
  );
  const family = dropStaleMembers(record.family, set);
  if (gone.length === 0) return family === record.family ? record : withFamily(record, family);
  const arrivals = Object.entries(record.arrivals).filter(([region]) => !gone.includes(region as Region));
  const completedFor = record.completedFor.filter((region) => !gone.includes(region));
  const ofGone = gone.map(regionSubjects).flatMap(({ available, deleted }) => [available, deleted]);
  const alreadyAnnounced = record.alreadyAnnounced.filter((news) => !ofGone.includes(news));
  return withFamily({ ...record, arrivals: Object.fromEntries(arrivals), completedFor, alreadyAnnounced }, family);
}

function withFamily(record: ImageRecord, family: Family | undefined): ImageRecord {
  return family === undefined ? record : { ...record, family };
}

function dropStaleMembers(family: Family | undefined, set: ReplicaSet): Family | undefined {
  const isStale = ([region, { learnedAt }]: [string, Arrival]) => predatesReplica(region as Region, learnedAt, set);
  const said = Object.entries(family?.said ?? {});
  if (family === undefined || !said.some(([, arrivals]) => Object.entries(arrivals).some(isStale))) return family;
  const kept = said.map(([digest, arrivals]) => [
    digest,
    Object.fromEntries(Object.entries(arrivals).filter((one) => !isStale(one))),
  ]);
  return { ...family, said: Object.fromEntries(kept) };
}

/** Whether the region's copy counts: it is there, and has been verified as far as this registry asks for. */
export function meetsVerification(arrival: Arrival | undefined, set: ReplicaSet): boolean {
  if (arrival === undefined || !isAvailable(arrival) || isDoubtful(arrival)) return false;
  if (set.verify === 'missing') return true;
  return arrival.evidence.includes('deepProbe') || (set.verify === 'confirm' && arrival.evidence.includes('probe'));
}

/** Reported, and its replica has not confirmed it yet, or not since something was deleted that it may have been part of. */
export function isUnverified(arrival: Arrival | undefined, set: ReplicaSet): boolean {
  return isAvailable(arrival) && !meetsVerification(arrival, set);
}

/** Members that the region does not have, or that do not count there; none while they are not known. */
export function missingMembers(record: ImageRecord, region: Region, set: ReplicaSet): readonly Member[] {
  const { family } = record;
  // Asked for with all that is below it, the index has shown its members as well.
  const isShown = set.verify === 'deep' && meetsVerification(arrivalIn(record, region), set);
  return (family?.members ?? []).filter(({ digest }) => {
    const arrival = memberArrival(family, digest, region);
    return isShown
      ? isDeleted(arrival) || (arrival !== undefined && isDoubtful(arrival))
      : !meetsVerification(arrival, set);
  });
}

/** Whether the region has it, and every manifest that it lists. */
export function isAvailableIn(record: ImageRecord | undefined, region: Region, set: ReplicaSet): boolean {
  if (record === undefined || record.family?.isHeld === true) return false;
  return meetsVerification(arrivalIn(record, region), set) && missingMembers(record, region, set).length === 0;
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
 * Regions that speak for the registry. A replica that was removed has taken its copies along; what it said last holds
 * no image back. While only regions outside the set have spoken, they are all there is. One of which only a delete that
 * named no digest is known has said nothing of this image.
 */
function activeRegions(record: ImageRecord, set: ReplicaSet): Region[] {
  const regions = arrivalRegions(record).filter((region) => {
    const arrival = arrivalIn(record, region);
    return isAvailable(arrival) || isDeleted(arrival);
  });
  const standing = regions.filter(
    (region) => findReplica(set, region) !== undefined || isUnlistedReplica(record, region, set),
  );
  return standing.length > 0 ? standing : regions;
}

/** Has spoken since ARM was last asked which replicas there are, and was not among them: there may be one by now. */
function isUnlistedReplica(record: ImageRecord, region: Region, set: ReplicaSet): boolean {
  if (set.source === 'settings' || findReplica(set, region) !== undefined) return false;
  return (arrivalIn(record, region)?.learnedAt ?? 0) > set.refreshedAt;
}

/** Whether a region has spoken of which the next word from ARM will tell if it counts. */
export function hasUnlistedReplica(record: ImageRecord, set: ReplicaSet): boolean {
  return arrivalRegions(record).some((region) => isUnlistedReplica(record, region, set));
}

function activeArrivals(record: ImageRecord, set: ReplicaSet): Arrival[] {
  return activeRegions(record, set).flatMap((region) => arrivalIn(record, region) ?? []);
}

/** Every replica that had it has deleted it: of an index, its own manifest. */
export function isGone(record: ImageRecord, set: ReplicaSet): boolean {
  const arrivals = activeArrivals(record, set);
  return arrivals.length > 0 && arrivals.every(isDeleted);
}

/** The last replica that had it in this generation has deleted it, or a member of it. */
export function isGoneAgain(record: ImageRecord, set: ReplicaSet): boolean {
  const isAlreadyAnnounced = (region: Region) => record.alreadyAnnounced.includes(regionSubjects(region).deleted);
  return imageState(record, set) === 'deleted' && !activeRegions(record, set).every(isAlreadyAnnounced);
}

/** Some replica has deleted it; where others have it, either may have changed unheard. */
export function isDeletedSomewhere(record: ImageRecord, set: ReplicaSet): boolean {
  return activeArrivals(record, set).some(isDeleted);
}

/**
 * A replica that has deleted the image may have done so before the others got it anew: it is on its way out only
 * if the newest delete is later than the newest push. An index that lacks a deleted member wherever it still is counts as
 * deleted, though its own manifest is there.
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
 * On its way out: not gone yet everywhere, or an index that lacks deleted members wherever it is, and may have got them anew.
 */
export function isBeingDeleted(record: ImageRecord | undefined, set: ReplicaSet): boolean {
  const state = imageState(record, set);
  return state === 'deleting' || (state === 'deleted' && record !== undefined && !isGone(record, set));
}

/** Complete, and not noted so: the set has changed since its last write, and nobody has told it. */
export function isUnpublishedComplete(record: ImageRecord, set: ReplicaSet): boolean {
  return isComplete(record, set) && expectedRegions(set).some((region) => !record.completedFor.includes(region));
}

/** Was everywhere at some time in this generation; every replica it was complete for may have been replaced since. */
export function wasComplete(record: ImageRecord): boolean {
  return record.availableAt !== null;
}

/**
 * Whether a replica that is still being filled reports an image that was complete before without it: the registry copies old
 * images there, and publishes nothing new about them.
 */
export function isSeeded(record: ImageRecord, region: Region, set: ReplicaSet): boolean {
  const isOld = wasComplete(record) && !record.completedFor.includes(region);
  return isOld && (findReplica(set, region)?.seeding ?? false);
}

/** Not everywhere yet, for the first time in this generation. */
export function isOpen(record: ImageRecord, set: ReplicaSet): boolean {
  return !wasComplete(record) && imageState(record, set) === 'replicating';
}

/** Newest delete any replica has reported. */
export function newestDelete(record: ImageRecord, set: ReplicaSet): EventTime | null {
  return newest(activeArrivals(record, set).map((arrival) => arrival.deletedAt));
}

function newest(times: (EventTime | null)[]): EventTime | null {
  return times.reduce(latest, null);
}
