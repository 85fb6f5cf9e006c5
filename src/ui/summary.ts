/** A list of images in a few words: for the line above the matrix, the title of the tab, and who listens to the page. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { plural, visible } from './format.ts';
import { imageKey } from './merge-page.ts';
import type { CountedBy, ShownState } from './words.ts';
import { shownState } from './words.ts';

const order: readonly ShownState[] = ['delayed', 'replicating', 'available', 'deleting', 'deleted', 'unknown'];

export type Counts = readonly (readonly [state: CountedBy, count: number])[];

/** As the registry as a whole is counted and listed: what is delayed is one of those that are replicating. */
export function countListed(images: readonly AvailabilityDocument[]): Counts {
  const isDelayed = (image: AvailabilityDocument) => shownState(image) === 'delayed';
  return countEach(images.flatMap((image) => (isDelayed(image) ? ['delayed', image.state] : [image.state])));
}

/** What needs attention first; states that none is in are left out. */
function countEach(states: readonly ShownState[]): readonly (readonly [state: ShownState, count: number])[] {
  const counts = new Map<ShownState, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return order.flatMap((state) => {
    const count = counts.get(state);
    return count === undefined ? [] : [[state, count] as const];
  });
}

/** Of images that are counted by their state as well. */
const countedTwice: readonly CountedBy[] = ['delayed', 'diverged', 'unpublished'];

/** Open images first: that is what is looked for among many tabs. */
export function listTitle(counts: Counts, registry: string): string {
  const open = counts.filter(([state]) => state === 'delayed' || state === 'replicating');
  const words = open.map(([state, count]) => `${count} ${state}`).join(', ');
  const total = counts.reduce((sum, [state, count]) => sum + (countedTwice.includes(state) ? 0 : count), 0);
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
  const moved = countEach(changed.filter((image) => before.has(imageKey(image))).map(shownState));
  return [
    ...(added.length === 0 ? [] : [`${plural(added.length, 'new image')}.`]),
    ...moved.map(([state, count]) => `${plural(count, 'image')} now ${state}.`),
  ].join(' ');
}
