/**
 * The `next` of a list, as clients receive and return it. It starts with a hash of itself and of the list's parameters: a token
 * that was cut, invented, or returned for another list would otherwise lead to some other place in the list, and the images before
 * that place would seem to be missing.
 */
import { hash } from 'node:crypto';
import type { ImageQuery } from './list-images.ts';

/** The parameters that decide which images are listed, and in which order. */
type ListedBy = Pick<
  ImageQuery,
  'registry' | 'repository' | 'state' | 'region' | 'missing' | 'search' | 'sort' | 'members'
>;

const hashLength = 12;

/** @param next as `listImages` returns it: letters, digits, "-" and "_" */
export function toListCursor(next: string, list: ListedBy): string {
  return hashOf(next, list) + next;
}

/** @returns the `next` of `listImages`; `undefined` for a token that was not issued for this list */
export function parseListCursor(cursor: string, list: ListedBy): string | undefined {
  const next = cursor.slice(hashLength);
  return cursor === toListCursor(next, list) ? next : undefined;
}

function hashOf(next: string, list: ListedBy): string {
  const { registry, repository, state, region, missing, search, sort, members = false } = list;
  const whole = JSON.stringify([registry.name, repository, state, region, missing, search, sort, members, next]);
  return hash('sha256', whole, 'base64url').slice(0, hashLength);
}
