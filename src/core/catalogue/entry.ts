/**
 * What the counts and the sorted lists need to know of one image: a few words made of its record, kept beside it, so that
 * neither a count nor a list reads the records of a whole registry.
 */
import type { ImageRecord } from '../image/record.ts';
import { arrivalRegions, arrivalSpan, currentTags, isPartOfFamily, isUnpublished, unexpired } from '../image/record.ts';
import type { ImageState } from '../image/state.ts';
import { imageState, isAvailableIn } from '../image/state.ts';
import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';

export type CountedState = Exclude<ImageState, 'unknown'>;

export const countedStates: readonly CountedState[] = ['available', 'replicating', 'deleting', 'deleted'];

export interface DivergedTag {
  readonly tag: Tag;
  /** Expected regions that resolve it to another digest than the newest. */
  readonly regions: readonly Region[];
}

export interface CatalogueEntry {
  readonly state: CountedState;
  /** Its copies are still to come, for longer than is usual: not so once it is being deleted. */
  readonly delayed: boolean;
  /** Start of the generation, milliseconds since 1970. */
  readonly firstSeenAt: number;
  /** Where it is, expected there or not. */
  readonly regions: readonly Region[];
  /** Expected regions that it is delayed in. */
  readonly delayedIn: readonly Region[];
  /** From the first region that has it to the last, milliseconds; `null` while it is not everywhere, and once it is nowhere. */
  readonly lagMs: number | null;
  readonly tags: readonly Tag[];
  /** Tags whose newest digest this is, and that other regions still resolve to another. */
  readonly diverged: readonly DivergedTag[];
  /** The topic has not accepted one of its events. Left out where it has: so it is with most, and in entries made before it was counted. */
  readonly unpublished?: true;
  /** It belongs to another image: found and listed like others, and counted with that one. Left out of others. */
  readonly isPart?: true;
}

/** @returns `undefined` for an image that nobody knows, or knows anything of */
export function entryOf(
  stored: ImageRecord | undefined,
  set: ReplicaSet,
  diverged: readonly DivergedTag[] = [],
): CatalogueEntry | undefined {
  const record = unexpired(stored);
  const state = imageState(record, set);
  if (record === undefined || state === 'unknown') return undefined;
  const isOpen = state === 'replicating' || state === 'deleting';
  const delayed = isDelayed(record, state);
  const span = arrivalSpan(record);
  return {
    state,
    delayed,
    firstSeenAt: record.firstSeenAt,
    regions: arrivalRegions(record).filter((region) => isAvailableIn(record, region, set)),
    delayedIn: delayed ? expectedRegions(set).filter((region) => !isAvailableIn(record, region, set)) : [],
    lagMs: isOpen || span === undefined ? null : span.last - span.first,
    tags: currentTags(record),
    diverged,
    ...(isUnpublished(record) ? { unpublished: true } : {}),
    ...(isPartOfFamily(record) ? { isPart: true } : {}),
  };
}

/** In `state`; what was called delayed may be on its way out since, and then nothing is to come. */
export function isDelayed({ delayedAt }: ImageRecord, state: ImageState): boolean {
  return state === 'replicating' && delayedAt !== null;
}

/**
 * Whether the entry stays as it is until somebody writes the image. Of one that is not, somebody looks again: its tags may
 * diverge by nothing but the time that passes, and that the topic has accepted an event may be noted beside the record.
 */
export function isStable(record: ImageRecord | undefined, set: ReplicaSet): boolean {
  if (record === undefined || unexpired(record) === undefined) return true;
  if (isUnpublished(record)) return false;
  const state = imageState(record, set);
  if (state !== 'available' && state !== 'deleted') return false;
  return state === 'deleted' || !Object.values(record.tags).some((progress) => progress.state === 'open');
}

export function isSameEntry(a: CatalogueEntry | undefined, b: CatalogueEntry | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
