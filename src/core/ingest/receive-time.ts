/**
 * When a fact was received, set against what ARM has told. Which replica it is about is decided by whether it came before
 * or after ARM was asked, and the two times are by the clocks of two instances. But an instance that has an answer of ARM
 * in hand when a webhook speaks knows the order without any clock: else a clock that is ahead would make the first words
 * of a new replica void, and they are published once.
 *
 * Only of a webhook, which comes within five seconds or never. Event Grid repeats an event for a day, and the log of deliveries
 * is read much later: that one of these comes in after ARM's answer does not tell that it was said after it, and the words of
 * the old replica must not count for the new one. What the queue hands back has had its time set before.
 */

import type { Fact } from '../image/arrival.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { findReplica } from '../model/replica-set.ts';
import { clockSkewMs } from '../runtime/clock-skew.ts';

/**
 * @param set in use at the very moment the fact comes in: one that was read later may have been asked for later, too
 * @returns the same object where the clocks agree
 */
export function receivedAfter(fact: Fact, set: ReplicaSet): Fact {
  const replica = findReplica(set, fact.region);
  // Where there is a replica, when it was not there yet; where there is none, when ARM last said so.
  const before = replica === undefined ? set.refreshedAt : (replica.lastAbsentAt ?? 0);
  // Clocks that differ by more are not what this is about: the time would be far from any truth.
  const isBehind = fact.receivedAt <= before && before - fact.receivedAt <= clockSkewMs;
  return set.source !== 'settings' && isBehind ? { ...fact, receivedAt: before + 1 } : fact;
}
