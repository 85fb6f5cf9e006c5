/**
 * The decisions: how a command (a fact, accepted events, a fired timer) changes an image's record, and which events
 * must be published because of it. Pure, and one command at a time, so the outcome does not depend on how many commands
 * share a write. Announcements are stored in the record itself: of several writers that decide the same announcement, only
 * the one whose write is stored has made it.
 */

import type { Digest } from '../model/digest.ts';
import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { clockSkewMs } from '../runtime/clock-skew.ts';
import type { AcceptedEvents } from './accepted-events.ts';
import { noteAccepted, noteFailures } from './accepted-events.ts';
import type { Announcement } from './announcement-key.ts';
import { regionSubjects } from './announcement-key.ts';
import { announce } from './announcements.ts';
import type { Arrival, Fact } from './arrival.ts';
import { isAvailable } from './arrival.ts';
import type { DecisionContext } from './context.ts';
import { expire, stillExpired } from './expiry.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import type { FamilyCommand } from './family-commands.ts';
import { applyFamilyCommand, awaitMembers, endHoldWithoutReader } from './family-commands.ts';
import type { ForwardProgress } from './forward-entry.ts';
import { noteForward } from './forward-entry.ts';
import { inGenerationOf } from './generation.ts';
import { keepRegions } from './kept-regions.ts';
import type { MergeOutcome } from './merge-fact.ts';
import { mergeFact, withAhead, withCountedTime } from './merge-fact.ts';
import { newRecord } from './new-record.ts';
import type { ForwardEntry, ImageName, ImageRecord } from './record.ts';
import { arrivalIn, unexpired } from './record.ts';
import { isTimerSet, nextRequeueAt } from './requeue.ts';
import { dropStaleFacts, predatesReplica } from './state.ts';
import type { TagComparison } from './tag-progress.ts';
import { leaveEarlier, notePushedTag, tagCompared, tagMoved } from './tag-progress.ts';
import type { TagPushes } from './tag-pushes.ts';

export type Command =
  | { readonly kind: 'fact'; readonly fact: Fact }
  /** The topic has accepted these announcements. */
  | ({ readonly kind: 'eventsAccepted' } & AcceptedEvents)
  /** These forwards have been put into the queue. */
  | { readonly kind: 'forwardsQueued'; readonly keys: readonly string[]; readonly at: number }
  /** How the delivery of one forward went. */
  | ForwardProgress
  /**
   * Evaluate the record again, because time has passed or the replica set has changed. With `scheduledFor`: the timer that was
   * set for that time has fired.
   */
  | { readonly kind: 'reevaluate'; readonly scheduledFor?: number | undefined }
  /**
   * Reduce the record to what a later push needs (`expire()`), if the image is deleted everywhere, has not changed after
   * `unchangedSince`, and has no pending event and no forward to be queued.
   */
  | { readonly kind: 'expire'; readonly unchangedSince: number }
  /**
   * A durable timer is set for that time. `failed`: failed attempts to publish, by announcement key; they are stored here so
   * that they cost no write of their own.
   */
  | { readonly kind: 'timerSet'; readonly at: number; readonly failed?: Readonly<Record<string, FailedAttempts>> }
  /** The same attempts, where another write has set the timer. */
  | { readonly kind: 'publishFailed'; readonly failed: Readonly<Record<string, FailedAttempts>> }
  | FamilyCommand
  | TagCommand;

type TagCommand =
  /** The tag was pushed with another digest, in those regions at those times. */
  | { readonly kind: 'tagMoved'; readonly tag: Tag; readonly to: Digest; readonly pushes: TagPushes }
  /** Other digests of the tag have been compared with this one. */
  | ({ readonly kind: 'tagCompared' } & TagComparison);

interface Decision {
  /** The same object if nothing changed. */
  readonly record: ImageRecord | undefined;
  /** For facts only. */
  readonly outcome: MergeOutcome | undefined;
  readonly announcements: readonly Announcement[];
}

export function decide(
  stored: ImageRecord | undefined,
  name: ImageName,
  command: Command,
  decisionContext: DecisionContext,
): Decision {
  const record = stored === undefined ? undefined : dropStaleFacts(stored, decisionContext.set);
  const withoutEvents = { record, outcome: undefined, announcements: [] };
  if (command.kind === 'fact') {
    const { record: merged, outcome } = applyFact(record, name, command.fact, decisionContext.set);
    if (merged === record || merged === undefined) return { record, outcome, announcements: [] };
    if (unexpired(merged) === undefined) return { record: merged, outcome, announcements: [] };
    return { ...announce(awaitMembers(merged, record, decisionContext), decisionContext), outcome };
  }
  // The order of the next two checks matters: an index may be read before any replica reports its members, so this command
  // creates the record of an unknown image. All commands below need an image that is known.
  if (command.kind === 'listedByIndex') {
    const member = record ?? newRecord(name, decisionContext.now);
    return { ...withoutEvents, record: applyFamilyCommand(member, command, decisionContext) };
  }
  if (record === undefined || unexpired(record) === undefined) return { ...withoutEvents, record: stored };
  if (command.kind === 'expire')
    return { ...withoutEvents, record: expire(record, command.unchangedSince, decisionContext) };
  if (command.kind === 'eventsAccepted') return { ...withoutEvents, record: noteAccepted(record, command) };
  // These change nothing that events depend on.
  if (command.kind === 'bytesRead' || command.kind === 'attachmentsFound') {
    return { ...withoutEvents, record: applyFamilyCommand(record, command, decisionContext) };
  }
  if (command.kind === 'forwardsQueued') return { ...withoutEvents, record: withForwardsQueued(record, command) };
  if (command.kind === 'forwardProgress') return { ...withoutEvents, record: noteForward(record, command) };
  if (command.kind === 'timerSet') return { ...withoutEvents, record: timerSet(record, command, decisionContext.now) };
  if (command.kind === 'publishFailed') return { ...withoutEvents, record: noteFailures(record, command.failed) };
  if (command.kind === 'reevaluate') {
    const current = withoutFiredTimer(
      endHoldWithoutReader(record, decisionContext),
      command.scheduledFor,
      decisionContext,
    );
    return { ...announce(current, decisionContext), outcome: undefined };
  }
  const next = applyFamilyOrTagCommand(record, command, decisionContext);
  return next === record ? withoutEvents : { ...announce(next, decisionContext), outcome: undefined };
}

function applyFamilyOrTagCommand(
  record: ImageRecord,
  command: FamilyCommand | TagCommand,
  decisionContext: DecisionContext,
): ImageRecord {
  if (command.kind === 'tagMoved') return tagMoved(record, command);
  return command.kind === 'tagCompared'
    ? tagCompared(record, command)
    : applyFamilyCommand(record, command, decisionContext);
}

function applyFact(
  before: ImageRecord | undefined,
  name: ImageName,
  stated: Fact,
  set: ReplicaSet,
): { record: ImageRecord | undefined; outcome: MergeOutcome } {
  if (predatesReplica(stated.region, stated.receivedAt, set)) return { record: before, outcome: 'outdated' };
  // A doubt is about images that are known. For an unknown image it would only create an empty record.
  if (before === undefined && stated.kind === 'doubt') return { record: before, outcome: 'outdated' };
  const record = before ?? newRecord(name, stated.receivedAt);
  const isExpired = record.expiredAt !== null;
  const earlier = arrivalIn(record, stated.region);
  const fact = withCountedTime(earlier, stated);
  const { arrival: mergedArrival, outcome } = mergeFact(earlier, fact);
  if (mergedArrival === earlier) return { record: before, outcome };
  if (isExpired && !isAvailable(mergedArrival))
    return { record: stillExpired(record, fact, mergedArrival, set), outcome };
  const arrival = withAhead(mergedArrival, stated, fact);
  const merged = { ...record, arrivals: { ...record.arrivals, [fact.region]: arrival } };
  const inGeneration = inGenerationOf(fact, record, merged, set);
  const noLongerTrue = subjectsNoLongerTrue(fact.region, earlier, arrival);
  const updated = {
    ...inGeneration,
    mediaType: record.mediaType ?? fact.mediaType ?? null,
    arrivals: merged.arrivals,
    alreadyAnnounced: inGeneration.alreadyAnnounced.filter((subject) => !noLongerTrue.includes(subject)),
    ...notePushedTag(inGeneration, fact),
    changedAt: Math.max(record.changedAt, fact.receivedAt),
  };
  return { outcome, record: keepRegions(leaveEarlier(updated, fact.tag), fact.region, set) };
}

/** Announcements about the region that are no longer true. If they become true again, they are published again. */
function subjectsNoLongerTrue(region: Region, before: Arrival | undefined, arrival: Arrival): string[] {
  const { available, deleted } = regionSubjects(region);
  if (isAvailable(arrival)) return [deleted];
  // `eventTime` changes only with an event, so a repeated probe is no new delete.
  return arrival.eventTime === before?.eventTime ? [available] : [available, deleted];
}

function withForwardsQueued(record: ImageRecord, command: Command & { kind: 'forwardsQueued' }): ImageRecord {
  const isAccepted = (entry: ForwardEntry) => entry.queuedAt === null && command.keys.includes(entry.key);
  if (!record.forwards.some(isAccepted)) return record;
  const forwards = record.forwards.map((entry) => (isAccepted(entry) ? { ...entry, queuedAt: command.at } : entry));
  return { ...record, forwards };
}

/**
 * The record without the timer that has fired: it will not fire again, so no write may rely on it. This also holds if this
 * instance's clock is behind and the timer's time still lies in the future. A time in the past already means no timer, so it is
 * left. If nothing else is due, a time that another instance's clock may not have reached yet is removed as well; hence the
 * allowance for clock skew.
 */
function withoutFiredTimer(
  record: ImageRecord,
  scheduledFor: number | undefined,
  decisionContext: DecisionContext,
): ImageRecord {
  const { requeueAt } = record;
  const { now } = decisionContext;
  const reliedOnAfter = nextRequeueAt(record, decisionContext) === null ? now - clockSkewMs : now;
  return scheduledFor !== undefined && requeueAt !== null && requeueAt > reliedOnAfter && requeueAt <= scheduledFor
    ? { ...record, requeueAt: null }
    : record;
}

function timerSet(record: ImageRecord, { at, failed }: Command & { kind: 'timerSet' }, now: number): ImageRecord {
  return isTimerSet(record.requeueAt, at, now) ? record : { ...noteFailures(record, failed), requeueAt: at };
}
