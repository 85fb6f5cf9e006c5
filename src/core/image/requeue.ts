/** When an image must be looked at again: so that what is open is published, found late or found out, whoever is alive then. */

import type { ReplicaSet } from '../model/replica-set.ts';
import { isKnown } from '../model/replica-set.ts';
import type { DecisionContext } from './context.ts';
import { claimableUntil } from './family-steps.ts';
import type { ImageRecord } from './record.ts';
import { isMember, isPartOfFamily } from './record.ts';
import { hasUnlistedReplica, imageState, isBeingDeleted, isDeletedSomewhere, isOpen, isUnverified } from './state.ts';
import { hasTagInDoubt, tagsToAsk } from './tag-progress.ts';

/**
 * When somebody must look at this image again, even if every instance that knows of it dies now.
 * @returns milliseconds since 1970, or `null` when nothing is due
 */
export function nextRequeueAt(record: ImageRecord, decisionContext: DecisionContext): number | null {
  const { set, policy, now } = decisionContext;
  const due = [...familyDue(record, decisionContext)];
  const offeredAgain = record.announcements.flatMap(({ madeAt, publishedAt }) =>
    publishedAt === null ? [nextOfferAt(madeAt, now, policy.outboxCheckMs)] : [],
  );
  due.push(...offeredAgain);
  const isToQueue = record.forwards.some(({ queuedAt }) => queuedAt === null);
  if (isToQueue) due.push(now + policy.outboxCheckMs);
  if (record.uncomparedTags.length > 0) due.push(nextOfferAt(record.changedAt, now, policy.outboxCheckMs));
  const isAskable = policy.probeAfterMs !== undefined;
  if ((isAskable && hasUnverified(record, set)) || hasUnlistedReplica(record, set))
    due.push(now + policy.outboxCheckMs);
  const { probeAfterMs } = policy;
  if (probeAfterMs !== undefined)
    due.push(...lookedFrom(record, set).map((from) => nextProbeAt(from, now, probeAfterMs)));
  // Of a member the index is published.
  if (isMember(record)) return due.length === 0 ? null : Math.min(...due);
  if (isOpen(record, set) && record.delayedAt === null && !isPartOfFamily(record)) {
    const soonest = isKnown(set) ? now : now + policy.outboxCheckMs;
    due.push(Math.max(soonest, record.firstSeenAt + policy.delayedAfterMs));
  }
  return due.length === 0 ? null : Math.min(...due);
}

/** When an index is to be read, and when a manifest that no index has claimed may be published. */
function familyDue(record: ImageRecord, decisionContext: DecisionContext): number[] {
  const { reading, policy, now } = decisionContext;
  const readAt = record.family?.nextReadAt ?? null;
  const due = readAt === null || reading === undefined ? [] : [readAt > now ? readAt : now + policy.outboxCheckMs];
  const claimedUntil = claimableUntil(record, decisionContext);
  return claimedUntil === null ? due : [...due, claimedUntil];
}

/** So long after the topic is back, all has been published that no living process had kept. */
const maxOfferPauseMs = 600_000;

/**
 * When an event that is not published must be offered to the topic again, and a tag that is not compared looked at again.
 * The pause is as long as it has waited: a topic that has been away for an hour will hardly be back within half a minute,
 * a digest that could not be found for an hour was hardly stored since, and each look at an image costs a read and a write.
 */
function nextOfferAt(madeAt: number, now: number, minPauseMs: number): number {
  return now + Math.min(maxOfferPauseMs, Math.max(minPauseMs, now - madeAt));
}

/**
 * Since when something is open that a replica could tell: where the image or a tag of it is missing, or whether it is
 * still there while the others delete it. Never, when nothing is.
 */
export function probedFrom(record: ImageRecord, set: ReplicaSet): number {
  return Math.min(...openSince(record, set));
}

/** Of each thing that is open, since when; pauses grow for each by itself. */
function openSince(record: ImageRecord, set: ReplicaSet): number[] {
  const state = imageState(record, set);
  if (state === 'available') return tagsToAsk(record, set).length > 0 ? [record.changedAt] : [];
  if (isBeingDeleted(record, set)) return [record.changedAt];
  if (state !== 'replicating') return [];
  if (isDeletedSomewhere(record, set)) return [record.changedAt];
  return hasTagInDoubt(record, set) ? [record.firstSeenAt, record.changedAt] : [record.firstSeenAt];
}

/** A member is looked for with its index, which knows nothing of the member's own tags. */
function lookedFrom(record: ImageRecord, set: ReplicaSet): number[] {
  if (!isMember(record)) return openSince(record, set);
  return hasTagInDoubt(record, set) ? [record.changedAt] : [];
}

/** Some region reported it, and its replica has not confirmed it yet. */
export function hasUnverified(record: ImageRecord, set: ReplicaSet): boolean {
  return Object.values(record.arrivals).some((arrival) => isUnverified(arrival, set));
}

/** A timer that rings this much later than wanted is near enough. */
const timerSlackMs = 20_000;

/** @param requeueAt for when a timer is known to be set; past times are spent */
export function isTimerSet(requeueAt: number | null, due: number, now: number): boolean {
  return requeueAt !== null && requeueAt > now && requeueAt <= due + timerSlackMs;
}

const dayMs = 86_400_000;

/** After `afterMs`, then at pauses that double up to a day: a replica may be out for a week. */
export function nextProbeAt(firstSeenAt: number, now: number, afterMs: number): number {
  let at = firstSeenAt + afterMs;
  for (let pause = afterMs; at <= now; pause = Math.min(dayMs, pause * 2)) at += pause;
  return at;
}

/**
 * When to look again for an image that somebody spoke of and no replica has reported yet. What is nowhere after a day has
 * been deleted, or never was.
 * @param retryAfterMs how long a replica asked to be left alone
 * @returns `null` when nobody is to look for it any more
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
