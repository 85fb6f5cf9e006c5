/** When an image must be looked at again: so that what is open is told, found late or found out, whoever is alive then. */
import type { Circumstances } from './circumstances.ts';
import type { ImageRecord } from './image.ts';
import { hasNewcomer, hasPending, imageState, isDeletedSomewhere, isOpen, isUnverified } from './image.ts';
import type { ReplicaSet } from './replica-set.ts';
import { isKnown } from './replica-set.ts';
import { tagsToAsk } from './tag-progress.ts';

/**
 * When somebody must look at this image again, even if every instance that knows of it dies now.
 * @returns milliseconds since 1970, or `null` when nothing is due
 */
export function nextWakeAt(record: ImageRecord, { set, policy, now }: Circumstances): number | null {
  const due: number[] = [];
  if (hasPending(record) || record.uncheckedTags.length > 0) due.push(now + policy.outboxCheckMs);
  if (hasUnverified(record, set) || hasNewcomer(record, set)) due.push(now + policy.outboxCheckMs);
  if (isOpen(record, set) && record.delayedAt === null) {
    const soonest = isKnown(set) ? now : now + policy.outboxCheckMs;
    due.push(Math.max(soonest, record.firstSeenAt + policy.delayedAfterMs));
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
  if (state === 'deleting' || (state === 'replicating' && isDeletedSomewhere(record, set))) return record.changedAt;
  if (state === 'replicating') return record.firstSeenAt;
  return state === 'available' && tagsToAsk(record, set).length > 0 ? record.changedAt : Number.POSITIVE_INFINITY;
}

/** Some region reported it, and its replica has not confirmed it yet. */
export function hasUnverified(record: ImageRecord, set: ReplicaSet): boolean {
  return Object.values(record.arrivals).some((arrival) => isUnverified(arrival, set));
}

/** A timer that rings this much later than wanted is near enough. */
const timerSlackMs = 20_000;

/** @param wakeAt for when a timer is known to be set; past times are spent */
export function isTimerSet(wakeAt: number | null, due: number, now: number): boolean {
  return wakeAt !== null && wakeAt > now && wakeAt <= due + timerSlackMs;
}

const dayMs = 86_400_000;

/** After `afterMs`, then at pauses that double up to a day: a replica may be out for a week. */
export function nextProbeAt(firstSeenAt: number, now: number, afterMs: number): number {
  let at = firstSeenAt + afterMs;
  for (let pause = afterMs; at <= now; pause = Math.min(dayMs, pause * 2)) at += pause;
  return at;
}

/**
 * When to look again for an image that somebody spoke of and no replica has told of yet. What is nowhere after a day has
 * been deleted, or never was.
 * @param retryAfterMs how long a replica asked to be left alone
 * @returns `null` when nobody is to look for it any more
 */
export function nextSearchAt(noticedAt: number, now: number, afterMs: number, retryAfterMs: number): number | null {
  const at = Math.max(nextProbeAt(noticedAt, now, afterMs), now + retryAfterMs);
  return at <= noticedAt + dayMs ? at : null;
}
