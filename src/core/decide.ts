/**
 * The decisions: what a step (a fact, an acknowledgement, the passing of time) makes of an image's record, and what
 * must be told because of it. Pure and step by step, so the outcome does not depend on how many steps happened to
 * share a write. Everything announced is noted in the record itself: whoever writes it first is the only one to tell.
 */
import type { Acknowledgement } from './acknowledge.ts';
import { acknowledge } from './acknowledge.ts';
import { announce, nextGeneration, standingNews, wasToldGone } from './announce.ts';
import type { Announcement } from './announcement.ts';
import { regionNews } from './announcement.ts';
import type { Arrival, Fact, MergeOutcome } from './arrival.ts';
import { isAvailable, mergeFact } from './arrival.ts';
import type { Circumstances } from './circumstances.ts';
import type { Digest } from './digest.ts';
import { isLater } from './event-time.ts';
import type { ForwardEntry, ImageName, ImageRecord } from './image.ts';
import { arrivalIn, imageState, isGone, isVoid, newestDelete, withoutVoid } from './image.ts';
import { isTimerSet } from './next-wake.ts';
import type { Tag } from './reference.ts';
import type { Region } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { TagPushes } from './tag-order.ts';
import type { TagCheck } from './tag-progress.ts';
import { learnTag, leftBefore, stillOpen, tagChecked, tagMoved } from './tag-progress.ts';

export type Step =
  | { readonly kind: 'fact'; readonly fact: Fact }
  /** The topic has taken these announcements. */
  | ({ readonly kind: 'acknowledge' } & Acknowledgement)
  /** The queue has taken these forwards. */
  | { readonly kind: 'forwarded'; readonly keys: readonly string[]; readonly at: number }
  /** Look again: time has passed, or the replica set has changed. A timer that was set for `rungAt` or earlier has rung. */
  | { readonly kind: 'review'; readonly rungAt?: number | undefined }
  /** A durable timer will ring at that time. */
  | { readonly kind: 'timerSet'; readonly at: number }
  /** The tag was pushed with another digest, in those regions at those times. */
  | { readonly kind: 'tagMoved'; readonly tag: Tag; readonly to: Digest; readonly pushes: TagPushes }
  /** Other digests of the tag have been looked at. */
  | ({ readonly kind: 'tagChecked' } & TagCheck);

export interface Decision {
  /** The same object when nothing changed. */
  readonly record: ImageRecord | undefined;
  /** For facts. */
  readonly outcome: MergeOutcome | undefined;
  readonly announcements: readonly Announcement[];
}

export function decide(
  stored: ImageRecord | undefined,
  name: ImageName,
  step: Step,
  circumstances: Circumstances,
): Decision {
  const record = stored === undefined ? undefined : withoutVoid(stored, circumstances.set);
  const undecided = { record, outcome: undefined, announcements: [] };
  if (step.kind === 'fact') {
    const { record: merged, outcome } = learn(record, name, step.fact, circumstances.set);
    if (merged === record || merged === undefined) return { record, outcome, announcements: [] };
    return { ...announce(merged, circumstances), outcome };
  }
  if (record === undefined) return undecided;
  if (step.kind === 'acknowledge') return { ...undecided, record: acknowledge(record, step) };
  if (step.kind === 'forwarded') return { ...undecided, record: forwarded(record, step) };
  if (step.kind === 'timerSet') return { ...undecided, record: timerSet(record, step.at, circumstances.now) };
  if (step.kind === 'review') {
    return { ...announce(timerRang(record, step.rungAt, circumstances.now), circumstances), outcome: undefined };
  }
  const next = step.kind === 'tagMoved' ? tagMoved(record, step) : tagChecked(record, step);
  return next === record ? undecided : { ...announce(next, circumstances), outcome: undefined };
}

function learn(
  before: ImageRecord | undefined,
  name: ImageName,
  fact: Fact,
  set: ReplicaSet,
): { record: ImageRecord | undefined; outcome: MergeOutcome } {
  if (isVoid(fact.region, fact.receivedAt, set)) return { record: before, outcome: 'outdated' };
  const record = before ?? firstSight(name, fact);
  const known = arrivalIn(record, fact.region);
  const { arrival, outcome } = mergeFact(known, fact);
  if (arrival === known) return { record: before, outcome };
  const merged = { ...record, arrivals: { ...record.arrivals, [fact.region]: arrival } };
  // A push from between the deletes may have come after it was told as gone: what follows is as new as it is then.
  const isPushedAgain =
    fact.kind === 'push' &&
    (isGone(record, set) || wasToldGone(record)) &&
    ['replicating', 'available'].includes(imageState(merged, set)) &&
    isLater(fact.eventTime, newestDelete(record, set));
  const started = isPushedAgain ? pushedAgain(record, fact, set) : record;
  const isOver = changedNews(fact.region, known, arrival);
  const learned = {
    ...started,
    mediaType: record.mediaType ?? fact.mediaType ?? null,
    arrivals: merged.arrivals,
    oldNews: started.oldNews.filter((news) => !isOver.includes(news)),
    ...learnTag(started, fact),
    changedAt: Math.max(record.changedAt, fact.receivedAt),
  };
  return { outcome, record: leftBefore(learned, fact.tag) };
}

function pushedAgain(record: ImageRecord, push: Fact, set: ReplicaSet): ImageRecord {
  // Lists tell generations apart by when they began.
  const next = nextGeneration(record, Math.max(push.receivedAt, record.firstSeenAt + 1));
  return { ...next, ...stillOpen(record), oldNews: standingNews(record, set) };
}

/** What was told of the region and is so no more: it is news when it comes to be so again. */
function changedNews(region: Region, before: Arrival | undefined, arrival: Arrival): string[] {
  const { available, deleted } = regionNews(region);
  if (isAvailable(arrival)) return [deleted];
  // An event tells of a time of its own; asking a replica once more what it has deleted does not.
  return arrival.eventTime === before?.eventTime ? [available] : [available, deleted];
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
    oldNews: [],
    announcedAt: null,
    delayedAt: null,
    tags: {},
    uncheckedTags: [],
    announcements: [],
    forwards: [],
    wakeAt: null,
    changedAt: fact.receivedAt,
    writtenAs: null,
  };
}

function forwarded(record: ImageRecord, step: Step & { kind: 'forwarded' }): ImageRecord {
  const isTaken = (entry: ForwardEntry) => entry.queuedAt === null && step.keys.includes(entry.key);
  if (!record.forwards.some(isTaken)) return record;
  const forwards = record.forwards.map((entry) => (isTaken(entry) ? { ...entry, queuedAt: step.at } : entry));
  return { ...record, forwards };
}

/** What has rung does not ring again, also when by this clock its time is still to come: nobody may count on it. */
function timerRang(record: ImageRecord, rungAt: number | undefined, now: number): ImageRecord {
  const { wakeAt } = record;
  return rungAt !== undefined && wakeAt !== null && wakeAt > now && wakeAt <= rungAt
    ? { ...record, wakeAt: null }
    : record;
}

function timerSet(record: ImageRecord, at: number, now: number): ImageRecord {
  return isTimerSet(record.wakeAt, at, now) ? record : { ...record, wakeAt: at };
}
