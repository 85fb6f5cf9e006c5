/**
 * The availability document of the public API, from the record, the requirement and the replica set. Pure: the same record
 * gives the same document on every instance and in every event.
 */

import type { Digest } from '../model/digest.ts';
import type { Repository, Tag } from '../model/reference.ts';
import { formatReference } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { isStale } from '../model/replica-set.ts';
import type { Requirement } from '../model/requirement.ts';
import { defaultRequirement } from '../model/requirement.ts';
import type { Attached } from './attached.ts';
import { hasArtifactsIn } from './attached.ts';
import type { ArtifactAvailability, MemberAvailability } from './family-availability.ts';
import { describeArtifacts, describeMembers } from './family-availability.ts';
import { narrowToPlatforms } from './platforms.ts';
import type { ImageRecord } from './record.ts';
import { tagsToShow } from './record.ts';
import type { RegionAvailability } from './region-availability.ts';
import { listRegions, toIso } from './region-availability.ts';
import type { ImageState } from './state.ts';
import { imageState, isAvailableIn } from './state.ts';
import type { TagPointers, TagState } from './tag-resolution.ts';
import { isSuperseded, ownPointers, tagState } from './tag-resolution.ts';

export interface AvailabilityDocument {
  readonly image: string;
  readonly registry: string;
  readonly repository: Repository;
  readonly digest: Digest | null;
  readonly mediaType: string | null;
  /** What an index lists; empty if it is not an index, `null` while not known. */
  readonly members: readonly MemberAvailability[] | null;
  readonly membersKnown: boolean;
  /** Of config and layers; of an index the sum over its members. `null` if not known. */
  readonly bytes: number | null;
  /** The indexes that list it. */
  readonly memberOf?: readonly Digest[];
  /** The manifest that it is attached to. */
  readonly subject?: Digest;
  /** Present if the question asked for artifacts. */
  readonly artifacts?: readonly ArtifactAvailability[];
  /** Over all expected regions; `satisfied` is about the requirement. */
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

/** A question: one image, by tag or digest, and which parts of it must be available. */
export interface AvailabilityQuery {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly tag: Tag | undefined;
  readonly digest: Digest | undefined;
  /** What must be attached to it: `signature`, `sbom`, `attestation`, or an artifact type. */
  readonly artifacts?: readonly string[];
  /** Of an index, only these platforms are required; `undefined` or empty: all. */
  readonly platforms?: readonly string[];
}

/** The records that answer a question, as read at one moment. */
export interface AvailabilitySnapshot {
  /** The image asked for, or the one that the newest push of the tag points at. */
  readonly record: ImageRecord | undefined;
  /** Present if the question named a tag. */
  readonly pointers: TagPointers | undefined;
  /** Present if the question asked for artifacts and the digest is known. */
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
  const needed = narrowToPlatforms(record, platforms);
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
    tags: record === undefined ? [] : tagsToShow(record),
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

/** The document about an image with the default requirement, as lists and events contain it. */
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
 * The outcome of a wait at this moment. Only `satisfied` ends a wait at once: what is deleted or superseded may have been pushed
 * again, so the caller decides how long that outcome must last.
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
