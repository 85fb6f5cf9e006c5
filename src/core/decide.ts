/**
 * The decisions: what a step (a fact, an acknowledgement, the passing of time) makes of an image's record, and what
 * must be told because of it. Pure and step by step, so the outcome does not depend on how many steps happened to
 * share a write. Everything announced is noted in the record itself: whoever writes it first is the only one to tell.
 */
import type { Announcement } from './announcement.ts';
import { announcementKey, parseAnnouncementKey } from './announcement.ts';
import type { Fact, MergeOutcome } from './arrival.ts';
import { isAvailable, isDeleted, mergeFact } from './arrival.ts';
import { isLater } from './event-time.ts';
import type { AnnouncementEntry, ImageName, ImageRecord } from './image.ts';
import { arrivalIn, arrivalRegions, imageState, isComplete, newestDelete, pendingKeys } from './image.ts';
import type { Region } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions } from './replica-set.ts';

export type Step =
  | { readonly kind: 'fact'; readonly fact: Fact }
  /** The topic has taken these announcements. */
  | { readonly kind: 'acknowledge'; readonly keys: readonly string[]; readonly at: number }
  /** Look again: time has passed, or the replica set has changed. */
  | { readonly kind: 'review' };

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
  if (step.kind === 'acknowledge') {
    return { record: record && acknowledge(record, step), outcome: undefined, announcements: [] };
  }
  if (step.kind === 'review') {
    return record === undefined
      ? { record, outcome: undefined, announcements: [] }
      : { ...announce(record, circumstances), outcome: undefined };
  }
  const { record: merged, outcome } = learn(record, name, step.fact);
  if (merged === record || merged === undefined) return { record, outcome, announcements: [] };
  return { ...announce(merged, circumstances), outcome };
}

function learn(
  before: ImageRecord | undefined,
  name: ImageName,
  fact: Fact,
): { record: ImageRecord | undefined; outcome: MergeOutcome } {
  const record = before ?? firstSight(name, fact);
  const known = arrivalIn(record, fact.region);
  const { arrival, outcome } = mergeFact(known, fact);
  if (arrival === known) return { record: before, outcome };
  const isNewGeneration =
    fact.kind === 'push' && isAvailable(arrival) && isGone(record) && isLater(fact.eventTime, newestDelete(record));
  const started = isNewGeneration ? nextGeneration(record, fact.receivedAt) : record;
  return {
    outcome,
    record: {
      ...started,
      mediaType: record.mediaType ?? fact.mediaType ?? null,
      arrivals: { ...record.arrivals, [fact.region]: arrival },
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
    announcements: [],
    wakeAt: null,
    changedAt: fact.receivedAt,
  };
}

/** Every region that had it has deleted it. */
function isGone(record: ImageRecord): boolean {
  const arrivals = Object.values(record.arrivals);
  return arrivals.length > 0 && arrivals.every(isDeleted);
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
  };
}

/** Notes in the record all that is true now and has not been announced in this generation. */
function announce(
  before: ImageRecord,
  { set, policy, now }: Circumstances,
): { record: ImageRecord; announcements: Announcement[] } {
  const record = grown(before, set);
  const announcements: Announcement[] = [];
  const announced = new Set(record.announcements.map((entry) => entry.key));
  const make = (kind: Announcement['kind'], region?: Region): boolean => {
    const announcement: Announcement = { kind, generation: record.generation, region };
    const key = announcementKey(announcement);
    if (announced.has(key)) return false;
    announced.add(key);
    announcements.push(announcement);
    return true;
  };

  for (const region of arrivalRegions(record)) {
    const arrival = arrivalIn(record, region);
    if (isAvailable(arrival)) make('availableInRegion', region);
    else if (isDeleted(arrival)) make('deletedInRegion', region);
  }
  let { availableAt, completedFor, delayedAt } = record;
  const complete = isComplete(record, set);
  if (complete && make('availableInAllReplicas')) {
    availableAt = now;
    completedFor = expectedRegions(set);
  }
  if (isGone(record)) make('deletedInAllReplicas');
  if (isDelayed(record, set, policy, now) && make('delayed')) delayedAt = now;

  if (announcements.length === 0) return { record: before, announcements };
  const made = announcements.map((one) => ({ key: announcementKey(one), madeAt: now, publishedAt: null }));
  return {
    record: {
      ...record,
      availableAt,
      completedFor,
      delayedAt,
      announcements: forgetOld([...record.announcements, ...made], record.generation),
      changedAt: Math.max(record.changedAt, now),
    },
    announcements,
  };
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
  if (!wasComplete || !isGrown || !isComplete(record, set)) return record;
  const generation = record.generation + 1;
  // What was told per region stays told; the new region is told with the new generation.
  const told = record.announcements
    .map((entry) => ({ entry, announcement: parseAnnouncementKey(entry.key) }))
    .filter(({ announcement }) => announcement.region !== undefined && announcement.generation === record.generation)
    .map(({ entry, announcement }) => ({ ...entry, key: announcementKey({ ...announcement, generation }) }));
  const others = record.announcements.filter((entry) => parseAnnouncementKey(entry.key).region === undefined);
  return { ...nextGeneration(record, record.firstSeenAt), announcements: [...others, ...told] };
}

function isDelayed(record: ImageRecord, set: ReplicaSet, policy: Policy, now: number): boolean {
  const neverComplete = record.completedFor.length === 0;
  return (
    neverComplete && imageState(record, set) === 'replicating' && now >= record.firstSeenAt + policy.delayedAfterMs
  );
}

function acknowledge(record: ImageRecord, step: Step & { kind: 'acknowledge' }): ImageRecord {
  const taken = pendingKeys(record).filter((key) => step.keys.includes(key));
  if (taken.length === 0) return record;
  const completion = announcementKey({
    kind: 'availableInAllReplicas',
    generation: record.generation,
    region: undefined,
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
  if (pendingKeys(record).length > 0) due.push(now + policy.outboxCheckMs);
  if (record.completedFor.length === 0 && imageState(record, set) === 'replicating' && record.delayedAt === null) {
    due.push(Math.max(now, record.firstSeenAt + policy.delayedAfterMs));
  }
  return due.length === 0 ? null : Math.min(...due);
}
