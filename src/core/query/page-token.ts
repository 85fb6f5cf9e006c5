/**
 * Where a list goes on, as it is handed out and comes back. It carries a mark made of itself and of the list it is of:
 * one that was cut, made up, or given for another list would be taken for some other place, and the images before that
 * place would seem not to be there.
 */
import { hash } from 'node:crypto';
import type { ImageQuery } from './list-images.ts';

/** What decides which images are on the list, and in which order. */
type ListedBy = Pick<
  ImageQuery,
  'registry' | 'repository' | 'state' | 'region' | 'missing' | 'search' | 'sort' | 'members'
>;

const markLength = 12;

/** @param next as `listImages` returns it: letters, digits, "-" and "_" */
export function toListCursor(next: string, list: ListedBy): string {
  return signatureOf(next, list) + next;
}

/** @returns what `listImages` goes on from; `undefined` for a cursor that was never handed out for this list */
export function parseListCursor(cursor: string, list: ListedBy): string | undefined {
  const next = cursor.slice(markLength);
  return cursor === toListCursor(next, list) ? next : undefined;
}

function signatureOf(next: string, list: ListedBy): string {
  const { registry, repository, state, region, missing, search, sort, members = false } = list;
  const whole = JSON.stringify([registry.name, repository, state, region, missing, search, sort, members, next]);
  return hash('sha256', whole, 'base64url').slice(0, markLength);
}
