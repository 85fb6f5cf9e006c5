/**
 * Which replicas can tell something new about an image: the ones that may have it and have not said so, and, once any of
 * them has deleted it, the ones that may have deleted it and have not said so.
 */
import { isDeleted } from './arrival.ts';
import type { ImageRecord } from './image.ts';
import { arrivalIn, counts, imageState, isUnverified } from './image.ts';
import type { Region } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions } from './replica-set.ts';

export interface WhomToAsk {
  /** May have it. */
  readonly whetherThere: readonly Region[];
  /** May have deleted it. */
  readonly whetherGone: readonly Region[];
}

/** @param settledBefore a replica that was heard of later may still be behind its own word; milliseconds since 1970 */
export function whomToAsk(image: ImageRecord | undefined, set: ReplicaSet, settledBefore: number): WhomToAsk {
  const isDeleting = imageState(image, set) === 'deleting';
  const arrivals = expectedRegions(set).map((region) => ({ region, arrival: arrivalIn(image, region) }));
  const isAnyDeleted = arrivals.some(({ arrival }) => isDeleted(arrival));
  const whetherThere: Region[] = [];
  const whetherGone: Region[] = [];
  for (const { region, arrival } of arrivals) {
    const isSettled = arrival !== undefined && arrival.since <= settledBefore;
    if (counts(arrival, set)) {
      // Seen there after the delete, it may have been on its way out all the same.
      if (isDeleting || (isAnyDeleted && isSettled)) whetherGone.push(region);
    } else if (isDeleted(arrival)) {
      // It may have got the image anew, and nobody has heard of that.
      if (isSettled) whetherThere.push(region);
    } else if (!isDeleting || isUnverified(arrival, set)) {
      // While the others delete it, nobody gets it who never had it; but an unconfirmed copy is neither there nor gone.
      whetherThere.push(region);
    }
  }
  return { whetherThere, whetherGone };
}
