/**
 * The counts of the whole registry, and those of its images that need attention; requested less often than the list.
 */

import type { CatalogueSummary } from '../core/catalogue/counts.ts';
import type { ListedImage } from '../core/query/describe-listed.ts';
import type { ImagesPage } from './merge-page.ts';
import { imageKey } from './merge-page.ts';
import type { Ask } from './screen.ts';
import type { Counts } from './summary.ts';
import { Unanswered } from './tracker.ts';

/** An image as the list shows it. */
export type Listed = ListedImage & {
  readonly attention?: Attention;
  /** The index that lists it, and its platform there. */
  readonly partOf?: { readonly index: string; readonly platform: string | null };
  /** Distinguishes rows where several may be the same image. */
  readonly place?: number;
};

export interface Overview {
  readonly summary: CatalogueSummary | undefined;
  /** Delayed images, then those with a tag that has diverged; the longest waiting first. */
  readonly pinned: readonly Listed[];
  /** How many delayed images and diverged tags there are besides the pinned ones. */
  readonly unpinned: Readonly<Record<Attention, number>>;
}

export type Attention = 'delayed' | 'diverged';

const noneUnpinned = { delayed: 0, diverged: 0 };
export const noOverview: Overview = { summary: undefined, pinned: [], unpinned: noneUnpinned };

const maxPinned = 5;

/** `undefined` from a tracker that keeps no counts: the page then shows the list alone. */
export async function askOverview(ask: Ask, registry: string, withPinned: boolean): Promise<Overview> {
  const summary = await orNone(ask<CatalogueSummary>('summary', { registry }));
  if (summary === undefined || !withPinned) return { summary, pinned: [], unpinned: noneUnpinned };
  const list = async (state: Attention, count: number): Promise<Pinned> => {
    if (count === 0) return { images: [], rest: 0 };
    const query = { registry, state, sort: 'lag', limit: String(maxPinned) };
    const answer = await orNone(ask<ImagesPage>('images', query));
    const images = (answer?.images ?? []).map((image): Listed => ({ ...image, attention: state }));
    // An image may have several diverged tags.
    const counted = images.map(({ divergedTags }) => (state === 'diverged' ? (divergedTags?.length ?? 1) : 1));
    const rest = count - counted.reduce((sum, one) => sum + one, 0);
    return { images, rest: (answer?.next ?? null) === null ? 0 : Math.max(1, rest) };
  };
  const [delayed, diverged] = await Promise.all([
    list('delayed', summary.delayed),
    list('diverged', summary.divergedTags),
  ]);
  const known = new Set(delayed.images.map(imageKey));
  return {
    summary,
    pinned: [...delayed.images, ...diverged.images.filter((image) => !known.has(imageKey(image)))],
    unpinned: { delayed: delayed.rest, diverged: diverged.rest },
  };
}

interface Pinned {
  readonly images: readonly Listed[];
  /** The number of those that are not among `images`. */
  readonly rest: number;
}

/** `undefined` where the tracker refuses or does not answer. */
export function orNone<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((failure: unknown) => {
    if (failure instanceof Unanswered) return undefined;
    throw failure;
  });
}

/** Most urgent first; states without images are left out. */
export function countsOf({ images, delayed, divergedTags, unpublished }: CatalogueSummary): Counts {
  const all: Counts = [
    ['delayed', delayed],
    ['diverged', divergedTags],
    ['unpublished', unpublished ?? 0],
    ['replicating', images.replicating],
    ['available', images.available],
    ['deleting', images.deleting],
    ['deleted', images.deleted],
  ];
  return all.filter(([, count]) => count > 0);
}
