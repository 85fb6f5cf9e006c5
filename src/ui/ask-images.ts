/**
 * Requests a list of images. With a filter that few images pass, the tracker may answer a short or an empty page that is
 * not the last, since it reads a bounded number of images for each. Then the next page is requested as well.
 */
import type { ImagesPage } from './merge-page.ts';
import type { Ask } from './screen.ts';
import type { Query } from './tracker.ts';

/** Each page costs the tracker many reads. While nothing is found there is nothing else to show. */
const maxPages = 3;
const maxEmptyPages = 20;

export interface ImagesAnswer extends ImagesPage {
  /** The number of pages requested. */
  readonly pages: number;
}

export async function askImages(ask: Ask, query: Query, limit: number): Promise<ImagesAnswer> {
  let { images, next } = await ask<ImagesPage>('images', { ...query, limit: String(limit) });
  let pages = 1;
  while (next !== null && images.length < limit && pages < (images.length === 0 ? maxEmptyPages : maxPages)) {
    const room = String(limit - images.length);
    const page = await ask<ImagesPage>('images', { ...query, limit: room, cursor: next });
    images = [...images, ...page.images];
    next = page.next;
    pages += 1;
  }
  return { images, next, pages };
}
