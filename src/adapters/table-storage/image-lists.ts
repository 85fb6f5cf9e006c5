/**
 * The lists of images, and the time of each replica's last webhook event, in one partition per registry. A row carries
 * only its key: it says which image to read, and the image's record is authoritative.
 */

import type { ImageName } from '../../core/image/record.ts';
import type { Region } from '../../core/model/region.ts';
import type { HeartbeatStore, ImageListName, ImageLists } from '../../core/ports.ts';
import type { ListName, RowAddress } from './keys.ts';
import { listRange, listRow, parseListRow, repositoryList, webhookRange, webhookRow } from './keys.ts';
import type { RowBatches } from './row-batches.ts';
import type { Table } from './table.ts';

const keysOnly = ['partitionKey', 'rowKey'];
/** Azure has fewer regions. */
const maxRegions = 200;

/** @param batches of the same table */
export function tableImageLists(table: Table, batches: RowBatches): ImageLists & { readonly webhooks: HeartbeatStore } {
  const rowsOf = (name: ImageName, firstSeenAt: number, lists: readonly ImageListName[]): RowAddress[] =>
    lists
      .flatMap((list): ListName[] => (list === 'all' ? [list, repositoryList(name.repository)] : [list]))
      .map((list) => listRow(list, name, firstSeenAt));

  return {
    add: ({ name, firstSeenAt }, lists) => batches.merge(rowsOf(name, firstSeenAt, lists)),
    remove: ({ name, firstSeenAt }, lists) => batches.remove(rowsOf(name, firstSeenAt, lists)),

    async page({ registry, list, repository, cursor, before, limit }) {
      const listName = repository === undefined ? list : repositoryList(repository);
      const after = cursor === undefined ? undefined : decodeCursor(cursor);
      const range = listRange(registry, listName, after, before);
      const rows = await table.range(range, limit + 1, keysOnly);
      const shown = rows.slice(0, limit);
      const lastShown = shown.at(-1);
      return {
        entries: shown.flatMap((row) => parseListRow(row) ?? []),
        next: rows.length > limit && lastShown !== undefined ? encodeCursor(lastShown.rowKey) : null,
      };
    },

    webhooks: {
      note: (registry, region, at) =>
        batches.merge([{ ...webhookRow(registry, region), at: new Date(at).toISOString() }]),
      async last(registry) {
        const rows = await table.range(webhookRange(registry), maxRegions);
        return new Map(rows.map((row) => [row.rowKey.split('|').at(-1) as Region, Date.parse(String(row.at))]));
      },
    },
  };
}

function encodeCursor(rowKey: string): string {
  return Buffer.from(rowKey).toString('base64url');
}

function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}
