/**
 * An image's entry in the catalogue: the parts of its record that counts and sorted lists need. It is stored separately, so that
 * neither has to read all records of a registry.
 */

import { arrivalSpan, firstArrival } from '../image/arrival-times.ts';
import type { ImageRecord } from '../image/record.ts';
import { arrivalRegions, isPartOfFamily, tagsToShow, unexpired } from '../image/record.ts';
import { hasRefusedEvent } from '../image/refused-events.ts';
import type { ImageState } from '../image/state.ts';
import { imageState, isAvailableIn, missingRegions, wasComplete } from '../image/state.ts';
import { tagsThatMayDiverge } from '../image/tag-progress.ts';
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
  /** It replicates, and a delay was announced. */
  readonly delayed: boolean;
  /** Start of the generation, milliseconds since 1970. */
  readonly firstSeenAt: number;
  /** Regions that have it, expected or not. */
  readonly regions: readonly Region[];
  /** Expected regions that lack it while it is delayed. */
  readonly delayedIn: readonly Region[];
  /**
   * From the first region that has it to the last, milliseconds; `null` while a region lacks it, and if none has it. 0 where it is
   * not known: see `firstArrival()`. By this the lists that are sorted by lag are in order.
   */
  readonly lagMs: number | null;
  readonly tags: readonly Tag[];
  /** Tags whose newest digest this is, and that some region still resolves to another. */
  readonly diverged: readonly DivergedTag[];
  /** One of its events was sent, and the topic has not accepted it. Absent otherwise. */
  readonly unpublished?: true;
  /** It is part of another image: listed by itself, but counted with that image. Absent otherwise. */
  readonly isPart?: true;
}

/** @returns `undefined` for an image without a record, or that no region has reported */
export function entryOf(
  stored: ImageRecord | undefined,
  set: ReplicaSet,
  diverged: readonly DivergedTag[] = [],
): CatalogueEntry | undefined {
  const record = unexpired(stored);
  const state = imageState(record, set);
  if (record === undefined || state === 'unknown') return undefined;
  const isUnfinished = state === 'replicating' || state === 'deleting';
  const delayed = isDelayed(record, state);
  const [first, last] = [firstArrival(record), arrivalSpan(record)?.last];
  return {
    state,
    delayed,
    firstSeenAt: record.firstSeenAt,
    regions: arrivalRegions(record).filter((region) => isAvailableIn(record, region, set)),
    delayedIn: delayed ? missingRegions(record, set) : [],
    lagMs: isUnfinished || last === undefined ? null : last - (first ?? last),
    tags: tagsToShow(record),
    diverged,
    ...(hasRefusedEvent(record) ? { unpublished: true } : {}),
    ...(isPartOfFamily(record) ? { isPart: true } : {}),
  };
}

/** Whether it counts as delayed in `state`: not if it is being deleted since. */
export function isDelayed({ delayedAt }: ImageRecord, state: ImageState): boolean {
  return state === 'replicating' && delayedAt !== null;
}

/**
 * Whether the entry can change only with a write of the image. An entry that is not stable is counted again later: a tag may
 * diverge as time passes, and accepted events may be stored beside the record.
 */
export function isStable(record: ImageRecord | undefined, set: ReplicaSet): boolean {
  if (record === undefined || unexpired(record) === undefined) return true;
  if (hasRefusedEvent(record)) return false;
  const state = imageState(record, set);
  if (state !== 'available' && state !== 'deleted') return false;
  return state === 'deleted' || tagsThatMayDiverge(record, set).length === 0;
}

/**
 * Whether a replica was added since the image was in all replicas. Its entry is unstable then, but no write has made it so, and
 * none has set a timer.
 */
export function isUnstableSinceAddition(record: ImageRecord, set: ReplicaSet): boolean {
  return wasComplete(record) && expectedRegions(set).some((region) => !record.completedFor.includes(region));
}

export function isSameEntry(a: CatalogueEntry | undefined, b: CatalogueEntry | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
