/**
 * The decisions: what a step (a fact, an acknowledgement, the passing of time) makes of an image's record, and what
 * must be told because of it. Pure and step by step, so the outcome does not depend on how many steps happened to
 * share a write. Everything announced is noted in the record itself: whoever writes it first is the only one to tell.
 */
import type { Announcement } from './announcement.ts';
import { announcementKey, parseAnnouncementKey } from './announcement.ts';
import type { Fact, MergeOutcome } from './arrival.ts';
import { hasTag, isAvailable, isDeleted, maxTags, mergeFact } from './arrival.ts';
import type { Digest } from './digest.ts';
import type { EventTime } from './event-time.ts';
import { isLater } from './event-time.ts';
import type { AnnouncementEntry, ImageName, ImageRecord, TagProgress } from './image.ts';
import {
  arrivalIn,
  arrivalRegions,
  counts,
  imageState,
  isComplete,
  isGone,
  lastTagged,
  newestDelete,
  pendingKeys,
} from './image.ts';
import type { Tag } from './reference.ts';
import type { Region } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions, findReplica } from './replica-set.ts';

export type Step =
  | { readonly kind: 'fact'; readonly fact: Fact }
  /** The topic has taken these announcements. */
  | { readonly kind: 'acknowledge'; readonly keys: readonly string[]; readonly at: number }
  /** Look again: time has passed, or the replica set has changed. */
  | { readonly kind: 'review' }
  /** The tag was pushed with another digest at that time. */
  | { readonly kind: 'tagMoved'; readonly tag: Tag; readonly to: Digest; readonly at: EventTime }
  /** Every other digest of the tag has been told that it was pushed with this one. */
  | { readonly kind: 'tagChecked'; readonly tag: Tag };

export interface Policy {
  readonly delayedAfterMs: number;
  /** `undefined` where replicas cannot be asked. */
  readonly probeAfterMs: number | undefined;
  /** How soon another instance looks after announcements that were made and not acknowledged. */
  readonly outboxCheckMs: number;
}

export interface Circumstances {
  readonly set: ReplicaSet;
  readonly policy: Policy;
  readonly now: number;
}

export interface Decision {
  /** The same object when nothing changed. */
  readonly record: ImageRecord | undefined;
  /** For facts. */
  readonly outcome: MergeOutcome | undefined;
  readonly announcements: readonly Announcement[];
}

/** Enough for the history of an image that is deleted and pushed again now and then. */
const mostAnnouncements = 200;

export function decide(
  record: ImageRecord | undefined,
  name: ImageName,
  step: Step,
  circumstances: Circumstances,
): Decision {
  const undecided = { record, outcome: undefined, announcements: [] };
  if (step.kind === 'fact') {
    const { record: merged, outcome } = learn(record, name, step.fact, circumstances.set);
    if (merged === record || merged === undefined) return { record, outcome, announcements: [] };
    return { ...announce(merged, circumstances), outcome };
  }
  if (record === undefined) return undecided;
  if (step.kind === 'acknowledge') return { ...undecided, record: acknowledge(record, step) };
  if (step.kind === 'tagChecked') return { ...undecided, record: tagChecked(record, step) };
  const changed = step.kind === 'tagMoved' ? tagMoved(record, step) : record;
  if (step.kind === 'tagMoved' && changed === record) return undecided;
  return { ...announce(changed, circumstances), outcome: undefined };
}

function learn(
  before: ImageRecord | undefined,
  name: ImageName,
  fact: Fact,
  set: ReplicaSet,
): { record: ImageRecord | undefined; outcome: MergeOutcome } {
  const record = before ?? firstSight(name, fact);
  const known = arrivalIn(record, fact.region);
  const { arrival, outcome } = mergeFact(known, fact);
  if (arrival === known) return { record: before, outcome };
  const isNewGeneration =
    fact.kind === 'push' &&
    isAvailable(arrival) &&
    isGone(record, set) &&
    isLater(fact.eventTime, newestDelete(record, set));
  const started = isNewGeneration ? nextGeneration(record, fact.receivedAt) : record;
  return {
    outcome,
    record: {
      ...started,
      mediaType: record.mediaType ?? fact.mediaType ?? null,
      arrivals: { ...record.arrivals, [fact.region]: arrival },
      ...learnTag(started, fact),
      changedAt: Math.max(record.changedAt, fact.receivedAt),
    },
  };
}

function firstSight(name: ImageName, fact: Fact): ImageRecord {
  return {
    name,
    mediaType: null,
    generation: 1,
    firstSeenAt: fact.receivedAt,
    arrivals: {},
    availableAt: null,
    completedFor: [],
    announcedAt: null,
    delayedAt: null,
    tags: {},
    uncheckedTags: [],
    announcements: [],
    wakeAt: null,
    changedAt: fact.receivedAt,
  };
}

function nextGeneration(record: ImageRecord, startedAt: number): ImageRecord {
  return {
    ...record,
    generation: record.generation + 1,
    firstSeenAt: startedAt,
    availableAt: null,
    completedFor: [],
    announcedAt: null,
    delayedAt: null,
    tags: {},
    uncheckedTags: [],
  };
}

/** A tag that is new to this digest, or has come back to it, opens a round; other digests have to hear of it. */
function learnTag(record: ImageRecord, { kind, tag, eventTime }: Fact): Pick<ImageRecord, 'tags' | 'uncheckedTags'> {
  const { tags, uncheckedTags } = record;
  if (kind !== 'push' || tag === undefined) return { tags, uncheckedTags };
  const before = Object.hasOwn(tags, tag) ? tags[tag] : undefined;
  const isBack = before !== undefined && before.movedAt !== null && isLater(eventTime, before.movedAt);
  if (before !== undefined && !isBack) return { tags, uncheckedTags };
  const opened: TagProgress = { round: (before?.round ?? 0) + 1, state: 'open', movedAt: null, movedTo: null };
  return {
    tags: keepNewest({ ...tags, [tag]: opened }, record),
    uncheckedTags: uncheckedTags.includes(tag) ? uncheckedTags : [...uncheckedTags, tag],
  };
}

/** As many as the arrivals keep: progress of a tag that no arrival remembers is of no use. */
function keepNewest(tags: Readonly<Record<string, TagProgress>>, record: ImageRecord) {
  const names = Object.keys(tags);
  if (names.length <= 2 * maxTags) return tags;
  const known = names.filter((tag) => lastTagged(record, tag as Tag) !== null || tags[tag]?.movedAt === null);
  return Object.fromEntries(Object.entries(tags).filter(([tag]) => known.slice(-2 * maxTags).includes(tag)));
}

/** Pushed with another digest later: if this one had not converged, it never will. */
function tagMoved(record: ImageRecord, { tag, to, at }: Step & { kind: 'tagMoved' }): ImageRecord {
  const progress = Object.hasOwn(record.tags, tag) ? record.tags[tag] : undefined;
  const isOlder = !isLater(at, lastTagged(record, tag));
  if (progress === undefined || isOlder || !isLater(at, progress.movedAt)) return record;
  const left = { open: 'superseded', converged: 'moved', superseded: 'superseded', moved: 'moved' } as const;
  const isNews = progress.state === 'open' || progress.state === 'converged';
  const moved = { ...progress, state: left[progress.state], movedAt: at, movedTo: isNews ? to : progress.movedTo };
  return { ...record, tags: { ...record.tags, [tag]: moved } };
}

function tagChecked(record: ImageRecord, { tag }: Step & { kind: 'tagChecked' }): ImageRecord {
  if (!record.uncheckedTags.includes(tag)) return record;
  return { ...record, uncheckedTags: record.uncheckedTags.filter((one) => one !== tag) };
}

/** Notes in the record all that is true now and has not been announced in this generation. */
function announce(
  before: ImageRecord,
  { set, policy, now }: Circumstances,
): { record: ImageRecord; announcements: Announcement[] } {
  const record = grown(before, set);
  const announcements: Announcement[] = [];
  const announced = new Set(record.announcements.map((entry) => entry.key));
  const make = (kind: Announcement['kind'], about: Pick<Announcement, 'region' | 'tag'> = {}): boolean => {
    const announcement: Announcement = { kind, generation: record.generation, ...about };
    const key = announcementKey(announcement);
    if (announced.has(key)) return false;
    announced.add(key);
    announcements.push(announcement);
    return true;
  };

  for (const region of arrivalRegions(record)) {
    const arrival = arrivalIn(record, region);
    // A region it was complete for has been told, or was filled without being told.
    const isKnown = record.completedFor.includes(region) || isSeeded(record, region, set);
    if (counts(arrival, set) && !isKnown) make('availableInRegion', { region });
    else if (isDeleted(arrival)) make('deletedInRegion', { region });
  }
  let { availableAt, completedFor, delayedAt } = record;
  const isGrowing = completedFor.length > 0 && expectedRegions(set).some((region) => isSeeded(record, region, set));
  if (isComplete(record, set) && isGrowing) completedFor = expectedRegions(set);
  else if (isComplete(record, set) && make('availableInAllReplicas')) {
    availableAt = now;
    completedFor = expectedRegions(set);
  }
  if (isGone(record, set)) make('deletedInAllReplicas');
  if (isDelayed(record, set, policy, now) && make('delayed')) delayedAt = now;
  const tags = settleTags(record, set, (kind, tag) => make(kind, { tag }));

  if (announcements.length === 0 && completedFor === before.completedFor) return { record: before, announcements };
  const made = announcements.map((one) => ({ key: announcementKey(one), madeAt: now, publishedAt: null }));
  return {
    record: {
      ...record,
      availableAt,
      completedFor,
      delayedAt,
      tags,
      announcements: forgetOld([...record.announcements, ...made], record.generation),
      changedAt: Math.max(record.changedAt, now),
    },
    announcements,
  };
}

/** Makes known what became of the tags, and closes the rounds of those that every expected region has. */
function settleTags(
  record: ImageRecord,
  set: ReplicaSet,
  make: (kind: 'tagConverged' | 'tagSuperseded', tag: { name: Tag; round: number }) => boolean,
): ImageRecord['tags'] {
  const settled = Object.entries(record.tags).map(([text, progress]): [string, TagProgress] => {
    const name = text as Tag;
    if (progress.state === 'superseded') make('tagSuperseded', { name, round: progress.round });
    const expected = expectedRegions(set);
    const resolves = (region: Region) => {
      const arrival = arrivalIn(record, region);
      return arrival !== undefined && counts(arrival, set) && hasTag(arrival, name);
    };
    if (progress.state !== 'open' || expected.length === 0 || !expected.every(resolves)) return [text, progress];
    make('tagConverged', { name, round: progress.round });
    return [text, { ...progress, state: 'converged' }];
  });
  return Object.fromEntries(settled);
}

/** A replica that is still being filled reports old images one by one: that is no news about images complete before. */
function isSeeded(record: ImageRecord, region: Region, set: ReplicaSet): boolean {
  const isOld = record.completedFor.length > 0 && !record.completedFor.includes(region);
  return isOld && (findReplica(set, region)?.seeding ?? false);
}

/** Keeps everything of this generation and everything untold, and the newest of the rest. */
function forgetOld(entries: readonly AnnouncementEntry[], generation: number): readonly AnnouncementEntry[] {
  const spare = entries.length - mostAnnouncements;
  if (spare <= 0) return entries;
  const isOld = (entry: AnnouncementEntry) =>
    entry.publishedAt !== null && parseAnnouncementKey(entry.key).generation < generation;
  const old = new Set(entries.filter(isOld).slice(0, spare));
  return entries.filter((entry) => !old.has(entry));
}

/** Complete again for a set that has grown since: the same arrivals, a new generation of "in all replicas". */
function grown(record: ImageRecord, set: ReplicaSet): ImageRecord {
  const wasComplete = record.completedFor.length > 0;
  const isGrown = expectedRegions(set).some((region) => !record.completedFor.includes(region));
  const isSeeding = expectedRegions(set).some((region) => isSeeded(record, region, set));
  if (!wasComplete || !isGrown || isSeeding || !isComplete(record, set)) return record;
  const generation = record.generation + 1;
  // What was told per region and of tags stays told; the new region is told with the new generation.
  const told = record.announcements
    .map((entry) => ({ entry, announcement: parseAnnouncementKey(entry.key) }))
    .filter(({ announcement: { region, tag } }) => region !== undefined || tag !== undefined)
    .filter(({ announcement }) => announcement.generation === record.generation)
    .map(({ entry, announcement }) => ({ ...entry, key: announcementKey({ ...announcement, generation }) }));
  const { tags, uncheckedTags } = record;
  const next = nextGeneration(record, record.firstSeenAt);
  return { ...next, tags, uncheckedTags, announcements: [...record.announcements, ...told] };
}

/** Not everywhere yet, for the first time in this generation. */
export function isOpen(record: ImageRecord, set: ReplicaSet): boolean {
  return record.completedFor.length === 0 && imageState(record, set) === 'replicating';
}

function isDelayed(record: ImageRecord, set: ReplicaSet, policy: Policy, now: number): boolean {
  return isOpen(record, set) && now >= record.firstSeenAt + policy.delayedAfterMs;
}

function acknowledge(record: ImageRecord, step: Step & { kind: 'acknowledge' }): ImageRecord {
  const taken = pendingKeys(record).filter((key) => step.keys.includes(key));
  if (taken.length === 0) return record;
  const completion = announcementKey({
    kind: 'availableInAllReplicas',
    generation: record.generation,
  });
  return {
    ...record,
    announcements: record.announcements.map((entry) =>
      taken.includes(entry.key) ? { ...entry, publishedAt: step.at } : entry,
    ),
    announcedAt: taken.includes(completion) ? step.at : record.announcedAt,
  };
}

/**
 * When somebody must look at this image again, even if every instance that knows of it dies now.
 * @returns milliseconds since 1970, or `null` when nothing is due
 */
export function nextWakeAt(record: ImageRecord, { set, policy, now }: Circumstances): number | null {
  const due: number[] = [];
  if (pendingKeys(record).length > 0 || record.uncheckedTags.length > 0) due.push(now + policy.outboxCheckMs);
  if (isUnverified(record, set)) due.push(now + policy.outboxCheckMs);
  if (isOpen(record, set) && record.delayedAt === null) {
    due.push(Math.max(now, record.firstSeenAt + policy.delayedAfterMs));
  }
  const from = probedFrom(record, set);
  if (Number.isFinite(from) && policy.probeAfterMs !== undefined) due.push(nextProbeAt(from, now, policy.probeAfterMs));
  return due.length === 0 ? null : Math.min(...due);
}

/**
 * Since when something is open that a replica could tell: where the image or a tag of it is missing, or whether it is
 * still there while the others delete it. Never, when nothing is.
 */
export function probedFrom(record: ImageRecord, set: ReplicaSet): number {
  const state = imageState(record, set);
  if (state === 'deleting') return record.changedAt;
  const isTagOpen = Object.values(record.tags).some((progress) => progress.state === 'open');
  return state === 'replicating' || (state === 'available' && isTagOpen)
    ? record.firstSeenAt
    : Number.POSITIVE_INFINITY;
}

/** Some region reported it, and its replica has not confirmed it yet. */
export function isUnverified(record: ImageRecord, set: ReplicaSet): boolean {
  return Object.values(record.arrivals).some((arrival) => isAvailable(arrival) && !counts(arrival, set));
}

const dayMs = 86_400_000;

/** After `afterMs`, then at pauses that double up to a day: a replica may be out for a week. */
export function nextProbeAt(firstSeenAt: number, now: number, afterMs: number): number {
  let at = firstSeenAt + afterMs;
  for (let pause = afterMs; at <= now; pause = Math.min(dayMs, pause * 2)) at += pause;
  return at;
}
