/** Regions as attributes of a measurement. */

import type { Region } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import { findReplica } from './replica-set.ts';

/** A region of the replica set, or `other`: an invented region must not create a metric series. */
export type MeasuredRegion = Region | 'other';

export function measuredRegion(set: ReplicaSet, region: Region): MeasuredRegion {
  return findReplica(set, region) === undefined ? 'other' : region;
}
