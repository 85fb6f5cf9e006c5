/**
 * An image: one digest in one repository of one registry, and everything known about it. The record is the whole
 * truth about the image: it is read in one point read and written in one transaction, so no crash can leave
 * half of a fact behind.
 */
import type { Digest } from '../model/digest.ts';
import type { EventTime } from '../model/event-time.ts';
import type { Repository, Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import { sortRegions } from '../model/region.ts';
import type { Arrival } from './arrival.ts';
import { hasTag, taggedAt } from './arrival.ts';
import type { Attachment } from './attached.ts';
import { isAttachingTag } from './attached.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import type { Family } from './family.ts';
import { wholeSince } from './family.ts';
import type { TagPushes } from './tag-pushes.ts';
import { lastPush } from './tag-pushes.ts';

export interface ImageName {
  /** The registry's name from settings. */
  readonly registry: string;
  readonly repository: Repository;
  readonly digest: Digest;
}

/** One announcement, noted in the very write that made it true: so it is made once, and told until it is taken. */
export interface AnnouncementEntry {
  /** Generation, kind, and region or tag; see announcement-key.ts. */
  readonly key: string;
  readonly madeAt: number;
  /** When the topic took it; `null` before. */
  readonly publishedAt: number | null;
  /** For a superseded tag: where it had moved to. It may have come back before that is published. */
  readonly supersededBy?: Digest;
  /** For a delay: the regions it was about. They may have it before that is published. */
  readonly missing?: readonly Region[];
  /** Noted with the image's next timer: no attempt costs a write of its own. */
  readonly failed?: FailedAttempts;
}

/** One webhook to be forwarded, noted like an announcement; see forward-entry.ts. */
export interface ForwardEntry {
  /** Start of the generation, target, round and tag. */
  readonly key: string;
  readonly madeAt: number;
  /** When the queue took it; `null` before. */
  readonly queuedAt: number | null;
  /** What became of it, once an attempt has failed: one that is accepted at once costs no write. */
  readonly sending?: ForwardSending;
}

export interface ForwardSending {
  /** `dropped`: it would not have been true any more, or its target has left the settings. */
  readonly state: 'retrying' | 'accepted' | 'givenUp' | 'dropped';
  readonly attempts: number;
  /** Of the last attempt, milliseconds since 1970. */
  readonly at: number;
  /** Why the last one that failed did, one line for people; `null` where none has. */
  readonly lastError: string | null;
}

/** Where one tag stands with one digest. */
export interface TagProgress {
  /** One more each time the tag comes back to this digest after it had moved on. */
  readonly round: number;
  /** `open` until every expected region has it; pushed with another digest before that: `superseded`, after: `moved`. */
  readonly state: 'open' | 'converged' | 'superseded' | 'moved';
  /** Other digests of the tag have been looked at in this round; before that nobody knows what it is among them. */
  readonly isCompared: boolean;
  /** Of each of those it was known which came later. While of one it is not, the next region to tell of this one may tell. */
  readonly isOrdered: boolean;
  /** The digest it was pushed with later, and where that was, as far as it was known; `null` while it never was. */
  readonly movedTo: Digest | null;
  readonly movedBy: TagPushes | null;
  /** Where and when it was pushed with any other digest, as far as it is known here. */
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
  /** Announced in a generation before and still so: not to be announced anew in this one. See `announcementSubject`. */
  readonly alreadyAnnounced: readonly string[];
  /** When the topic took "in all replicas". */
  readonly announcedAt: number | null;
  /** When it was called delayed. */
  readonly delayedAt: number | null;
  /** What became of each tag that was pushed with this digest, in this generation. */
  readonly tags: Readonly<Record<string, TagProgress>>;
  /** Tags whose other digests have not been looked at since they were pushed with this one. */
  readonly uncomparedTags: readonly string[];
  /** What has been announced, oldest first: all of this generation, and the newest of those before. */
  readonly announcements: readonly AnnouncementEntry[];
  /** What has been forwarded in this generation, and what is still to be. */
  readonly forwards: readonly ForwardEntry[];
  /** A durable timer is known to be set for this time; past times are spent. */
  readonly requeueAt: number | null;
  /** When anything about it last changed. */
  readonly changedAt: number;
  /**
   * When all but its generation, and when it was deleted where, was forgotten; `null` for every image that is known. What
   * is pushed again begins the next generation: under the ids of the one before, consumers would drop what is published about it.
   */
  readonly expiredAt: number | null;
  /** Of an index, once it is to be read: what it lists. */
  readonly family?: Family;
  /** The indexes that list it, in the order they were found. While there is one it is published as part of them alone. */
  readonly memberOf?: readonly Digest[];
  /** The manifest that it names as its subject: it is published as part of that one's family. */
  readonly subject?: Digest;
  /** Manifests that name it as their subject, as far as that was read or listed, in the order they were found. */
  readonly attachments?: readonly Attachment[];
  /** Of its config and its layers together, where its manifest was read. */
  readonly bytes?: number;
  /** Names the write that made it, and no other: a writer whose answer was lost knows its own by it. `null` before. */
  readonly writtenAs: string | null;
}

/** The record of an image that is known; `undefined` for one that was forgotten. */
export function unexpired(record: ImageRecord | undefined): ImageRecord | undefined {
  return record === undefined || record.expiredAt !== null ? undefined : record;
}

/** Whether some index lists it. */
export function isMember(record: ImageRecord | undefined): boolean {
  return (record?.memberOf?.length ?? 0) > 0;
}

/** Whether it is published as part of something else: listed by an index, or attached by its subject or under a tag for just that. */
export function isPartOfFamily(record: ImageRecord): boolean {
  if (isMember(record) || record.subject !== undefined) return true;
  const tags = Object.values(record.arrivals).flatMap((arrival) => Object.keys(arrival.tags));
  return tags.length > 0 && tags.every(isAttachingTag);
}

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

/** Whether the topic has not accepted one of its events, though it was sent. It may be accepted in the next moment. */
export function isUnpublished({ announcements }: ImageRecord): boolean {
  return announcements.some(({ publishedAt, failed }) => publishedAt === null && failed !== undefined);
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

/** When it was learned that the region has it, with all its members; `undefined` while it has not. */
export function availableSince(record: ImageRecord, region: Region): number | undefined {
  return wholeSince(arrivalIn(record, region), record.family, region);
}

/** First and last time a region that has it now was learned of; `undefined` where no region has it. */
export function arrivalSpan(record: ImageRecord): { first: number; last: number } | undefined {
  const times = arrivalRegions(record).flatMap((region) => availableSince(record, region) ?? []);
  return times.length === 0 ? undefined : { first: Math.min(...times), last: Math.max(...times) };
}
