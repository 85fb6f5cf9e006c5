/** A list of images in a few words: for the line above the matrix, the title of the tab, and screen readers. */

import type { CatalogueSummary } from '../core/catalogue/counts.ts';
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { plural, visible } from './format.ts';
import { imageKey } from './merge-page.ts';
import type { CountedBy, ShownState } from './words.ts';
import { shownState } from './words.ts';

const order: readonly ShownState[] = ['delayed', 'replicating', 'available', 'deleting', 'deleted', 'unknown'];

export type Counts = readonly (readonly [state: CountedBy, count: number])[];

/** Counted as in the overview of the registry: a delayed image is also a replicating one. */
export function countListed(images: readonly AvailabilityDocument[]): Counts {
  const isDelayed = (image: AvailabilityDocument) => shownState(image) === 'delayed';
  return countEach(images.flatMap((image) => (isDelayed(image) ? ['delayed', image.state] : [image.state])));
}

/** Most urgent first; states without images are left out. */
function countEach(states: readonly ShownState[]): readonly (readonly [state: ShownState, count: number])[] {
  const counts = new Map<ShownState, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return order.flatMap((state) => {
    const count = counts.get(state);
    return count === undefined ? [] : [[state, count] as const];
  });
}

/**
 * `6 images`, or with a filter `7 found, 6 images in all`: parts of images are found as well, and counted with their image. The counts
 * follow a second later than the list.
 */
export function totalText(
  listed: number,
  isMore: boolean,
  summary: Pick<CatalogueSummary, 'images'> | undefined,
  isNarrowed: boolean,
): string {
  const counted = summary === undefined ? 0 : Object.values(summary.images).reduce((sum, count) => sum + count, 0);
  const found = `${isMore ? 'at least ' : ''}${listed} found`;
  if (!isNarrowed) return plural(Math.max(counted, listed), 'image');
  return summary === undefined ? found : `${found}, ${plural(counted, 'image')} in all`;
}

/** Images counted here are counted by their state as well. */
const countedTwice: readonly CountedBy[] = ['delayed', 'diverged', 'unpublished'];

/** Open images first: readers look for those among many tabs. */
export function listTitle(counts: Counts, registry: string): string {
  const open = counts.filter(([state]) => state === 'delayed' || state === 'replicating');
  const words = open.map(([state, count]) => `${count} ${state}`).join(', ');
  const total = counts.reduce((sum, [state, count]) => sum + (countedTwice.includes(state) ? 0 : count), 0);
  return `${words === '' ? plural(total, 'image') : words} · ${visible(registry)}`;
}

/** The state of each image when the page last announced it. */
export type AnnouncedStates = ReadonlyMap<string, ShownState>;

export function statesOf(images: readonly AvailabilityDocument[]): AnnouncedStates {
  return new Map(images.map((image) => [imageKey(image), shownState(image)]));
}

/** The changes to announce; empty when there are none. */
export function describeChanges(before: AnnouncedStates, images: readonly AvailabilityDocument[]): string {
  const changed = images.filter((image) => before.get(imageKey(image)) !== shownState(image));
  const added = changed.filter((image) => !before.has(imageKey(image)));
  const moved = countEach(changed.filter((image) => before.has(imageKey(image))).map(shownState));
  return [
    ...(added.length === 0 ? [] : [`${plural(added.length, 'new image')}.`]),
    ...moved.map(([state, count]) => `${plural(count, 'image')} now ${state}.`),
  ].join(' ');
}
