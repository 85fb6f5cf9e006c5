/**
 * Whether the list of images that are not everywhere is complete for a set of replicas. Once the set has grown, images that were
 * everywhere are open, and on no list until they have been looked at.
 */
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { ReconcileCheckpoint } from './ports.ts';

/** Whether images that were everywhere may be open by now, and on no list yet. */
export function isListIncomplete(note: ReconcileCheckpoint | undefined, set: ReplicaSet): boolean {
  // Nobody knows which sets were in use before.
  if (note === undefined) return true;
  const isUnfinished = note.isGrown === true && note.cursor !== null;
  return isUnfinished || isMore(note.set, nameOfSet(set));
}

/** Of all that is in a set, only this decides whether an image is everywhere. */
export function nameOfSet(set: ReplicaSet): string {
  return `${set.verify} ${expectedRegions(set).join()}`;
}

/** Whether an image that is everywhere for one set may not be so for the other. */
function isMore(before: string, after: string): boolean {
  const [[verifyBefore, regionsBefore = ''], [verifyAfter, regionsAfter = '']] = [before.split(' '), after.split(' ')];
  const known = regionsBefore.split(',');
  return verifyBefore !== verifyAfter || regionsAfter.split(',').some((region) => !known.includes(region));
}
