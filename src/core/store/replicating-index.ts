/**
 * The images that are not everywhere yet. Most are everywhere within seconds, so an image is put on their list only when
 * its first timer fires; until then it is among the newest of all. Two rows less are written for each image, into the one
 * partition that every image of a registry needs. Once the replica set has grown, images that were everywhere are open again
 * and on no list: until they have been put on it, all images are looked through.
 */

import type { Repository } from '../model/reference.ts';
import type { ImageIndex, IndexPage } from './ports.ts';

/** By then the timer has rung, even a little late. Younger ones are looked for among all. */
const listedAfterMs = 120_000;

/** Before that no timer has rung, so there is nothing to take off the list. */
const notListedBeforeMs = 25_000;

export function mayBeListed(firstSeenAt: number, now: number): boolean {
  return now - firstSeenAt >= notListedBeforeMs;
}

interface OpenImagesQuery {
  readonly registry: string;
  readonly repository?: Repository | undefined;
  /** As returned by an earlier page. */
  readonly cursor?: string | undefined;
  /** Whether images that were everywhere before the replica set grew may be missing on the list. */
  readonly isListIncomplete?: boolean;
  readonly limit: number;
}

/** Newest first. Like every list it holds hints: among them are images that are everywhere by now. */
export async function pageOpenImages(index: ImageIndex, query: OpenImagesQuery, now: number): Promise<IndexPage> {
  const { isAmongAll, boundary, inner } = parseCursor(query.cursor) ?? {
    isAmongAll: true,
    boundary: query.isListIncomplete === true ? 0 : now - listedAfterMs,
    inner: undefined,
  };
  if (!isAmongAll) {
    const page = await index.page({ ...query, list: 'replicating', before: boundary, cursor: inner });
    return { entries: page.entries, next: page.next === null ? null : toCursor(false, boundary, page.next) };
  }
  const page = await index.page({ ...query, list: 'all', cursor: inner });
  const young = page.entries.filter((entry) => entry.firstSeenAt >= boundary);
  const isPast = young.length < page.entries.length || page.next === null;
  return { entries: young, next: isPast ? toCursor(false, boundary, '') : toCursor(true, boundary, page.next ?? '') };
}

/** What a cursor of the index is made of stays as it is. */
function toCursor(isAmongAll: boolean, boundary: number, inner: string): string {
  return `${isAmongAll ? 'a' : 'o'}${boundary.toString(36)}-${inner}`;
}

function parseCursor(cursor: string | undefined) {
  const [, place, time = '', inner = ''] = /^([ao])([0-9a-z]{1,11})-(.*)$/.exec(cursor ?? '') ?? [];
  if (place === undefined) return undefined;
  return { isAmongAll: place === 'a', boundary: Number.parseInt(time, 36), inner: inner === '' ? undefined : inner };
}
