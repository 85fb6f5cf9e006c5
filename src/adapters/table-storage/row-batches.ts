/**
 * Collects writes of single rows to one partition into transactions: writes that come while one is running share the
 * next. A row in a transaction costs a fraction of a request of its own, for us and for the service; only the first
 * write of a burst goes alone.
 */
import type { TransactionAction } from '@azure/data-tables';
import type { RowAddress } from './keys.ts';
import type { Row, Table } from './table.ts';
import { anyVersion, maxActions } from './table.ts';

export interface RowBatches {
  /** @returns the new etag, or `conflict` when the row exists */
  create(row: Row): Promise<string | 'conflict'>;
  /** @returns the new etag, or `conflict` when the row has another etag or is gone */
  replace(row: Row, etag: string): Promise<string | 'conflict'>;
  /** Writes these properties and keeps the rows' others. */
  merge(rows: readonly Row[]): Promise<void>;
  /**
   * Writes these properties of an existing row, and keeps its others.
   * @param etag by default any
   * @returns the new etag, or `conflict` when the row has another etag or is gone
   */
  amend(row: Row, etag?: string): Promise<string | 'conflict'>;
  /** A missing row is no error. */
  remove(rows: readonly RowAddress[]): Promise<void>;
}

type Write =
  | { readonly kind: 'create' | 'merge'; readonly row: Row }
  | { readonly kind: 'replace' | 'amend'; readonly row: Row; readonly etag: string }
  | { readonly kind: 'remove'; readonly row: RowAddress };

type Job = Write & {
  /** For a merge or a remove the value is ignored. */
  readonly done: PromiseWithResolvers<string | 'conflict'>;
};

interface Partition {
  /** By row key, each in order of arrival: a transaction may name a row only once. */
  readonly waiting: Map<string, Job[]>;
  running: boolean;
}

/**
 * A transaction may have 4 MiB (Table service REST documentation); characters other than ASCII take more than one byte.
 */
const maxCharacters = 1_000_000;
/** Transactions tried with the same rows before each is written alone. */
const maxTogether = 3;

export function rowBatches(table: Table): RowBatches {
  const partitions = new Map<string, Partition>();

  function enqueue(write: Write): Promise<string | 'conflict'> {
    const { partitionKey, rowKey } = write.row;
    const partition = partitions.get(partitionKey) ?? { waiting: new Map<string, Job[]>(), running: false };
    partitions.set(partitionKey, partition);
    const jobs = partition.waiting.get(rowKey) ?? [];
    const last = jobs.at(-1);
    const isMerge = write.kind === 'merge' && last?.kind === 'merge';
    const job: Job = isMerge
      ? { ...write, row: { ...last.row, ...write.row }, done: last.done }
      : { ...write, done: Promise.withResolvers<string | 'conflict'>() };
    partition.waiting.set(rowKey, isMerge ? [...jobs.slice(0, -1), job] : [...jobs, job]);
    if (!partition.running) void run(partitionKey, partition);
    return job.done.promise;
  }

  async function run(partitionKey: string, partition: Partition): Promise<void> {
    partition.running = true;
    // Wait for other writes enqueued in this turn of the event loop: they share the first transaction.
    await Promise.resolve();
    while (partition.waiting.size > 0) await writeTogether(table, takeBatch(partition.waiting));
    partitions.delete(partitionKey);
  }

  return {
    create: (row) => enqueue({ kind: 'create', row }),
    replace: (row, etag) => enqueue({ kind: 'replace', row, etag }),
    amend: (row, etag = anyVersion) => enqueue({ kind: 'amend', row, etag }),
    merge: async (rows) => void (await Promise.all(rows.map((row) => enqueue({ kind: 'merge', row })))),
    remove: async (rows) => void (await Promise.all(rows.map((row) => enqueue({ kind: 'remove', row })))),
  };
}

function takeBatch(waiting: Partition['waiting']): Job[] {
  const batch: Job[] = [];
  let characters = 0;
  for (const [rowKey, [job, ...later]] of waiting) {
    if (job === undefined) continue;
    characters += lengthOf(job.row);
    if (batch.length > 0 && (batch.length >= maxActions || characters > maxCharacters)) break;
    batch.push(job);
    if (later.length === 0) waiting.delete(rowKey);
    else waiting.set(rowKey, later);
  }
  return batch;
}

function lengthOf(row: RowAddress): number {
  const isLong = (value: unknown) => typeof value === 'string' || value instanceof Uint8Array;
  return Object.values(row as Row).reduce<number>((sum, value) => sum + (isLong(value) ? value.length : 10), 0);
}

/**
 * One refused row undoes the whole transaction: that row gets its answer, and the others are written again without it.
 */
async function writeTogether(table: Table, jobs: readonly Job[]): Promise<void> {
  let rest = jobs;
  for (let attempt = 1; attempt <= maxTogether && rest.length > 1; attempt++) {
    try {
      const outcome = await table.transact(rest.map(toAction));
      if (!('refusedAt' in outcome)) {
        rest.forEach(({ done }, i) => {
          // The etag of a row is missing: `conflict` makes the caller read the row.
          done.resolve(outcome[i] ?? 'conflict');
        });
        return;
      }
      const culprit = rest[outcome.refusedAt ?? Number.NaN];
      if (culprit === undefined) break;
      if (outcome.reason !== 'conflict') culprit.done.reject(outcome.reason);
      // A merge has no condition that could conflict: written alone, it succeeds or fails.
      else if (culprit.kind === 'merge') writeAlone(table, culprit).then(culprit.done.resolve, culprit.done.reject);
      else culprit.done.resolve('conflict');
      rest = rest.filter((job) => job !== culprit);
    } catch (error) {
      for (const { done } of rest) done.reject(error);
      return;
    }
  }
  await Promise.all(rest.map((job) => writeAlone(table, job).then(job.done.resolve, job.done.reject)));
}

async function writeAlone(table: Table, job: Job): Promise<string | 'conflict'> {
  if (job.kind === 'create') return table.create(job.row);
  if (job.kind === 'replace') return table.replace(job.row, job.etag);
  if (job.kind === 'amend') return table.amend(job.row, job.etag);
  await (job.kind === 'merge' ? table.merge(job.row) : table.remove(job.row));
  return 'conflict';
}

function toAction(job: Job): TransactionAction {
  if (job.kind === 'create') return ['create', job.row];
  if (job.kind === 'replace') return ['update', job.row, 'Replace', { etag: job.etag }];
  if (job.kind === 'amend') return ['update', job.row, 'Merge', { etag: job.etag }];
  return job.kind === 'merge' ? ['upsert', job.row, 'Merge'] : ['delete', job.row];
}
