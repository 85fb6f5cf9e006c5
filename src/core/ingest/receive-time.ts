/**
 * Corrects the time at which a fact was received, relative to the last request to ARM. That order decides whether the fact is
 * about a replica or about its predecessor, and the two times are from the clocks of two instances. But an instance that has
 * ARM's answer when a webhook calls knows the order without a clock. Without the correction, an ARM request by a clock that is
 * ahead would void the first reports of a new replica, which are sent only once.
 *
 * This is done for webhooks only, which are delivered within five seconds or never. Event Grid retries an event for a day, and
 * the log of deliveries is read much later: such a report may be older than ARM's answer, and a report of the old replica must
 * not count for the new one. The time of a queued delivery was corrected when it was received.
 */

import type { Fact } from '../image/arrival.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { findReplica } from '../model/replica-set.ts';
import { clockSkewMs } from '../runtime/clock-skew.ts';

/**
 * @param set in use at the moment of receipt: a set that is read later may be of a later request to ARM
 * @returns the same object where the clocks agree
 */
export function receivedAfter(fact: Fact, set: ReplicaSet): Fact {
  const replica = findReplica(set, fact.region);
  // Where there is a replica: when ARM last answered that it was absent. Where there is none: when ARM was last asked.
  const before = replica === undefined ? set.refreshedAt : (replica.lastAbsentAt ?? 0);
  // A larger difference is not clock skew, and is left as it is.
  const isBehind = fact.receivedAt <= before && before - fact.receivedAt <= clockSkewMs;
  return set.source !== 'settings' && isBehind ? { ...fact, receivedAt: before + 1 } : fact;
}
