/**
 * The decisions: what a step (a fact, an acknowledgement, the passing of time) makes of an image's record, and what
 * must be published because of it. Pure and step by step, so the outcome does not depend on how many steps happened to
 * share a write. Everything announced is noted in the record itself: whoever writes it first is the only one to tell.
 */

import type { Digest } from '../model/digest.ts';
import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { clockSkewMs } from '../runtime/clock-skew.ts';
import type { Acknowledgement } from './acknowledge.ts';
import { acknowledge, noteFailures } from './acknowledge.ts';
import type { Announcement } from './announcement-key.ts';
import { regionSubjects } from './announcement-key.ts';
import { announce } from './announcements.ts';
import type { Arrival, Fact } from './arrival.ts';
import { isAvailable, isDeleted, onlyDeleted } from './arrival.ts';
import type { DecisionContext } from './context.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import type { FamilyStep } from './family-steps.ts';
import { awaitMembers, releaseUnread, takeFamilyStep } from './family-steps.ts';
import type { ForwardProgress } from './forward-entry.ts';
import { noteForward } from './forward-entry.ts';
import { carriedOver, inGenerationOf } from './generation.ts';
import { keepRegions } from './kept-regions.ts';
import type { MergeOutcome } from './merge-fact.ts';
import { mergeFact, withAhead, withCountedTime } from './merge-fact.ts';
import type { ForwardEntry, ImageName, ImageRecord } from './record.ts';
import { arrivalIn, hasPending, unexpired } from './record.ts';
import { isTimerSet, nextRequeueAt } from './requeue.ts';
import { dropStaleFacts, isGone, predatesReplica } from './state.ts';
import type { TagCheck } from './tag-progress.ts';
import { learnTag, releaseEarlier, tagCompared, tagMoved } from './tag-progress.ts';
import type { TagPushes } from './tag-pushes.ts';

export type Command =
  | { readonly kind: 'fact'; readonly fact: Fact }
  /** The topic has taken these announcements. */
  | ({ readonly kind: 'acknowledge' } & Acknowledgement)
  /** The queue has taken these forwards. */
  | { readonly kind: 'forwarded'; readonly keys: readonly string[]; readonly at: number }
  /** What became of one of them. */
  | ForwardProgress
  /** Look again: time has passed, or the replica set has changed. A timer that was set for `scheduledFor` or earlier has rung. */
  | { readonly kind: 'review'; readonly scheduledFor?: number | undefined }
  /** Forget all but the generation, if it was deleted everywhere and has not changed since that time. */
  | { readonly kind: 'expire'; readonly unchangedSince: number }
  /** A durable timer will fire at that time. By the way: what the topic has not accepted so far, by announcement. */
  | { readonly kind: 'timerSet'; readonly at: number; readonly failed?: Readonly<Record<string, FailedAttempts>> }
  | FamilyStep
  | TagStep;

type TagStep =
  /** The tag was pushed with another digest, in those regions at those times. */
  | { readonly kind: 'tagMoved'; readonly tag: Tag; readonly to: Digest; readonly pushes: TagPushes }
  /** Other digests of the tag have been compared with this one. */
  | ({ readonly kind: 'tagCompared' } & TagCheck);

interface Decision {
  /** The same object when nothing changed. */
  readonly record: ImageRecord | undefined;
  /** For facts. */
  readonly outcome: MergeOutcome | undefined;
  readonly announcements: readonly Announcement[];
}

export function decide(
  stored: ImageRecord | undefined,
  name: ImageName,
  step: Command,
  decisionContext: DecisionContext,
): Decision {
  const record = stored === undefined ? undefined : dropStaleFacts(stored, decisionContext.set);
  const undecided = { record, outcome: undefined, announcements: [] };
  if (step.kind === 'fact') {
    const { record: merged, outcome } = applyFact(record, name, step.fact, decisionContext.set);
    if (merged === record || merged === undefined) return { record, outcome, announcements: [] };
    if (unexpired(merged) === undefined) return { record: merged, outcome, announcements: [] };
    return { ...announce(awaitMembers(merged, record, decisionContext), decisionContext), outcome };
  }
  // From here the order counts: a member may be named before anybody has reported it, and all else is of a known image.
  if (step.kind === 'joined') {
    const member = record ?? newRecord(name, decisionContext.now);
    return { ...undecided, record: takeFamilyStep(member, step, decisionContext) };
  }
  if (record === undefined || unexpired(record) === undefined) return { ...undecided, record: stored };
  if (step.kind === 'expire') return { ...undecided, record: expire(record, step.unchangedSince, decisionContext) };
  if (step.kind === 'acknowledge') return { ...undecided, record: acknowledge(record, step) };
  // Nothing is published because of these.
  if (step.kind === 'sized' || step.kind === 'attachmentsFound') {
    return { ...undecided, record: takeFamilyStep(record, step, decisionContext) };
  }
  if (step.kind === 'forwarded') return { ...undecided, record: forwarded(record, step) };
  if (step.kind === 'forwardProgress') return { ...undecided, record: noteForward(record, step) };
  if (step.kind === 'timerSet') return { ...undecided, record: timerSet(record, step, decisionContext.now) };
  if (step.kind === 'review') {
    const rung = timerRang(releaseUnread(record, decisionContext), step.scheduledFor, decisionContext);
    return { ...announce(rung, decisionContext), outcome: undefined };
  }
  const next = takeStep(record, step, decisionContext);
  return next === record ? undecided : { ...announce(next, decisionContext), outcome: undefined };
}

function takeStep(record: ImageRecord, step: FamilyStep | TagStep, decisionContext: DecisionContext): ImageRecord {
  if (step.kind === 'tagMoved') return tagMoved(record, step);
  return step.kind === 'tagCompared' ? tagCompared(record, step) : takeFamilyStep(record, step, decisionContext);
}

function applyFact(
  before: ImageRecord | undefined,
  name: ImageName,
  stated: Fact,
  set: ReplicaSet,
): { record: ImageRecord | undefined; outcome: MergeOutcome } {
  if (predatesReplica(stated.region, stated.receivedAt, set)) return { record: before, outcome: 'outdated' };
  // It says nothing of an image that nobody knows.
  if (before === undefined && stated.kind === 'doubt') return { record: before, outcome: 'outdated' };
  const record = before ?? newRecord(name, stated.receivedAt);
  const isExpired = record.expiredAt !== null;
  const earlier = arrivalIn(record, stated.region);
  const fact = withCountedTime(earlier, stated);
  const { arrival: next, outcome } = mergeFact(earlier, fact);
  if (next === earlier) return { record: before, outcome };
  if (isExpired && !isAvailable(next)) return { record: stillForgotten(record, fact, next, set), outcome };
  const arrival = withAhead(next, stated, fact);
  const merged = { ...record, arrivals: { ...record.arrivals, [fact.region]: arrival } };
  const started = inGenerationOf(fact, record, merged, set);
  const superseded = supersededSubjects(fact.region, earlier, arrival);
  const learned = {
    ...started,
    mediaType: record.mediaType ?? fact.mediaType ?? null,
    arrivals: merged.arrivals,
    alreadyAnnounced: started.alreadyAnnounced.filter((news) => !superseded.includes(news)),
    ...learnTag(started, fact),
    changedAt: Math.max(record.changedAt, fact.receivedAt),
  };
  return { outcome, record: keepRegions(releaseEarlier(learned, fact.tag), fact.region, set) };
}

/** It begins nothing, and nobody is told; but a push from before that delete may still be on its way, and is the older one. */
function stillForgotten(record: ImageRecord, { kind, region, receivedAt }: Fact, next: Arrival, set: ReplicaSet) {
  if (kind !== 'delete') return record;
  const arrivals = { ...record.arrivals, [region]: onlyDeleted(next) };
  return keepRegions({ ...record, arrivals, changedAt: Math.max(record.changedAt, receivedAt) }, region, set);
}

/** What was published about the region and is so no more: it is published anew when it comes to be so again. */
function supersededSubjects(region: Region, before: Arrival | undefined, arrival: Arrival): string[] {
  const { available, deleted } = regionSubjects(region);
  if (isAvailable(arrival)) return [deleted];
  // An event reports a time of its own; asking a replica once more what it has deleted does not.
  return arrival.eventTime === before?.eventTime ? [available] : [available, deleted];
}

function expire(record: ImageRecord, unchangedSince: number, { set, now }: DecisionContext): ImageRecord {
  const isDue = !hasPending(record) && record.changedAt <= unchangedSince && isGone(record, set);
  if (!isDue) return record;
  // Regions without a replica may still have it: they have deleted nothing, and keep nothing from being forgotten.
  const deleted = Object.entries(record.arrivals).filter(([, arrival]) => isDeleted(arrival));
  const left = { ...record, arrivals: Object.fromEntries(deleted) };
  const arrivals = deleted.map(([region, arrival]) => [region, onlyDeleted(arrival)]);
  const { name, generation, firstSeenAt, changedAt } = record;
  return {
    ...nothingYet,
    name,
    generation,
    firstSeenAt,
    changedAt,
    arrivals: Object.fromEntries(arrivals),
    alreadyAnnounced: carriedOver(left, set),
    expiredAt: now,
    ...(record.memberOf === undefined ? {} : { memberOf: record.memberOf }),
    ...(record.subject === undefined ? {} : { subject: record.subject }),
    ...(record.bytes === undefined ? {} : { bytes: record.bytes }),
  };
}

function newRecord(name: ImageName, firstSeenAt: number): ImageRecord {
  return { ...nothingYet, name, generation: 1, firstSeenAt, changedAt: firstSeenAt };
}

const nothingYet = {
  mediaType: null,
  arrivals: {},
  availableAt: null,
  completedFor: [],
  alreadyAnnounced: [],
  announcedAt: null,
  delayedAt: null,
  tags: {},
  uncomparedTags: [],
  announcements: [],
  forwards: [],
  requeueAt: null,
  expiredAt: null,
  writtenAs: null,
} as const;

function forwarded(record: ImageRecord, step: Command & { kind: 'forwarded' }): ImageRecord {
  const isAccepted = (entry: ForwardEntry) => entry.queuedAt === null && step.keys.includes(entry.key);
  if (!record.forwards.some(isAccepted)) return record;
  const forwards = record.forwards.map((entry) => (isAccepted(entry) ? { ...entry, queuedAt: step.at } : entry));
  return { ...record, forwards };
}

/**
 * What has rung does not ring again, also when by this clock its time is still to come: nobody may count on it. While
 * something is open the next timer takes its place; else it may still be to come by the clock of somebody who learns more.
 */
function timerRang(
  record: ImageRecord,
  scheduledFor: number | undefined,
  decisionContext: DecisionContext,
): ImageRecord {
  const { requeueAt } = record;
  const { now } = decisionContext;
  const countedOnAfter = nextRequeueAt(record, decisionContext) === null ? now - clockSkewMs : now;
  return scheduledFor !== undefined && requeueAt !== null && requeueAt > countedOnAfter && requeueAt <= scheduledFor
    ? { ...record, requeueAt: null }
    : record;
}

function timerSet(record: ImageRecord, { at, failed }: Command & { kind: 'timerSet' }, now: number): ImageRecord {
  return isTimerSet(record.requeueAt, at, now) ? record : { ...noteFailures(record, failed), requeueAt: at };
}
