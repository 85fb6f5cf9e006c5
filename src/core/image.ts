/**
 * An image: one digest in one repository of one registry, and everything known about it. The record is the whole
 * truth about the image: it is read in one point read and written in one transaction, so no crash can leave
 * half of a fact behind.
 */
import { regionNews } from './announcement.ts';
import type { Arrival } from './arrival.ts';
import { hasTag, isAvailable, isDeleted, taggedAt } from './arrival.ts';
import type { Digest } from './digest.ts';
import type { EventTime } from './event-time.ts';
import { latest } from './event-time.ts';
import type { Repository, Tag } from './reference.ts';
import type { Region } from './region.ts';
import { sortRegions } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions, findReplica } from './replica-set.ts';
import type { TagPushes } from './tag-order.ts';
import { lastPush } from './tag-order.ts';

export interface ImageName {
  /** The registry's name from settings. */
  readonly registry: string;
  readonly repository: Repository;
  readonly digest: Digest;
}

/** One announcement, noted in the very write that made it true: so it is made once, and told until it is taken. */
export interface AnnouncementEntry {
  /** Generation, kind and region; see announcement.ts. */
  readonly key: string;
  readonly madeAt: number;
  /** When the topic took it; `null` before. */
  readonly publishedAt: number | null;
  /** For a superseded tag: where it had moved to. It may have come back before that is told. */
  readonly supersededBy?: Digest;
}

/** One webhook to be forwarded, noted like an announcement; see forward.ts. */
export interface ForwardEntry {
  /** Start of the generation, target, round and tag. */
  readonly key: string;
  readonly madeAt: number;
  /** When the queue took it; `null` before. */
  readonly queuedAt: number | null;
}

/** Where one tag stands with one digest. */
export interface TagProgress {
  /** One more each time the tag comes back to this digest after it had moved on. */
  readonly round: number;
  /** `open` until every expected region has it; pushed with another digest before that: `superseded`, after: `moved`. */
  readonly state: 'open' | 'converged' | 'superseded' | 'moved';
  /** Other digests of the tag have been looked at in this round; before that nobody knows what it is among them. */
  readonly isCompared: boolean;
  /** The digest it was pushed with later, and where that was, as far as it was known; `null` while it never was. */
  readonly movedTo: Digest | null;
  readonly movedBy: TagPushes | null;
  /** Where and when it was pushed with any other digest, as far as this one has been told. */
  readonly others: TagPushes;
}

export interface ImageRecord {
  readonly name: ImageName;
  readonly mediaType: string | null;
  /** 1 at first; one more each time the image is pushed again after it was deleted everywhere, or the set grew. */
  readonly generation: number;
  /** Start of this generation, milliseconds since 1970, like every time here that is a number. */
  readonly firstSeenAt: number;
  /** By region. */
  readonly arrivals: Readonly<Record<string, Arrival>>;
  /** When every expected region had it; `null` before. */
  readonly availableAt: number | null;
  /** The expected regions it was complete for; a set that has grown since makes a new generation. */
  readonly completedFor: readonly Region[];
  /** Announced in a generation before and still so: not to be announced anew in this one. See `newsOf`. */
  readonly oldNews: readonly string[];
  /** When the topic took "in all replicas". */
  readonly announcedAt: number | null;
  /** When it was called delayed. */
  readonly delayedAt: number | null;
  /** What became of each tag that was pushed with this digest, in this generation. */
  readonly tags: Readonly<Record<string, TagProgress>>;
  /** Tags whose other digests have not been looked at since they were pushed with this one. */
  readonly uncheckedTags: readonly string[];
  /** What has been announced, oldest first: all of this generation, and the newest of those before. */
  readonly announcements: readonly AnnouncementEntry[];
  /** What has been forwarded in this generation, and what is still to be. */
  readonly forwards: readonly ForwardEntry[];
  /** A durable timer is known to be set for this time; past times are spent. */
  readonly wakeAt: number | null;
  /** When anything about it last changed. */
  readonly changedAt: number;
  /** Names the write that made it, and no other: a writer whose answer was lost knows its own by it. `null` before. */
  readonly writtenAs: string | null;
}

/** What the image is, over all expected regions. `unknown` is for an image nobody has spoken of. */
export type ImageState = 'unknown' | 'replicating' | 'available' | 'deleting' | 'deleted';

/** One text per image, for maps in memory. */
export function imageKey(name: ImageName): string {
  return `${name.registry}/${name.repository}@${name.digest}`;
}

/** Tags that point at this digest in some region and have not moved on to another. */
export function currentTags(record: ImageRecord): Tag[] {
  const tags = Object.entries(record.tags).filter(
    ([, progress]) => progress.state === 'open' || progress.state === 'converged',
  );
  const arrivals = Object.values(record.arrivals);
  return tags
    .map(([tag]) => tag as Tag)
    .filter((tag) => arrivals.some((arrival) => hasTag(arrival, tag)))
    .sort();
}

/** When the tag was last pushed with this digest, in each region. */
export function tagPushes(record: ImageRecord, tag: Tag): TagPushes {
  const pushes = Object.entries(record.arrivals).flatMap(([region, arrival]): [string, EventTime][] => {
    const pushedAt = taggedAt(arrival, tag);
    return pushedAt === null ? [] : [[region, pushedAt]];
  });
  return Object.fromEntries(pushes);
}

/** When the tag was last pushed with this digest, in any region. */
export function lastTagged(record: ImageRecord, tag: Tag): EventTime | null {
  return lastPush(tagPushes(record, tag));
}

/** What became of the tag with this digest; `undefined` for one that was not pushed with it in this generation. */
export function progressOf(record: ImageRecord, tag: Tag): TagProgress | undefined {
  return Object.hasOwn(record.tags, tag) ? record.tags[tag] : undefined;
}

/** Keys of what was announced and not taken by the topic yet. */
export function pendingKeys(record: ImageRecord, madeBefore = Number.POSITIVE_INFINITY): string[] {
  return record.announcements.flatMap(({ key, madeAt, publishedAt }) =>
    publishedAt === null && madeAt < madeBefore ? [key] : [],
  );
}

/** Whether something noted here has not left yet: an event for the topic, or a webhook to be forwarded. */
export function hasPending(record: ImageRecord): boolean {
  return pendingKeys(record).length > 0 || record.forwards.some((entry) => entry.queuedAt === null);
}

export function arrivalRegions(record: ImageRecord | undefined): Region[] {
  return sortRegions(Object.keys(record?.arrivals ?? {}) as Region[]);
}

export function arrivalIn(record: ImageRecord | undefined, region: Region): Arrival | undefined {
  return record !== undefined && Object.hasOwn(record.arrivals, region) ? record.arrivals[region] : undefined;
}

/** What a region said before its replica was removed is void, also when it gets another one. */
export function isVoid(region: Region, learnedAt: number, set: ReplicaSet): boolean {
  const absentAt = findReplica(set, region)?.absentAt;
  return absentAt !== undefined && learnedAt <= absentAt;
}

/** The record without what is void; the same object when nothing is. */
export function withoutVoid(record: ImageRecord, set: ReplicaSet): ImageRecord {
  const gone = arrivalRegions(record).filter((region) =>
    isVoid(region, arrivalIn(record, region)?.learnedAt ?? 0, set),
  );
  if (gone.length === 0) return record;
  const arrivals = Object.entries(record.arrivals).filter(([region]) => !gone.includes(region as Region));
  const completedFor = record.completedFor.filter((region) => !gone.includes(region));
  const ofGone = gone.map(regionNews).flatMap(({ available, deleted }) => [available, deleted]);
  const oldNews = record.oldNews.filter((news) => !ofGone.includes(news));
  return { ...record, arrivals: Object.fromEntries(arrivals), completedFor, oldNews };
}

/** Whether the region's copy counts: it is there, and has been verified as far as this registry asks for. */
export function counts(arrival: Arrival | undefined, set: ReplicaSet): boolean {
  if (arrival === undefined || !isAvailable(arrival)) return false;
  if (set.verify === 'missing') return true;
  return arrival.evidence.includes('deepProbe') || (set.verify === 'confirm' && arrival.evidence.includes('probe'));
}

/** Reported, and its replica has not confirmed it yet. */
export function isUnverified(arrival: Arrival | undefined, set: ReplicaSet): boolean {
  return isAvailable(arrival) && !counts(arrival, set);
}

export function isAvailableIn(record: ImageRecord | undefined, region: Region, set: ReplicaSet): boolean {
  return counts(arrivalIn(record, region), set);
}

export function isComplete(record: ImageRecord, set: ReplicaSet): boolean {
  const expected = expectedRegions(set);
  return expected.length > 0 && expected.every((region) => isAvailableIn(record, region, set));
}

/**
 * Regions that speak for the registry. A replica that was removed has taken its copies along; what it said last holds
 * no image back. While only regions outside the set have spoken, they are all there is.
 */
function standingRegions(record: ImageRecord, set: ReplicaSet): Region[] {
  const regions = arrivalRegions(record);
  const standing = regions.filter(
    (region) => findReplica(set, region) !== undefined || isNewcomer(record, region, set),
  );
  return standing.length > 0 ? standing : regions;
}

/** Has spoken since ARM was last asked which replicas there are, and was not among them: there may be one by now. */
function isNewcomer(record: ImageRecord, region: Region, set: ReplicaSet): boolean {
  if (set.source === 'settings' || findReplica(set, region) !== undefined) return false;
  return (arrivalIn(record, region)?.learnedAt ?? 0) > set.refreshedAt;
}

/** Whether a region has spoken of which the next word from ARM will tell if it counts. */
export function hasNewcomer(record: ImageRecord, set: ReplicaSet): boolean {
  return arrivalRegions(record).some((region) => isNewcomer(record, region, set));
}

function standingArrivals(record: ImageRecord, set: ReplicaSet): Arrival[] {
  return standingRegions(record, set).flatMap((region) => arrivalIn(record, region) ?? []);
}

/** Every replica that had it has deleted it. */
export function isGone(record: ImageRecord, set: ReplicaSet): boolean {
  const arrivals = standingArrivals(record, set);
  return arrivals.length > 0 && arrivals.every(isDeleted);
}

/** The last replica that had it in this generation has deleted it. */
export function isGoneAgain(record: ImageRecord, set: ReplicaSet): boolean {
  const isOldNews = (region: Region) => record.oldNews.includes(regionNews(region).deleted);
  return isGone(record, set) && !standingRegions(record, set).every(isOldNews);
}

/** Some replica has deleted it; where others have it, either may have changed unheard. */
export function isDeletedSomewhere(record: ImageRecord, set: ReplicaSet): boolean {
  return standingArrivals(record, set).some(isDeleted);
}

/**
 * A replica that has deleted the image may have done so before the others got it anew: it is on its way out only
 * if the newest delete is later than the newest push.
 */
export function imageState(record: ImageRecord | undefined, set: ReplicaSet): ImageState {
  if (record === undefined) return 'unknown';
  const arrivals = standingArrivals(record, set);
  const deletedAt = newest(arrivals.filter(isDeleted).map((arrival) => arrival.deletedAt));
  const pushedAt = newest(arrivals.filter(isAvailable).map((arrival) => arrival.pushedAt));
  if (pushedAt === null) return deletedAt === null ? 'unknown' : 'deleted';
  if (isComplete(record, set)) return 'available';
  return deletedAt !== null && deletedAt >= pushedAt ? 'deleting' : 'replicating';
}

/** Complete, and not noted so: the set has changed since its last write, and nobody has told it. */
export function isUntoldComplete(record: ImageRecord, set: ReplicaSet): boolean {
  return isComplete(record, set) && expectedRegions(set).some((region) => !record.completedFor.includes(region));
}

/** Was everywhere at some time in this generation; every replica it was complete for may have been replaced since. */
export function wasComplete(record: ImageRecord): boolean {
  return record.availableAt !== null;
}

/** Not everywhere yet, for the first time in this generation. */
export function isOpen(record: ImageRecord, set: ReplicaSet): boolean {
  return !wasComplete(record) && imageState(record, set) === 'replicating';
}

/** Newest delete any replica has told of. */
export function newestDelete(record: ImageRecord, set: ReplicaSet): EventTime | null {
  return newest(standingArrivals(record, set).map((arrival) => arrival.deletedAt));
}

function newest(times: (EventTime | null)[]): EventTime | null {
  return times.reduce(latest, null);
}

/** First and last time a region that has it now was learned of; `undefined` where no region has it. */
export function arrivalSpan(record: ImageRecord): { first: number; last: number } | undefined {
  const times = Object.values(record.arrivals)
    .filter(isAvailable)
    .map((arrival) => arrival.since);
  return times.length === 0 ? undefined : { first: Math.min(...times), last: Math.max(...times) };
}
