/** A table in memory, for tests: with etags, atomic transactions, and ranges in key order. */
import { UpstreamError } from '../../core/runtime/errors.ts';
import type { RowAddress } from './keys.ts';
import type { Row, Table } from './table.ts';
import { anyVersion, maxActions } from './table.ts';

export function memoryTable(): Table {
  const partitions = new Map<string, Map<string, { readonly row: Row; readonly etag: string }>>();
  const sorted = new Map<string, string[]>();
  let writes = 0;

  const rowsOf = (partitionKey: string) => {
    const rows = partitions.get(partitionKey) ?? new Map<string, { readonly row: Row; readonly etag: string }>();
    partitions.set(partitionKey, rows);
    return rows;
  };
  const find = ({ partitionKey, rowKey }: RowAddress) => rowsOf(partitionKey).get(rowKey);
  function put(row: Row): string {
    const etag = `W/"${++writes}"`;
    if (find(row) === undefined) sorted.delete(row.partitionKey);
    rowsOf(row.partitionKey).set(row.rowKey, { row: { ...row }, etag });
    return etag;
  }
  function drop({ partitionKey, rowKey }: RowAddress): void {
    if (rowsOf(partitionKey).delete(rowKey)) sorted.delete(partitionKey);
  }
  function keysOf(partitionKey: string): string[] {
    const keys = sorted.get(partitionKey) ?? [...rowsOf(partitionKey).keys()].sort();
    sorted.set(partitionKey, keys);
    return keys;
  }
  /** @returns `undefined` when the row has another etag, or is gone */
  const matching = (address: RowAddress, etag: string) => {
    const stored = find(address);
    return stored !== undefined && (etag === anyVersion || stored.etag === etag) ? stored : undefined;
  };
  function update(row: Row, etag: string, isMerge: boolean): string | 'conflict' {
    const stored = matching(row, etag);
    return stored === undefined ? 'conflict' : put(isMerge ? { ...stored.row, ...row } : row);
  }

  return {
    async get(address) {
      const stored = find(address);
      return stored === undefined ? undefined : { ...stored.row, etag: stored.etag };
    },
    async transact(actions) {
      const keys = actions.map(([, row]) => String(row.rowKey));
      if (actions.length > maxActions || new Set(keys).size < keys.length) {
        return { refusedAt: undefined, reason: new UpstreamError('invalid', 'no such transaction') };
      }
      const refusedAt = actions.findIndex(([kind, row, , options]) => {
        if (kind === 'create') return find(row as Row) !== undefined;
        return kind === 'update' && matching(row as Row, (options as { etag: string }).etag) === undefined;
      });
      if (refusedAt >= 0) return { refusedAt, reason: 'conflict' };
      return actions.map(([kind, row, mode]) => {
        if (kind === 'delete') return void drop(row as Row);
        return put(mode === 'Merge' ? { ...find(row as Row)?.row, ...(row as Row) } : (row as Row));
      });
    },
    create: async (row) => (find(row) === undefined ? put(row) : 'conflict'),
    async merge(row) {
      put({ ...find(row)?.row, ...row });
    },
    amend: async (row, etag) => update(row, etag, true),
    replace: async (row, etag) => update(row, etag, false),
    remove: async (address) => drop(address),
    async removeVersion(address, etag) {
      if (matching(address, etag) === undefined) return 'conflict';
      drop(address);
      return 'removed';
    },
    async range({ partitionKey, after, before }, limit) {
      const keys = keysOf(partitionKey);
      const rows: Row[] = [];
      for (let at = firstAfter(keys, after); at < keys.length && rows.length < limit; at++) {
        const rowKey = keys[at] as string;
        if (rowKey >= before) break;
        const stored = find({ partitionKey, rowKey });
        if (stored !== undefined) rows.push({ ...stored.row });
      }
      return rows;
    },
    async all(limit) {
      const rows = [...partitions.values()].flatMap((partition) => [...partition.values()]);
      return rows.slice(0, limit).map(({ row }) => ({ ...row }));
    },
    async scan({ partitionKey, property, atLeast, limit, cursor = '' }) {
      const found = keysOf(partitionKey)
        .filter((key) => key > cursor)
        .flatMap((rowKey) => find({ partitionKey, rowKey })?.row ?? [])
        .filter((row) => String(row[property] ?? '') >= atLeast);
      return { rows: found.slice(0, limit), next: found.length > limit ? (found[limit - 1]?.rowKey ?? null) : null };
    },
  };
}

/** Binary search; `keys` is sorted. */
function firstAfter(keys: readonly string[], after: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
