/** When an image must be evaluated again. The durable timer is set for that time, so that any instance can do it. */

import type { ReplicaSet } from '../model/replica-set.ts';
import { isKnown } from '../model/replica-set.ts';
import type { DecisionContext } from './context.ts';
import { claimableUntil } from './family-commands.ts';
import type { ImageRecord } from './record.ts';
import { isMember, isPartOfFamily } from './record.ts';
import {
  hasUnlistedReplica,
  imageState,
  isBeingDeleted,
  isDeletedSomewhere,
  isFirstReplicating,
  isUnverified,
  scatteredMembers,
} from './state.ts';
import { hasTagInDoubt, tagsToAsk } from './tag-progress.ts';

/**
 * The earliest time at which this image must be evaluated again, for any of these: events to publish, forwards to queue, tags to
 * compare, an index to read, an untagged manifest that no index has claimed, a region whose replica is not listed yet, replicas to
 * probe, or a delay to announce.
 * @returns milliseconds since 1970; `null` if nothing is due
 */
export function nextRequeueAt(record: ImageRecord, decisionContext: DecisionContext): number | null {
  const { set, policy, now } = decisionContext;
  const due = [...familyDue(record, decisionContext)];
  const resendTimes = record.announcements.flatMap(({ madeAt, publishedAt }) =>
    publishedAt === null ? [nextSendAt(madeAt, now, policy.outboxCheckMs)] : [],
  );
  due.push(...resendTimes);
  const isToQueue = record.forwards.some(({ queuedAt }) => queuedAt === null);
  if (isToQueue) due.push(now + policy.outboxCheckMs);
  if (record.uncomparedTags.length > 0) due.push(nextSendAt(record.changedAt, now, policy.outboxCheckMs));
  const canProbe = policy.probeAfterMs !== undefined;
  if ((canProbe && hasUnverified(record, set)) || hasUnlistedReplica(record, set)) due.push(now + policy.outboxCheckMs);
  const { probeAfterMs } = policy;
  if (probeAfterMs !== undefined)
    due.push(...openTimesToProbe(record, set).map((from) => nextProbeAt(from, now, probeAfterMs)));
  // A delay is announced for the index, not for its members.
  if (isMember(record)) return due.length === 0 ? null : Math.min(...due);
  if (isFirstReplicating(record, set) && record.delayedAt === null && !isPartOfFamily(record)) {
    const earliest = isKnown(set) ? now : now + policy.outboxCheckMs;
    due.push(Math.max(earliest, record.firstSeenAt + policy.delayedAfterMs));
  }
  return due.length === 0 ? null : Math.min(...due);
}

/** When an index must be read, and when an untagged manifest that no index has claimed may be published. */
function familyDue(record: ImageRecord, decisionContext: DecisionContext): number[] {
  const { reading, policy, now } = decisionContext;
  const readAt = record.family?.nextReadAt ?? null;
  const due = readAt === null || reading === undefined ? [] : [readAt > now ? readAt : now + policy.outboxCheckMs];
  const claimedUntil = claimableUntil(record, decisionContext);
  return claimedUntil === null ? due : [...due, claimedUntil];
}

/**
 * Once the topic answers again, everything pending is published within this time, but for events that the topic itself has
 * refused: those pause for up to an hour (`maxRefusedMs` in failed-events.ts).
 */
const maxSendPauseMs = 600_000;

/**
 * When an event that is not published must be sent again, or a tag that is not compared must be compared again. The pause is as
 * long as the time that it has waited so far: what has failed for an hour will hardly succeed within half a minute, and each
 * evaluation of an image costs a read and a write.
 */
function nextSendAt(madeAt: number, now: number, minPauseMs: number): number {
  return now + Math.min(maxSendPauseMs, Math.max(minPauseMs, now - madeAt));
}

/**
 * Since when something is unclear that a probe can answer: does a region have the image or the tag by now, or does it still have
 * what the others have deleted?
 * @returns milliseconds since 1970; `Infinity` if nothing is unclear
 */
export function openSince(record: ImageRecord, set: ReplicaSet): number {
  return Math.min(...openTimes(record, set));
}

/** For each thing that is unclear, since when; the pauses between probes grow for each separately. */
function openTimes(record: ImageRecord, set: ReplicaSet): number[] {
  const state = imageState(record, set);
  if (state === 'available') return tagsToAsk(record, set).length > 0 ? [record.changedAt] : [];
  if (isBeingDeleted(record, set)) return [record.changedAt];
  // Members are probed with their index, also once the index alone has been deleted.
  if (state === 'deleted') return scatteredMembers(record, set).length > 0 ? [record.changedAt] : [];
  if (state !== 'replicating') return [];
  if (isDeletedSomewhere(record, set)) return [record.changedAt];
  return hasTagInDoubt(record, set) ? [record.firstSeenAt, record.changedAt] : [record.firstSeenAt];
}

/**
 * Members are probed with their index. Only their own tags are probed separately, since the index does not know them. A nested
 * index is probed by itself as well: the outer index may have all reports where the nested one lacks one, if an instance died
 * between the two writes.
 */
function openTimesToProbe(record: ImageRecord, set: ReplicaSet): number[] {
  if (!isMember(record) || record.family !== undefined) return openTimes(record, set);
  return hasTagInDoubt(record, set) ? [record.changedAt] : [];
}

/** Whether some region has reported the image and its replica has not confirmed it yet. */
export function hasUnverified(record: ImageRecord, set: ReplicaSet): boolean {
  return Object.values(record.arrivals).some((arrival) => isUnverified(arrival, set));
}

/** A timer that fires at most this much later than needed is good enough. */
const timerSlackMs = 20_000;

/** @param requeueAt when the known timer fires; a time in the past means that there is none */
export function isTimerSet(requeueAt: number | null, due: number, now: number): boolean {
  return requeueAt !== null && requeueAt > now && requeueAt <= due + timerSlackMs;
}

const dayMs = 86_400_000;

/** The first probe is `afterMs` after `since`; then the pauses double up to a day: a replica may be down for a week. */
export function nextProbeAt(since: number, now: number, afterMs: number): number {
  let at = since + afterMs;
  for (let pause = afterMs; at <= now; pause = Math.min(dayMs, pause * 2)) at += pause;
  return at;
}

/**
 * When to probe again for an image that an event has named without a region, and that no replica has reported. If no replica has
 * it after a day, it has been deleted, or never existed.
 * @param firstNoticedAt when that event was received, milliseconds since 1970
 * @param retryAfterMs the pause that a replica asked for in its last answer
 * @returns milliseconds since 1970; `null` if it must not be probed any more
 */
export function nextUnseenProbeAt(
  firstNoticedAt: number,
  now: number,
  afterMs: number,
  retryAfterMs: number,
): number | null {
  const at = Math.max(nextProbeAt(firstNoticedAt, now, afterMs), now + retryAfterMs);
  return at <= firstNoticedAt + dayMs ? at : null;
}
