/**
 * Which replicas can tell something new about an image: the ones that may have it and have not said so, and, once any of
 * them has deleted it, the ones that may have deleted it and have not said so.
 */

import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import { isDeleted, isDoubtful } from './arrival.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn } from './record.ts';
import { isBeingDeleted, isUnverified, meetsVerification } from './state.ts';

interface ProbeTargets {
  /** May have it. */
  readonly presence: readonly Region[];
  /** May have deleted it. */
  readonly absence: readonly Region[];
}

/** @param recentSince a replica that was heard of later may still be behind its own word; milliseconds since 1970 */
export function probeTargets(image: ImageRecord | undefined, set: ReplicaSet, recentSince: number): ProbeTargets {
  const isDeleting = isBeingDeleted(image, set);
  const arrivals = expectedRegions(set).map((region) => ({ region, arrival: arrivalIn(image, region) }));
  const isAnyDeleted = arrivals.some(({ arrival }) => isDeleted(arrival));
  const presence: Region[] = [];
  const absence: Region[] = [];
  for (const { region, arrival } of arrivals) {
    if (arrival !== undefined && isDoubtful(arrival)) absence.push(region);
    const isSettled = arrival !== undefined && arrival.since <= recentSince;
    if (meetsVerification(arrival, set)) {
      // Seen there after the delete, it may have been on its way out all the same.
      if (isDeleting || (isAnyDeleted && isSettled)) absence.push(region);
    } else if (isDeleted(arrival)) {
      // It may have got the image anew, and nobody knows of that.
      if (isSettled) presence.push(region);
    } else if (!isDeleting || isUnverified(arrival, set)) {
      // While the others delete it, nobody gets it who never had it; but an unconfirmed copy is neither there nor gone.
      presence.push(region);
    }
  }
  return { presence, absence };
}
