/**
 * The wording of an image's state and of the end of a wait: the same in the command, in the action's summary, and in the comment
 * of a check. The page imports only types of the core; a test compares its wording with this one.
 */
import { formatDuration } from '../runtime/format-duration.ts';

export const words = {
  deleted: 'deleted in every region that had it',
  unreported: 'no region has reported',
  notWaitedFor: 'not waited for',
  unreachable: 'cannot be reached',
} as const;

/** How many regions have an image, of how many, and how many are needed. */
interface RegionCount {
  readonly have: number;
  readonly of: number;
  readonly needed: number;
}

/** `3 of 4 regions`; with the number needed if that is less than all. */
export function countRegions({ have, of, needed }: RegionCount): string {
  const regions = `${have} of ${of} ${of === 1 ? 'region' : 'regions'}`;
  return needed < of ? `${regions}, ${needed} needed` : regions;
}

/** `; missing: eastus, westeurope`, or an empty text. */
export function listMissing(missing: readonly string[]): string {
  return missing.length === 0 ? '' : `; missing: ${missing.join(', ')}`;
}

export function describeDeleted(image: string): string {
  return `deleted: ${image} is ${words.deleted}`;
}

/** @param image by its digest */
export function describeSuperseded(image: string, tag: string): string {
  return `superseded: in every region asked for, tag ${tag} points at another digest than ${image}`;
}

/** @param standing the state at the end */
export function describeTimedOut(afterMs: number, standing: string): string {
  return `timed out after ${formatDuration(afterMs)}: ${standing}`;
}

/** One of several images: what it is called, and which regions lack it. */
export interface Waiting {
  readonly name: string;
  readonly missing: readonly string[];
}

export function countImages(have: number, of: number): string {
  return `${have} of ${of} images`;
}

/** `1 of 3 images are where they must be; missing: team/b:1 (westeurope), team/c:1 (eastus)`. */
export function describeImages(of: number, waiting: readonly Waiting[]): string {
  return `${countImages(of - waiting.length, of)} are where they must be${listMissing(nameWaiting(waiting))}`;
}

/** Images named in one line; more would make it too long. */
const maxNamed = 5;

function nameWaiting(waiting: readonly Waiting[]): string[] {
  const named = waiting
    .slice(0, maxNamed)
    .map(({ name, missing }) => (missing.length === 0 ? name : `${name} (${missing.join(', ')})`));
  return waiting.length > maxNamed ? [...named, `${waiting.length - maxNamed} more`] : named;
}
