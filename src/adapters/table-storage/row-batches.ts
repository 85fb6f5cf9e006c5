/**
 * Collects single-row writes to one partition into transactions: what comes while one is under way goes together in
 * the next. Index rows of many images share a write this way, for little more than the price of one.
 */
import type { TransactionAction } from '@azure/data-tables';
import { WorldError } from '../../core/errors.ts';
import type { RowAddress } from './keys.ts';
import type { Row, Table } from './table.ts';
import { mostActions } from './table.ts';

export interface RowBatches {
  /** Writes these properties and leaves the rows' others alone. */
  merge(rows: readonly Row[]): Promise<void>;
  /** Not finding a row is fine. */
  remove(rows: readonly RowAddress[]): Promise<void>;
}

interface Write {
  readonly row: Row;
  readonly kind: 'merge' | 'remove';
  readonly done: PromiseWithResolvers<void>;
}

interface Partition {
  waiting: Map<string, Write>;
  running: boolean;
}

export function rowBatches(table: Table): RowBatches {
  const partitions = new Map<string, Partition>();

  function enqueue(row: Row, kind: Write['kind']): Promise<void> {
    const partition = partitions.get(row.partitionKey) ?? { waiting: new Map<string, Write>(), running: false };
    partitions.set(row.partitionKey, partition);
    // A transaction may name each row only once: two merges become one, otherwise the later write wins.
    const before = partition.waiting.get(row.rowKey);
    const merged = kind === 'merge' && before?.kind === 'merge' ? { ...before.row, ...row } : row;
    const done = before?.done ?? Promise.withResolvers<void>();
    partition.waiting.set(row.rowKey, { row: merged, kind, done });
    if (!partition.running) void run(row.partitionKey, partition);
    return done.promise;
  }

  async function run(partitionKey: string, partition: Partition): Promise<void> {
    partition.running = true;
    // Whatever else is enqueued in this same turn still goes with the first transaction.
    await Promise.resolve();
    while (partition.waiting.size > 0) {
      const writes = [...partition.waiting.values()].slice(0, mostActions);
      for (const { row } of writes) partition.waiting.delete(row.rowKey);
      await writeTogether(table, writes);
    }
    partitions.delete(partitionKey);
  }

  return {
    merge: async (rows) => void (await Promise.all(rows.map((row) => enqueue(row, 'merge')))),
    remove: async (rows) => void (await Promise.all(rows.map((row) => enqueue(row, 'remove')))),
  };
}

async function writeTogether(table: Table, writes: readonly Write[]): Promise<void> {
  if (writes.length > 1) {
    try {
      const together = await table.transact(writes.map(toAction));
      if (together !== 'conflict') {
        for (const { done } of writes) done.resolve();
        return;
      }
    } catch (error) {
      if (!isOneRowsFault(error)) {
        for (const { done } of writes) done.reject(error);
        return;
      }
    }
  }
  // One row that was already gone, or cannot be written, undoes the whole transaction: then each goes by itself.
  await Promise.all(writes.map((one) => writeAlone(table, one).then(one.done.resolve, one.done.reject)));
}

function isOneRowsFault(error: unknown): boolean {
  return error instanceof WorldError && error.code === 'rejected';
}

function writeAlone(table: Table, { kind, row }: Write): Promise<void> {
  return kind === 'merge' ? table.merge(row) : table.remove(row);
}

function toAction({ kind, row }: Write): TransactionAction {
  return kind === 'merge' ? ['upsert', row, 'Merge'] : ['delete', row];
}
