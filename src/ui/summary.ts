/** A list of images in a few words: for the line above the matrix, the title of the tab, and who listens to the page. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { plural, visible } from './format.ts';
import { imageKey } from './merge-page.ts';
import type { CountedBy, ShownState } from './words.ts';
import { shownState } from './words.ts';

const order: readonly ShownState[] = ['delayed', 'replicating', 'available', 'deleting', 'deleted', 'unknown'];

export type Counts = readonly (readonly [state: CountedBy, count: number])[];

/** What needs attention first; states that no image has are left out. */
export function countStates(images: readonly AvailabilityDocument[]): Counts {
  const counts = new Map<ShownState, number>();
  for (const image of images) counts.set(shownState(image), (counts.get(shownState(image)) ?? 0) + 1);
  return order.flatMap((state) => {
    const count = counts.get(state);
    return count === undefined ? [] : [[state, count] as const];
  });
}

/** Open images first: that is what is looked for among many tabs. */
export function listTitle(counts: Counts, registry: string): string {
  const open = counts.filter(([state]) => state === 'delayed' || state === 'replicating');
  const words = open.map(([state, count]) => `${count} ${state}`).join(', ');
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  return `${words === '' ? plural(total, 'image') : words} · ${visible(registry)}`;
}

/** Which state each image was in when the page last spoke of it. */
export type Heard = ReadonlyMap<string, ShownState>;

export function hear(images: readonly AvailabilityDocument[]): Heard {
  return new Map(images.map((image) => [imageKey(image), shownState(image)]));
}

/** What a listener should know has changed; empty when there is nothing to say. */
export function describeChanges(before: Heard, images: readonly AvailabilityDocument[]): string {
  const changed = images.filter((image) => before.get(imageKey(image)) !== shownState(image));
  const added = changed.filter((image) => !before.has(imageKey(image)));
  const moved = countStates(changed.filter((image) => before.has(imageKey(image))));
  return [
    ...(added.length === 0 ? [] : [`${plural(added.length, 'new image')}.`]),
    ...moved.map(([state, count]) => `${plural(count, 'image')} now ${state}.`),
  ].join(' ');
}
