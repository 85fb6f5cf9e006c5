/**
 * The list of open images: those that are not in all replicas yet. Most images get there within seconds, so an image is put on the
 * list only when its first timer fires; until then it is found among the newest images. This saves two row writes per image in
 * the one partition that all images of a registry share. After the replica set has grown, images that were in all replicas are
 * open again but not listed yet; until they are, all images are read.
 */

import type { Repository } from '../model/reference.ts';
import type { ImageLists, ListPage } from './ports.ts';

/** By then the first timer has fired, even if late. Younger images are found in the list of all images. */
const listedAfterMs = 120_000;

/** Before that no timer has fired, so the image is not on the list and need not be removed. */
const notListedBeforeMs = 25_000;

export function mayBeListed(firstSeenAt: number, now: number): boolean {
  return now - firstSeenAt >= notListedBeforeMs;
}

interface OpenImagesQuery {
  readonly registry: string;
  readonly repository?: Repository | undefined;
  /** As returned by an earlier page. */
  readonly cursor?: string | undefined;
  /** Whether the list may lack images that became open because the replica set has grown. */
  readonly isListIncomplete?: boolean;
  readonly limit: number;
}

/** Newest first. Entries are hints: some images may be in all replicas by now. */
export async function pageOpenImages(lists: ImageLists, query: OpenImagesQuery, now: number): Promise<ListPage> {
  const { isAmongAll, boundary, inner } = parseCursor(query.cursor) ?? {
    isAmongAll: true,
    boundary: query.isListIncomplete === true ? 0 : now - listedAfterMs,
    inner: undefined,
  };
  if (!isAmongAll) {
    const page = await lists.page({ ...query, list: 'replicating', before: boundary, cursor: inner });
    return { entries: page.entries, next: page.next === null ? null : toCursor(false, boundary, page.next) };
  }
  const page = await lists.page({ ...query, list: 'all', cursor: inner });
  const young = page.entries.filter((entry) => entry.firstSeenAt >= boundary);
  const isPast = young.length < page.entries.length || page.next === null;
  return { entries: young, next: isPast ? toCursor(false, boundary, '') : toCursor(true, boundary, page.next ?? '') };
}

/** The list's own cursor is kept unchanged. */
function toCursor(isAmongAll: boolean, boundary: number, inner: string): string {
  return `${isAmongAll ? 'a' : 'o'}${boundary.toString(36)}-${inner}`;
}

function parseCursor(cursor: string | undefined) {
  const [, place, time = '', inner = ''] = /^([ao])([0-9a-z]{1,11})-(.*)$/.exec(cursor ?? '') ?? [];
  if (place === undefined) return undefined;
  return { isAmongAll: place === 'a', boundary: Number.parseInt(time, 36), inner: inner === '' ? undefined : inner };
}
