/**
 * An image: one digest in one repository of one registry, and everything known about it. The record is the only source of
 * truth about the image. It is read in one point read and written in one transaction, so a crash can leave no part of a fact
 * behind.
 */
import type { Digest } from '../model/digest.ts';
import type { EventTime } from '../model/event-time.ts';
import type { Repository, Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import { sortRegions } from '../model/region.ts';
import type { Arrival } from './arrival.ts';
import { hadTag, hasTag, isAvailable, taggedAt } from './arrival.ts';
import type { Attachment } from './attached.ts';
import { isAttachingTag } from './attached.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import type { Family } from './family.ts';
import type { TagPushes } from './tag-pushes.ts';
import { lastPush } from './tag-pushes.ts';

export interface ImageName {
  /** The registry's name from the settings. */
  readonly registry: string;
  readonly repository: Repository;
  readonly digest: Digest;
}

/** One announcement, stored in the write that made it true, so it is made once. It is sent until the topic accepts it. */
export interface AnnouncementEntry {
  /** Generation, kind, and region or tag; see announcement-key.ts. */
  readonly key: string;
  readonly madeAt: number;
  /** When the topic accepted it; `null` before. */
  readonly publishedAt: number | null;
  /** For a superseded tag: the digest it had moved to. The tag may move back before the event is published. */
  readonly supersededBy?: Digest;
  /** For a delay: the regions that were missing. They may have the image before the event is published. */
  readonly missing?: readonly Region[];
  /** Stored together with the next timer, so that a failed attempt costs no write of its own. */
  readonly failed?: FailedAttempts;
}

/** One webhook to be forwarded, stored like an announcement; see forward-entry.ts. */
export interface ForwardEntry {
  /** Start of the generation, target, round and tag. */
  readonly key: string;
  readonly madeAt: number;
  /** When it was put into the queue; `null` before. */
  readonly queuedAt: number | null;
  /** Its delivery, once an attempt has failed: a forward that is accepted at once costs no write. */
  readonly sending?: ForwardSending;
}

export interface ForwardSending {
  /** `dropped`: it was no longer true, or its target was removed from the settings. */
  readonly state: 'retrying' | 'accepted' | 'givenUp' | 'dropped';
  readonly attempts: number;
  /** Time of the last attempt, milliseconds since 1970. */
  readonly at: number;
  /** Why the last failed attempt failed, one line for people; `null` if none has failed. */
  readonly lastError: string | null;
}

/** The progress of one tag with this digest. */
export interface TagProgress {
  /** How often the tag has come to this digest: 1 at first, and one more each time it comes back. */
  readonly round: number;
  /**
   * `open` until every expected region has the tag; if pushed with another digest before that `superseded`, after that `moved`.
   */
  readonly state: 'open' | 'converged' | 'superseded' | 'moved';
  /**
   * The tag's other digests have been compared in this round. Before that, it is not known whether this digest is the newest.
   */
  readonly isCompared: boolean;
  /** For each other digest it is known which was pushed later. If not, the next report about this digest may show it. */
  readonly isOrdered: boolean;
  /** The later digest of the tag; `movedBy`: its pushes, as far as known. `null` while no later digest is known. */
  readonly movedTo: Digest | null;
  readonly movedBy: TagPushes | null;
  /** The last push with any other digest, per region, as far as known. */
  readonly others: TagPushes;
}

export interface ImageRecord {
  readonly name: ImageName;
  readonly mediaType: string | null;
  /** 1 at first, and one more for each generation; see generation.ts. */
  readonly generation: number;
  /** Start of this generation, milliseconds since 1970, like every number here that is a time. */
  readonly firstSeenAt: number;
  /** By region. */
  readonly arrivals: Readonly<Record<string, Arrival>>;
  /** When every expected region first had it in this generation; `null` before. */
  readonly availableAt: number | null;
  /** The expected regions that it was last complete for. A set that has grown since starts a new generation. */
  readonly completedFor: readonly Region[];
  /** Subjects announced in an earlier generation and still true: not announced again in this one. See `announcementSubject`. */
  readonly alreadyAnnounced: readonly string[];
  /** When the topic accepted "available in all replicas" of this generation; `null` before. */
  readonly announcedAt: number | null;
  /** When a delay was announced in this generation; `null` before. */
  readonly delayedAt: number | null;
  /** The progress of each tag that was pushed with this digest in this generation. */
  readonly tags: Readonly<Record<string, TagProgress>>;
  /** Tags whose other digests have not been compared since the tag was pushed with this digest. */
  readonly uncomparedTags: readonly string[];
  /** Oldest first: all announcements of this generation, and the newest of earlier ones. */
  readonly announcements: readonly AnnouncementEntry[];
  /** All forwards of this generation, and earlier ones that are not queued yet. */
  readonly forwards: readonly ForwardEntry[];
  /** When a durable timer fires that is known to be set; a time in the past means that there is none. */
  readonly requeueAt: number | null;
  /** When the record last changed. */
  readonly changedAt: number;
  /**
   * When the record was reduced to what a later push needs: its generation, its deletes, which of them were announced, its times,
   * its size, and the manifests that it is part of. `null` for every image that is known. If the image is pushed again, it starts
   * the next generation: with the event ids of an earlier one, consumers would drop its events as duplicates.
   */
  readonly expiredAt: number | null;
  /** Only for an index whose members are to be read. */
  readonly family?: Family;
  /** The indexes that list it, in the order found. While there is one, the image is published only as part of them. */
  readonly memberOf?: readonly Digest[];
  /** The manifest that it names as its subject. It is published only as part of that one. */
  readonly subject?: Digest;
  /** Manifests that name it as their subject, as far as they were read or listed, in the order found. */
  readonly attachments?: readonly Attachment[];
  /** Bytes of config and layers, if the manifest was read. */
  readonly bytes?: number;
  /** A unique id of the write that stored it. If the answer to a write was lost, the writer finds its own record by this id. */
  readonly writtenAs: string | null;
}

/** The record, unless it has expired. */
export function unexpired(record: ImageRecord | undefined): ImageRecord | undefined {
  return record === undefined || record.expiredAt !== null ? undefined : record;
}

/** Whether some index lists it. */
export function isMember(record: ImageRecord | undefined): boolean {
  return (record?.memberOf?.length ?? 0) > 0;
}

/** Whether it is published only as part of another image: listed by an index, or attached by a subject or an attaching tag. */
export function isPartOfFamily(record: ImageRecord): boolean {
  if (isMember(record) || record.subject !== undefined) return true;
  const tags = [...tagsOf(record)];
  return tags.length > 0 && tags.every(isAttachingTag);
}

/** Tags that were pushed with this digest in any region, whether they are still there or not. */
export function tagsOf(record: ImageRecord | undefined): Set<Tag> {
  const regions = arrivalRegions(record);
  return new Set(regions.flatMap((region) => Object.keys(arrivalIn(record, region)?.tags ?? {}) as Tag[]));
}

/** Unique per image; a key for maps in memory. */
export function imageKey(name: ImageName): string {
  return `${name.registry}/${name.repository}@${name.digest}`;
}

/**
 * Tags that some region resolves to this digest, and that have not moved to another. Of an image that was deleted everywhere, those
 * that it had until then: people know it by them.
 */
export function tagsToShow(record: ImageRecord): Tag[] {
  const arrivals = Object.values(record.arrivals);
  const hasMoved = (tag: Tag) => {
    const state = Object.hasOwn(record.tags, tag) ? record.tags[tag]?.state : undefined;
    return state !== undefined && state !== 'open' && state !== 'converged';
  };
  const isHere = arrivals.some(isAvailable) ? hasTag : hadTag;
  const tags = arrivals.flatMap((arrival) =>
    (Object.keys(arrival.tags) as Tag[]).filter((tag) => isHere(arrival, tag) && !hasMoved(tag)),
  );
  return [...new Set(tags)].sort();
}

/** When the tag was last pushed with this digest, in each region. */
export function tagPushes(record: ImageRecord, tag: Tag): TagPushes {
  const pushes = Object.entries(record.arrivals).flatMap(([region, arrival]): [string, EventTime][] => {
    const pushedAt = taggedAt(arrival, tag);
    return pushedAt === null ? [] : [[region, pushedAt]];
  });
  return Object.fromEntries(pushes);
}

/** When the tag was last pushed with this digest, in any region; `null` if it never was. */
export function lastTagged(record: ImageRecord, tag: Tag): EventTime | null {
  return lastPush(tagPushes(record, tag));
}

/** The tag's progress; `undefined` if it was not pushed with this digest in this generation. */
export function progressOf(record: ImageRecord, tag: Tag): TagProgress | undefined {
  return Object.hasOwn(record.tags, tag) ? record.tags[tag] : undefined;
}

/** Keys of announcements that the topic has not accepted yet. */
export function pendingKeys(record: ImageRecord, madeBefore = Number.POSITIVE_INFINITY): string[] {
  return record.announcements.flatMap(({ key, madeAt, publishedAt }) =>
    publishedAt === null && madeAt < madeBefore ? [key] : [],
  );
}

/** Whether an event is not published, or a forward not queued. */
export function hasPending(record: ImageRecord): boolean {
  return pendingKeys(record).length > 0 || record.forwards.some((entry) => entry.queuedAt === null);
}

export function arrivalRegions(record: ImageRecord | undefined): Region[] {
  return sortRegions(Object.keys(record?.arrivals ?? {}) as Region[]);
}

export function arrivalIn(record: ImageRecord | undefined, region: Region): Arrival | undefined {
  return record !== undefined && Object.hasOwn(record.arrivals, region) ? record.arrivals[region] : undefined;
}
