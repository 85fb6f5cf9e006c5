/**
 * Keys of the catalogue. All rows of a registry share a partition: an image's entry and the counts are written in one
 * transaction, and each list is one range of keys. In addition to the rules in keys.ts, a slash is written as the
 * lowest character that a key may hold, so that `a/b` sorts before `a0`.
 */

import type { CatalogueEntry } from '../../core/catalogue/entry.ts';
import type { ImageName } from '../../core/image/record.ts';
import { parseDigest } from '../../core/model/digest.ts';
import type { Repository } from '../../core/model/reference.ts';
import { parseRepository } from '../../core/model/reference.ts';
import type { CatalogueList, ListOrder } from '../../core/ports.ts';
import type { RowAddress, RowRange } from './keys.ts';

const separator = '|';
const last = '~';
const farFuture = 9_999_999_999_999;
/** Search texts are cut to this length as well. A row key has at most 512 characters. */
const maxPart = 64;

/** Not a valid registry name. */
const partitionOf = (registry: string) => `${registry}${separator}catalogue`;
const escapeSlash = (text: string) => text.replaceAll('/', '!');
const hex = ({ digest }: ImageName) => digest.slice('sha256:'.length);
const digits = (milliseconds: number) => String(Math.max(0, Math.round(milliseconds))).padStart(13, '0');
const newestFirst = (time: number) => digits(farFuture - time);
const join = (...parts: string[]) => parts.join(separator);

export function countsRow(registry: string): RowAddress {
  return { partitionKey: partitionOf(registry), rowKey: 'counts' };
}

export function recountRow(registry: string): RowAddress {
  return { partitionKey: partitionOf(registry), rowKey: 'recount' };
}

export function entryRow(name: ImageName): RowAddress {
  return { partitionKey: partitionOf(name.registry), rowKey: join('entry', hex(name), escapeSlash(name.repository)) };
}

/** Entries whose digests begin with these hex digits. */
export function entryRange(registry: string, start: string): RowRange {
  return rangeOf(registry, join('entry', start));
}

/** Every list row of an image with that entry. */
export function listRows(name: ImageName, entry: CatalogueEntry): RowAddress[] {
  const place = [escapeSlash(name.repository), hex(name)];
  const keys: Record<ListOrder, string[]> = {
    newest: [newestFirst(entry.firstSeenAt), ...place],
    lag: [lagKey(entry), ...place],
    name: [escapeSlash(name.repository), newestFirst(entry.firstSeenAt), hex(name)],
  };
  return Object.entries(keys).flatMap(([order, key]) =>
    listsOf(entry).map((list) => ({
      partitionKey: partitionOf(name.registry),
      rowKey: join('list', order, list, ...key),
    })),
  );
}

function listsOf({ state, delayed, diverged, unpublished }: CatalogueEntry): CatalogueList[] {
  return [
    'all',
    state,
    ...(delayed ? ['delayed' as const] : []),
    ...(diverged.length > 0 ? ['diverged' as const] : []),
    ...(unpublished === true ? ['unpublished' as const] : []),
  ];
}

/**
 * Orders images that are not available everywhere by waiting time, longest first; then those that are, by lag; then
 * those available nowhere.
 */
function lagKey({ state, firstSeenAt, lagMs }: CatalogueEntry): string {
  if (lagMs !== null) return `1${digits(farFuture - lagMs)}`;
  return state === 'deleted' ? `2${newestFirst(firstSeenAt)}` : `0${digits(firstSeenAt)}`;
}

export function listRange(registry: string, order: ListOrder, list: CatalogueList, cursor?: string): RowRange {
  const range = rangeOf(registry, join('list', order, list, ''));
  return cursor === undefined ? range : { ...range, after: cursor };
}

/** One row for each suffix of the tag, so that a range query finds every tag that contains a text. */
export function tagParts(name: ImageName, tag: string): RowAddress[] {
  return partsOf(tag).map((part) => ({
    partitionKey: partitionOf(name.registry),
    rowKey: join('tag', part, escapeSlash(name.repository), hex(name)),
  }));
}

export function tagRange(registry: string, part: string, where: 'anywhere' | 'end'): RowRange {
  return rangeOf(registry, join('tag', where === 'end' ? cut(part) + separator : cut(part)));
}

export function repositoryParts(registry: string, repository: Repository): RowAddress[] {
  return partsOf(repository).map((part) => ({
    partitionKey: partitionOf(registry),
    rowKey: join('repository', part, escapeSlash(repository)),
  }));
}

export function repositoryRange(registry: string, part: string): RowRange {
  return rangeOf(registry, join('repository', cut(part)));
}

export function parseImage(registry: string, row: RowAddress): ImageName | undefined {
  const parts = row.rowKey.split(separator);
  const [a = '', b = ''] = parts.slice(-2);
  const [hexDigits, escaped] = parts[0] === 'entry' ? [a, b] : parts[1] === 'name' ? [b, parts.at(-3) ?? ''] : [b, a];
  const digest = parseDigest(`sha256:${hexDigits}`);
  const repository = parseRepository(escaped.replaceAll('!', '/'));
  return digest === undefined || repository === undefined ? undefined : { registry, repository, digest };
}

export function parseRepositoryPart({ rowKey }: RowAddress): Repository | undefined {
  return parseRepository((rowKey.split(separator).at(-1) ?? '').replaceAll('!', '/'));
}

function partsOf(text: string): string[] {
  const lower = text.toLowerCase();
  return [...lower].map((_, start) => cut(lower.slice(start)));
}

function cut(part: string): string {
  return escapeSlash(part.slice(0, maxPart));
}

function rangeOf(registry: string, prefix: string): RowRange {
  return { partitionKey: partitionOf(registry), after: prefix, before: prefix + last };
}
