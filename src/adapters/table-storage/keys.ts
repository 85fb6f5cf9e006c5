/**
 * Partition and row keys. Table keys forbid `/ \ # ?` and control characters, and repository names hold `/`, so names
 * are escaped in a way that can be reversed. Pure; property tests check that keys are legal and reversible.
 *
 * Every image's row key begins with its digest: Azurite finds rows by row key first, and with a key shared by many
 * images every point read would scan the table. The images of a registry share a partition, since only rows of one
 * partition can be written in one transaction. A partition accepts 2,000 rows a second (Table storage scalability
 * targets); a registry accepts as many writes a minute (older ACR service tier pages), over all its regions.
 */

import { hash } from 'node:crypto';
import type { ImageName } from '../../core/image/record.ts';
import type { TagName } from '../../core/image/tag-name.ts';
import type { Digest } from '../../core/model/digest.ts';
import { parseDigest } from '../../core/model/digest.ts';
import type { Repository } from '../../core/model/reference.ts';
import { parseRepository } from '../../core/model/reference.ts';
import type { Region } from '../../core/model/region.ts';
import type { ImageListName } from '../../core/ports.ts';

/** Never part of a name, so joined parts can be split. */
const separator = '|';
/** Sorts after every character in our keys: the end of a range of keys with one prefix. */
const last = '~';
/** Later than any real time; times are stored as their distance to it, so that the newest sorts first. */
const farFuture = 9_999_999_999_999;

export type RowAddress = {
  readonly partitionKey: string;
  readonly rowKey: string;
};

/** Repository names never hold a colon (distribution/reference), so it replaces the slash. */
function escapeRepository(repository: Repository): string {
  return repository.replaceAll('/', ':');
}

function unescapeRepository(text: string): Repository | undefined {
  return parseRepository(text.replaceAll(':', '/'));
}

function hex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

export function imageRow({ registry, repository, digest }: ImageName): RowAddress {
  return { partitionKey: registry, rowKey: [hex(digest), escapeRepository(repository)].join(separator) };
}

export function parseImageRow({ partitionKey, rowKey }: RowAddress): ImageName | undefined {
  const [digits, escaped] = rowKey.split(separator);
  return toName(partitionKey, escaped, digits);
}

function toName(
  registry: string | undefined,
  escaped: string | undefined,
  digits: string | undefined,
): ImageName | undefined {
  const repository = unescapeRepository(escaped ?? '');
  const digest = parseDigest(`sha256:${digits}`);
  if (registry === undefined || repository === undefined || digest === undefined) return undefined;
  return { registry, repository, digest };
}

export interface RowRange {
  readonly partitionKey: string;
  /** Exclusive. */
  readonly after: string;
  /** Exclusive. */
  readonly before: string;
}

/** A registry's lists, and a list for each of its repositories. */
export type ListName = ImageListName | `repository:${string}`;

/** A row key has at most 512 characters (Table service REST documentation), so a long name must not be in it twice. */
export function repositoryList(repository: Repository): ListName {
  return `repository:${hash('sha256', repository).slice(0, 32)}`;
}

export function listRow(list: ListName, name: ImageName, firstSeenAt: number): RowAddress {
  const rowKey = [list, newestFirst(firstSeenAt), escapeRepository(name.repository), hex(name.digest)].join(separator);
  return { partitionKey: name.registry, rowKey };
}

export function parseListRow({
  partitionKey,
  rowKey,
}: RowAddress): { name: ImageName; firstSeenAt: number } | undefined {
  const [, time, repository, digits] = rowKey.split(separator);
  const name = toName(partitionKey, repository, digits);
  return name === undefined ? undefined : { name, firstSeenAt: farFuture - Number(time) };
}

/** The part of a list after the cursor, of images first seen before `before` (milliseconds). */
export function listRange(registry: string, list: ListName, cursor?: string, before?: number): RowRange {
  const prefix = list + separator;
  // A negative time would have one digit more, and would sort before all others.
  const start = before === undefined ? prefix : before <= 0 ? prefix + last : prefix + newestFirst(before - 1);
  const after = cursor !== undefined && cursor > start ? cursor : start;
  return { partitionKey: registry, after, before: prefix + last };
}

function rangeOf(partitionKey: string, prefix: string): RowRange {
  return { partitionKey, after: prefix + separator, before: prefix + separator + last };
}

function newestFirst(time: number): string {
  return String(farFuture - time).padStart(13, '0');
}

export function webhookRow(registry: string, region: Region): RowAddress {
  return { partitionKey: registry, rowKey: ['webhook', region].join(separator) };
}

export function webhookRange(registry: string): RowRange {
  return rangeOf(registry, 'webhook');
}

export function replicaSetRow(registry: string): RowAddress {
  return { partitionKey: registry, rowKey: `replicas${separator}${registry}` };
}

export function reviewRow(registry: string): RowAddress {
  return { partitionKey: registry, rowKey: `review${separator}${registry}` };
}

export function healthEventRow(registry: string, trackingId: string): RowAddress {
  return { partitionKey: registry, rowKey: ['incident', trackingId].join(separator) };
}

export function healthEventRange(registry: string): RowRange {
  return rangeOf(registry, 'incident');
}

/** Not a valid registry name, so it cannot be the partition of a list. */
const replays = `${separator}replays`;

export function replayRow(key: string): RowAddress {
  return { partitionKey: replays, rowKey: ['replay', key].join(separator) };
}

export function replayRange(): RowRange {
  return rangeOf(replays, 'replay');
}

/** In a table of their own: a release and its list entries can be written in one transaction. */
const releases = 'releases';

export function releaseRow(name: string): RowAddress {
  return { partitionKey: releases, rowKey: ['name', name].join(separator) };
}

export function releaseListRow(name: string, createdAt: number): RowAddress {
  return { partitionKey: releases, rowKey: ['list', newestFirst(createdAt), name].join(separator) };
}

/** The part of the list after that release, of releases created before `before` (milliseconds). */
export function releaseListRange(after?: { name: string; createdAt: number }, before?: number): RowRange {
  const whole = rangeOf(releases, 'list');
  const start = before === undefined ? whole.after : ['list', newestFirst(before - 1)].join(separator);
  const place = after === undefined ? start : releaseListRow(after.name, after.createdAt).rowKey;
  return { ...whole, after: place > start ? place : start };
}

export function parseReleaseListRow({ rowKey }: RowAddress): { name: string; createdAt: number } {
  const [, time, name = ''] = rowKey.split(separator);
  return { name, createdAt: farFuture - Number(time) };
}

export function openReleaseRow(name: string, createdAt: number): RowAddress {
  return { partitionKey: releases, rowKey: ['open', newestFirst(createdAt), name].join(separator) };
}

export function openReleaseRange(): RowRange {
  return rangeOf(releases, 'open');
}

const dueWork = 'due';

export function dueRow(dueAt: number, unique: string): RowAddress {
  return { partitionKey: dueWork, rowKey: [oldestFirst(dueAt), unique].join(separator) };
}

/** All work due at or before that time, after the cursor. */
export function dueRange(at: number, cursor = ''): RowRange {
  return { partitionKey: dueWork, after: cursor, before: oldestFirst(Math.floor(at) + 1) };
}

function oldestFirst(time: number): string {
  return String(Math.max(0, Math.ceil(time))).padStart(13, '0');
}

/** In the partition of the lists, so that the rows a new image adds to both go in one transaction. */
export function tagRow(name: TagName): RowAddress {
  const repository = escapeRepository(name.repository);
  return { partitionKey: name.registry, rowKey: ['tag', name.tag, repository].join(separator) };
}

/** Not a valid registry name. */
const waits = `${separator}waits`;

export function waitsRow(instance: string): RowAddress {
  return { partitionKey: waits, rowKey: ['instance', instance].join(separator) };
}

export function waitsRange(): RowRange {
  return rangeOf(waits, 'instance');
}
