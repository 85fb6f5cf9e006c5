/**
 * Releases, a row each, with a row on the list of all releases and, while it is open, a row on the list of open ones.
 * All are in one partition, so that they change in one transaction. A list entry's key holds the release's creation
 * time, so a late removal never hits a release that was created again under the same name.
 */

import type { TransactionAction } from '@azure/data-tables';
import type { ReleaseStore, StoredRelease } from '../../core/ports.ts';
import type { Release } from '../../core/releases/release.ts';
import { inChunks } from '../../core/runtime/in-chunks.ts';
import type { RowAddress } from './keys.ts';
import {
  openReleaseRange,
  openReleaseRow,
  parseReleaseListRow,
  releaseListRange,
  releaseListRow,
  releaseRow,
} from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Row, Table } from './table.ts';

const maxReads = 16;

export function tableReleaseStore(table: Table): ReleaseStore {
  async function read(name: string): Promise<StoredRelease | undefined> {
    const row = await table.get(releaseRow(name));
    return row === undefined ? undefined : { release: JSON.parse(joinText('release', row)), version: row.etag };
  }

  async function write(
    release: Release,
    first: TransactionAction,
    others: readonly TransactionAction[],
  ): Promise<StoredRelease | 'conflict'> {
    const outcome = await table.transact([first, ...others]);
    if (!('refusedAt' in outcome)) return { release, version: outcome[0] ?? '' };
    if (outcome.reason === 'conflict') return 'conflict';
    throw outcome.reason;
  }

  return {
    read,
    create: (release) =>
      write(release, ['create', toRow(release)], [['create', listRow(release)], ...openActions(release, undefined)]),
    replace: (release, basedOn) =>
      write(
        release,
        ['update', toRow(release), 'Replace', { etag: basedOn.version }],
        openActions(release, basedOn.release),
      ),
    async remove({ release, version }) {
      const { name, createdAt } = release;
      if ((await table.removeVersion(releaseRow(name), version)) === 'conflict') return 'conflict';
      await Promise.all([table.remove(listRow(release)), table.remove(openReleaseRow(name, createdAt))]);
      return 'removed';
    },
    async page({ after, before, limit }) {
      const rows = await table.range(releaseListRange(after, before), limit);
      const places = rows.map(parseReleaseListRow);
      const found: StoredRelease[] = [];
      for (const some of inChunks(places, maxReads)) {
        const read = await Promise.all(some.map(readListed));
        found.push(...read.filter((stored) => stored !== undefined));
      }
      return { releases: found, next: rows.length < limit ? null : (places.at(-1) ?? null) };
    },
    async open(limit) {
      const rows = await table.range(openReleaseRange(), limit);
      return rows.map((row) => ({ ...parseReleaseListRow(row), revision: Number(row.revision) }));
    },
    unlist: ({ name, createdAt }) => table.remove(openReleaseRow(name, createdAt)),
  };

  /** The instance that removed the release may have been killed before it removed the list entry. */
  async function readListed(place: { name: string; createdAt: number }): Promise<StoredRelease | undefined> {
    const stored = await read(place.name);
    if (stored?.release.createdAt === place.createdAt) return stored;
    await table.remove(releaseListRow(place.name, place.createdAt));
    return undefined;
  }
}

function toRow(release: Release): Row {
  return { ...releaseRow(release.name), ...splitText('release', JSON.stringify(release)) };
}

function listRow({ name, createdAt }: Release): RowAddress {
  return releaseListRow(name, createdAt);
}

/** The changes that keep the list of open releases consistent with the release. */
function openActions(release: Release, before: Release | undefined): TransactionAction[] {
  const { name, createdAt, revision, availableAt } = release;
  const row = openReleaseRow(name, createdAt);
  if (availableAt === null) {
    const isListed = before?.availableAt === null && before.revision === revision;
    return isListed ? [] : [['upsert', { ...row, revision }, 'Replace']];
  }
  return before?.availableAt === null ? [['delete', row]] : [];
}
