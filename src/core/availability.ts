/**
 * The answer: expected regions + arrivals + requirement → the availability document of the public contract.
 * Pure, so that the same record gives the same document on every instance and in every event.
 */
import type { Arrival, Evidence } from './arrival.ts';
import { isAvailable, isDeleted } from './arrival.ts';
import type { Digest } from './digest.ts';
import type { EventTime } from './event-time.ts';
import { toIsoMilliseconds } from './event-time.ts';
import type { ImageRecord, ImageState } from './image.ts';
import { arrivalIn, arrivalRegions, arrivalSpan, counts, currentTags, imageState, isAvailableIn } from './image.ts';
import type { Repository, Tag } from './reference.ts';
import { formatReference } from './reference.ts';
import type { Region } from './region.ts';
import { sortRegions } from './region.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';
import { findReplica, isStale } from './replica-set.ts';
import type { Requirement } from './requirement.ts';
import { defaultRequirement } from './requirement.ts';
import type { TagPointers, TagState } from './tag.ts';
import { isSuperseded, ownPointers, tagState } from './tag.ts';

export type RegionState = 'available' | 'unverified' | 'missing' | 'deleted';

export interface RegionAvailability {
  readonly region: Region;
  readonly state: RegionState;
  /** Asked for by the requirement. */
  readonly required: boolean;
  readonly expected: boolean;
  /** When we learned it; ISO 8601, as every time here. */
  readonly since: string | null;
  /** What the event said. */
  readonly eventTime: string | null;
  /** Distance from the first region, never negative. */
  readonly lagSeconds: number | null;
  readonly evidence: readonly Evidence[];
  readonly globalRouting: boolean;
}

export interface AvailabilityDocument {
  readonly image: string;
  readonly registry: string;
  readonly repository: Repository;
  readonly digest: Digest | null;
  readonly mediaType: string | null;
  /** About every expected region; `satisfied` is about the requirement. */
  readonly state: ImageState;
  readonly satisfied: boolean;
  readonly requirement: {
    readonly regions: readonly Region[];
    readonly require: Requirement['require'];
    readonly needed: number;
    readonly have: number;
  };
  readonly missing: readonly Region[];
  readonly regions: readonly RegionAvailability[];
  readonly tags: readonly string[];
  readonly tag?: {
    readonly name: Tag;
    readonly state: TagState;
    readonly regions: readonly { readonly region: Region; readonly digest: Digest; readonly since: string }[];
  };
  readonly firstSeenAt: string | null;
  readonly availableAt: string | null;
  readonly announcedAt: string | null;
  readonly delayed: boolean;
  readonly replicas: { readonly source: ReplicaSet['source']; readonly refreshedAt: string; readonly stale: boolean };
}

/** Everything one answer is made of. */
export interface Question {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly tag: Tag | undefined;
  readonly digest: Digest | undefined;
}

/** What is known for a question at one moment. */
export interface Knowledge {
  /** The image asked for, or the one the tag's newest push points at. */
  readonly record: ImageRecord | undefined;
  /** Present when the question named a tag. */
  readonly pointers: TagPointers | undefined;
}

export function availability(
  question: Question,
  known: Knowledge,
  requirement: Requirement,
  set: ReplicaSet,
  now: number,
): AvailabilityDocument {
  const { registry, repository, tag } = question;
  const { record, pointers } = known;
  const digest = question.digest ?? pointers?.newest?.digest ?? null;
  const satisfies = (region: Region) =>
    isAvailableIn(record, region, set) && (tag === undefined || pointers?.regions.get(region)?.digest === digest);
  const have = requirement.regions.filter(satisfies).length;
  const pinned = digest === null ? { tag, digest: undefined } : { tag: undefined, digest };
  return {
    image: formatReference({ registry: registry.loginServer, repository, ...pinned }),
    registry: registry.loginServer,
    repository,
    digest,
    mediaType: record?.mediaType ?? null,
    state: imageState(record, set),
    satisfied: have >= requirement.needed,
    requirement: { regions: requirement.regions, require: requirement.require, needed: requirement.needed, have },
    missing: requirement.regions.filter((region) => !satisfies(region)),
    regions: listRegions(record, requirement, set),
    tags: record === undefined ? [] : currentTags(record),
    ...(tag === undefined || pointers === undefined ? {} : { tag: describeTag(tag, pointers, requirement) }),
    firstSeenAt: toIso(record?.firstSeenAt),
    availableAt: toIso(record?.availableAt),
    announcedAt: toIso(record?.announcedAt),
    delayed: (record?.delayedAt ?? null) !== null,
    replicas: {
      source: set.source,
      refreshedAt: new Date(set.refreshedAt).toISOString(),
      stale: isStale(set, now),
    },
  };
}

/** The document about an image as such, with nobody's requirement. */
export function describeImage(
  record: ImageRecord,
  registry: Registry,
  set: ReplicaSet,
  now: number,
  tag?: Tag,
): AvailabilityDocument {
  const { repository, digest } = record.name;
  const pointers = tag === undefined ? undefined : ownPointers(tag, record);
  return availability({ registry, repository, digest, tag }, { record, pointers }, defaultRequirement(set), set, now);
}

/** How a wait ends before its time: the image is gone, or the tag has moved on. */
export function waitOutcome(
  question: Question,
  known: Knowledge,
  requirement: Requirement,
  document: AvailabilityDocument,
): 'satisfied' | 'deleted' | 'superseded' | 'waiting' {
  if (document.satisfied) return 'satisfied';
  const { tag, digest } = question;
  if (tag !== undefined && digest !== undefined && known.pointers !== undefined) {
    if (isSuperseded(known.pointers, known.record, tag, requirement.regions)) return 'superseded';
  }
  return document.state === 'deleted' ? 'deleted' : 'waiting';
}

function listRegions(record: ImageRecord | undefined, requirement: Requirement, set: ReplicaSet): RegionAvailability[] {
  const first = record === undefined ? undefined : arrivalSpan(record)?.first;
  const listed = sortRegions([
    ...set.replicas.map((replica) => replica.region),
    ...(record === undefined ? [] : arrivalRegions(record)),
  ]);
  return listed.map((region) => {
    const replica = findReplica(set, region);
    const arrival = arrivalIn(record, region);
    const available = isAvailable(arrival);
    return {
      region,
      state: stateIn(arrival, set),
      required: requirement.regions.includes(region),
      expected: replica?.expected ?? false,
      since: toIso(arrival?.since),
      eventTime: toIsoTime(arrival?.eventTime ?? null),
      lagSeconds: available && arrival !== undefined && first !== undefined ? toSeconds(arrival.since - first) : null,
      evidence: arrival?.evidence ?? [],
      globalRouting: replica?.globalRouting ?? true,
    };
  });
}

function stateIn(arrival: Arrival | undefined, set: ReplicaSet): RegionState {
  if (isAvailable(arrival)) return counts(arrival, set) ? 'available' : 'unverified';
  return isDeleted(arrival) ? 'deleted' : 'missing';
}

function describeTag(tag: Tag, pointers: TagPointers, requirement: Requirement) {
  return {
    name: tag,
    state: tagState(pointers, requirement.regions),
    regions: [...pointers.regions].map(([region, { digest, since }]) => ({
      region,
      digest,
      since: new Date(since).toISOString(),
    })),
  };
}

export function toSeconds(milliseconds: number): number {
  return Math.max(0, milliseconds) / 1000;
}

function toIso(milliseconds: number | null | undefined): string | null {
  return milliseconds === null || milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}

function toIsoTime(time: EventTime | null): string | null {
  return time === null ? null : toIsoMilliseconds(time);
}
