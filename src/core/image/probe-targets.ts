/**
 * Which replicas to probe for an image: those that may have it without a report, and, once any replica has deleted it, those
 * that may have deleted it without a report.
 */

import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import { isDeleted, isDoubtful } from './arrival.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn } from './record.ts';
import { isBeingDeleted, isUnverified, meetsVerification } from './state.ts';

interface ProbeTargets {
  /** Probed to find out whether the image has arrived. */
  readonly presence: readonly Region[];
  /** Probed to find out whether the image has been deleted. */
  readonly absence: readonly Region[];
}

/**
 * @param recentSince milliseconds since 1970: a replica that has reported later is not probed for a change, since it may still
 * answer with its state from before
 */
export function probeTargets(image: ImageRecord | undefined, set: ReplicaSet, recentSince: number): ProbeTargets {
  const isDeleting = isBeingDeleted(image, set);
  const arrivals = expectedRegions(set).map((region) => ({ region, arrival: arrivalIn(image, region) }));
  const isAnyDeleted = arrivals.some(({ arrival }) => isDeleted(arrival));
  const presence: Region[] = [];
  const absence: Region[] = [];
  for (const { region, arrival } of arrivals) {
    if (arrival !== undefined && isDoubtful(arrival)) absence.push(region);
    const isOldEnough = arrival !== undefined && arrival.since <= recentSince;
    if (meetsVerification(arrival, set)) {
      // Even a report that is newer than the delete elsewhere may be from before the delete in this region.
      if (isDeleting || (isAnyDeleted && isOldEnough)) absence.push(region);
    } else if (isDeleted(arrival)) {
      // It may have received the image again, and the webhook may have been lost.
      if (isOldEnough) presence.push(region);
    } else if (!isDeleting || isUnverified(arrival, set)) {
      // During a delete a region that never had the image will not receive it; but an unconfirmed copy must be probed.
      presence.push(region);
    }
  }
  return { presence, absence };
}
