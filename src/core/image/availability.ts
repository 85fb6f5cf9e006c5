/**
 * The answer: expected regions + arrivals + requirement → the availability document of the public contract.
 * Pure, so that the same record gives the same document on every instance and in every event.
 */

import type { Digest } from '../model/digest.ts';
import type { EventTime } from '../model/event-time.ts';
import { toIsoMilliseconds } from '../model/event-time.ts';
import { isIndexType } from '../model/media-types.ts';
import type { Repository, Tag } from '../model/reference.ts';
import { formatReference } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import { sortRegions } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { findReplica, isStale } from '../model/replica-set.ts';
import type { Requirement } from '../model/requirement.ts';
import { defaultRequirement } from '../model/requirement.ts';
import type { Evidence } from './arrival.ts';
import { isAvailable, isDeleted } from './arrival.ts';
import type { Attached } from './attached.ts';
import { hasArtifactsIn } from './attached.ts';
import type { ArtifactAvailability, MemberAvailability } from './family-availability.ts';
import { describeArtifacts, describeMembers } from './family-availability.ts';
import { narrowed } from './platforms.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions, arrivalSpan, availableSince, currentTags } from './record.ts';
import type { ImageState } from './state.ts';
import { hasDeletedMember, imageState, isAvailableIn, isUnverified } from './state.ts';
import type { TagPointers, TagState } from './tag-resolution.ts';
import { isSuperseded, ownPointers, tagState } from './tag-resolution.ts';

/** `membersUnknown`: the index counts by its own reports, since nobody could read what it lists. */
export type ShownEvidence = Evidence | 'membersUnknown';

type RegionState = 'available' | 'unverified' | 'missing' | 'deleted';

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
  readonly evidence: readonly ShownEvidence[];
  readonly globalRouting: boolean;
}

export interface AvailabilityDocument {
  readonly image: string;
  readonly registry: string;
  readonly repository: Repository;
  readonly digest: Digest | null;
  readonly mediaType: string | null;
  /** What an index lists; empty for what is no index, `null` while that is not known. */
  readonly members: readonly MemberAvailability[] | null;
  readonly membersKnown: boolean;
  /** Config and layers together, of an index those of all its members; `null` where that is not known. */
  readonly bytes: number | null;
  /** Of a member, the indexes that list it. */
  readonly memberOf?: readonly Digest[];
  /** Of an artifact, the manifest that it is attached to. */
  readonly subject?: Digest;
  /** Present when the question asked for artifacts. */
  readonly artifacts?: readonly ArtifactAvailability[];
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

/** What is asked: one image, by tag or digest, and what of it must be there. */
export interface AvailabilityQuery {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly tag: Tag | undefined;
  readonly digest: Digest | undefined;
  /** What must be attached to it: `signature`, `sbom`, `attestation`, or an artifact type. */
  readonly artifacts?: readonly string[];
  /** Of an index: only these platforms are waited for; all of them without. */
  readonly platforms?: readonly string[];
}

/** What is known for a question at one moment. */
export interface AvailabilitySnapshot {
  /** The image asked for, or the one the tag's newest push points at. */
  readonly record: ImageRecord | undefined;
  /** Present when the question named a tag. */
  readonly pointers: TagPointers | undefined;
  /** Present when the question asked for artifacts, and the digest is known. */
  readonly attached?: Attached;
}

/** @param delayedAfterMs how long regions may resolve a tag to different digests before it is called diverged */
export function availability(
  question: AvailabilityQuery,
  known: AvailabilitySnapshot,
  requirement: Requirement,
  set: ReplicaSet,
  now: number,
  delayedAfterMs: number,
): AvailabilityDocument {
  const { registry, repository, tag } = question;
  const { record, pointers, attached } = known;
  const { artifacts = [], platforms = [] } = question;
  const needed = narrowed(record, platforms);
  const digest = question.digest ?? pointers?.newest?.digest ?? null;
  const satisfies = (region: Region) =>
    isAvailableIn(needed, region, set) &&
    hasArtifactsIn(attached, artifacts, region) &&
    (tag === undefined || pointers?.regions.get(region)?.digest === digest);
  const have = requirement.regions.filter(satisfies).length;
  const pinned = digest === null ? { tag, digest: undefined } : { tag: undefined, digest };
  return {
    image: formatReference({ registry: registry.loginServer, repository, ...pinned }),
    registry: registry.loginServer,
    repository,
    digest,
    mediaType: record?.mediaType ?? null,
    ...describeMembers(record, requirement, set, attached),
    ...(artifacts.length === 0 ? {} : { artifacts: describeArtifacts(attached, artifacts, requirement) }),
    state: imageState(record, set),
    satisfied: have >= requirement.needed,
    requirement: { regions: requirement.regions, require: requirement.require, needed: requirement.needed, have },
    missing: requirement.regions.filter((region) => !satisfies(region)),
    regions: listRegions(record, requirement, set),
    tags: record === undefined ? [] : currentTags(record),
    ...(tag === undefined || pointers === undefined
      ? {}
      : {
          tag: describeTag(tag, pointers, tagState(pointers, requirement.regions, now, delayedAfterMs)),
        }),
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
  const question = { registry, repository, digest, tag };
  // One digest cannot diverge from itself.
  return availability(question, { record, pointers }, defaultRequirement(set), set, now, Number.POSITIVE_INFINITY);
}

/**
 * How things stand for whoever waits. Only `satisfied` ends a wait at once: what is deleted or superseded may have been pushed
 * again, so how long that must last is the caller's to decide.
 */
export function waitOutcome(
  question: AvailabilityQuery,
  known: AvailabilitySnapshot,
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
    const state = record === undefined ? 'missing' : stateIn(record, region, set);
    // A region that lacks a member has the index, and not the image.
    const told = state === 'missing' ? undefined : arrival;
    const since = record === undefined ? undefined : availableSince(record, region);
    const isUnread = isAvailable(told) && isIndexType(record?.mediaType ?? null) && record?.family?.members == null;
    return {
      region,
      state,
      required: requirement.regions.includes(region),
      expected: replica?.expected ?? false,
      since: told?.pushedAt == null && told?.deletedAt == null ? null : toIso(since ?? told.since),
      eventTime: toIsoTime(told?.eventTime ?? null),
      lagSeconds: told !== undefined && since !== undefined && first !== undefined ? toSeconds(since - first) : null,
      evidence: [...(told?.evidence ?? []), ...(isUnread ? (['membersUnknown'] as const) : [])],
      globalRouting: replica?.globalRouting ?? true,
    };
  });
}

function stateIn(record: ImageRecord, region: Region, set: ReplicaSet): RegionState {
  const arrival = arrivalIn(record, region);
  if (isDeleted(arrival) || hasDeletedMember(record, region)) return 'deleted';
  if (isAvailableIn(record, region, set)) return 'available';
  // What is there, and does not count yet: the index, or all of the family.
  const isWhole = availableSince(record, region) !== undefined;
  return isUnverified(arrival, set) || isWhole ? 'unverified' : 'missing';
}

function describeTag(tag: Tag, pointers: TagPointers, state: TagState) {
  return {
    name: tag,
    state,
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
