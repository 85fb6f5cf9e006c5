/**
 * Collects single-row writes to one partition into transactions: what comes while one is under way goes together in
 * the next. Index rows of many images share a write this way, for little more than the price of one.
 */
import type { TransactionAction } from '@azure/data-tables';
import type { RowAddress } from './keys.ts';
import type { Row, Table } from './table.ts';
import { mostActions } from './table.ts';

export interface RowBatches {
  upsert(rows: readonly Row[]): Promise<void>;
  /** Not finding a row is fine. */
  remove(rows: readonly RowAddress[]): Promise<void>;
}

interface Write {
  readonly row: Row;
  readonly kind: 'upsert' | 'remove';
}

interface Pending {
  readonly writes: Map<string, Write>;
  readonly done: PromiseWithResolvers<void>;
}

export function rowBatches(table: Table): RowBatches {
  const partitions = new Map<string, { next: Pending; running: boolean }>();

  function enqueue(partitionKey: string, writes: readonly Write[]): Promise<void> {
    const state = partitions.get(partitionKey) ?? { next: emptyBatch(), running: false };
    partitions.set(partitionKey, state);
    // The later write to one row wins; a transaction may name each row only once.
    for (const write of writes) state.next.writes.set(write.row.rowKey, write);
    const { done } = state.next;
    if (!state.running) void run(partitionKey, state);
    return done.promise;
  }

  async function run(partitionKey: string, state: { next: Pending; running: boolean }): Promise<void> {
    state.running = true;
    while (state.next.writes.size > 0) {
      const batch = state.next;
      state.next = emptyBatch();
      try {
        const writes = [...batch.writes.values()];
        for (let i = 0; i < writes.length; i += mostActions) await write(table, writes.slice(i, i + mostActions));
        batch.done.resolve();
      } catch (error) {
        batch.done.reject(error);
      }
    }
    partitions.delete(partitionKey);
  }

  return {
    upsert: (rows) => enqueueAll(rows.map((row) => ({ row, kind: 'upsert' }))),
    remove: (rows) => enqueueAll(rows.map((row) => ({ row, kind: 'remove' }))),
  };

  async function enqueueAll(writes: readonly Write[]): Promise<void> {
    const byPartition = Map.groupBy(writes, (one) => one.row.partitionKey);
    await Promise.all([...byPartition].map(([partitionKey, some]) => enqueue(partitionKey, some)));
  }
}

function emptyBatch(): Pending {
  return { writes: new Map(), done: Promise.withResolvers<void>() };
}

async function write(table: Table, writes: readonly Write[]): Promise<void> {
  const together = writes.length > 1 ? await table.transact(writes.map(toAction)) : 'conflict';
  // One row that was already gone undoes the whole transaction: then each goes by itself.
  if (together === 'conflict') await Promise.all(writes.map((one) => writeAlone(table, one)));
}

function writeAlone(table: Table, { kind, row }: Write): Promise<void> {
  return kind === 'upsert' ? table.upsert(row) : table.remove(row);
}

function toAction({ kind, row }: Write): TransactionAction {
  return kind === 'upsert' ? ['upsert', row, 'Replace'] : ['delete', row];
}
