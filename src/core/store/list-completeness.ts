/**
 * Whether the list of open images is complete for a replica set. When the set grows, images that were in all replicas become
 * open, and they are on no list until they have been evaluated again.
 */
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { ReconcileCheckpoint } from './ports.ts';

/** Whether images may be open, and on no list, because the set has grown. */
export function isListIncomplete(checkpoint: ReconcileCheckpoint | undefined, set: ReplicaSet): boolean {
  // Which sets were in use before is not known.
  if (checkpoint === undefined) return true;
  const isUnfinished = checkpoint.isGrown === true && checkpoint.cursor !== null;
  return isUnfinished || isMore(checkpoint.set, nameOfSet(set));
}

/** Identifies a set by the only parts that decide whether an image is in all replicas. */
export function nameOfSet(set: ReplicaSet): string {
  return `${set.verify} ${expectedRegions(set).join()}`;
}

/** Whether an image that is complete for the first set may be incomplete for the second. */
function isMore(before: string, after: string): boolean {
  const [[verifyBefore, regionsBefore = ''], [verifyAfter, regionsAfter = '']] = [before.split(' '), after.split(' ')];
  const known = regionsBefore.split(',');
  return verifyBefore !== verifyAfter || regionsAfter.split(',').some((region) => !known.includes(region));
}
