/**
 * One table, with the few operations that the app needs, and the SDK's errors mapped to ours. Every call has a time
 * limit: a hanging connection must not block the image that waits for it forever.
 */
import type { ListTableEntitiesOptions, TableClient, TableEntity, TransactionAction } from '@azure/data-tables';
import { RestError } from '@azure/data-tables';
import type { HealthProbe } from '../../core/ports.ts';
import { UpstreamError } from '../../core/runtime/errors.ts';
import type { RowAddress, RowRange } from './keys.ts';

export type Row = RowAddress & Record<string, unknown>;

export interface Table {
  /** `undefined` when there is no such row. */
  get(address: RowAddress): Promise<(Row & { etag: string }) | undefined>;
  /**
   * Atomic, in one partition, at most `maxActions` actions, each row once.
   * @returns the new etag of each row, or the action that was refused
   */
  transact(actions: TransactionAction[]): Promise<readonly (string | undefined)[] | TransactionRefusal>;
  /** @returns the new etag, or `conflict` when the row exists */
  create(row: Row): Promise<string | 'conflict'>;
  /** Writes these properties and keeps the row's others. */
  merge(row: Row): Promise<void>;
  /**
   * Writes these properties of an existing row, and keeps its others.
   * @returns the new etag, or `conflict` when the row has another etag or is gone
   */
  amend(row: Row, etag: string): Promise<string | 'conflict'>;
  /** @returns the new etag, or `conflict` when the row has another etag or is gone */
  replace(row: Row, etag: string): Promise<string | 'conflict'>;
  /** A missing row is no error. */
  remove(address: RowAddress): Promise<void>;
  /** `conflict` when the row has another etag or is gone. */
  removeVersion(address: RowAddress, etag: string): Promise<'removed' | 'conflict'>;
  /**
   * Rows of one partition between two keys, in order.
   * @param onDate called for each page with the service's time, milliseconds since 1970
   */
  range(range: RowRange, limit: number, select?: string[], onDate?: (date: number) => void): Promise<Row[]>;
  /** Rows of all partitions, one request per thousand rows: for tables that stay small. */
  all(limit: number): Promise<Row[]>;
  /** One page of a partition scan; it may be empty and still have a `next`. */
  scan(query: TableScan): Promise<{ readonly rows: readonly Row[]; readonly next: string | null }>;
}

/** Nothing was written, because one action was refused. */
interface TransactionRefusal {
  /** Index of that action; `undefined` when the service does not say. */
  readonly refusedAt: number | undefined;
  /** `conflict`: a row that must be new exists, has another etag, or is gone. */
  readonly reason: 'conflict' | UpstreamError;
}

/** The rows of a partition whose text property is at or after a value. */
interface TableScan {
  readonly partitionKey: string;
  readonly property: string;
  readonly atLeast: string;
  /** At most 1000. */
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Entity group transaction: at most 100 operations (Table service REST documentation). */
export const maxActions = 100;
const callTimeoutMs = 10_000;

/** Matches a row that exists, whatever its etag. */
export const anyVersion = '*';

export function table(client: TableClient): Table {
  let creating: Promise<void> | undefined;

  /** Tables are created when an operation finds them missing, which saves a round trip that asks whether they exist. */
  async function call<T>(work: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await work(AbortSignal.timeout(callTimeoutMs));
    } catch (error) {
      if (!isTableMissing(error)) throw error;
      creating ??= client.createTable({ abortSignal: AbortSignal.timeout(callTimeoutMs) });
      await creating.finally(() => {
        creating = undefined;
      });
      return work(AbortSignal.timeout(callTimeoutMs));
    }
  }

  const fail = (error: unknown): never => {
    throw toUpstreamError(error, `table ${client.tableName}`);
  };

  const update = (row: Row, mode: 'Merge' | 'Replace', etag: string) =>
    call((abortSignal) => client.updateEntity(row as TableEntity, mode, { etag, abortSignal })).then(
      (response) => response.etag ?? 'conflict',
      (error: unknown) => (isConflict(error) ? 'conflict' : fail(error)),
    );

  async function list(options: ListTableEntitiesOptions, limit: number): Promise<Row[]> {
    const rows: Row[] = [];
    try {
      const abortSignal = AbortSignal.timeout(callTimeoutMs);
      const pages = client.listEntities({ ...options, abortSignal }).byPage({ maxPageSize: Math.min(limit, 1000) });
      for await (const page of pages) {
        rows.push(...(page as Row[]));
        if (rows.length >= limit) break;
      }
    } catch (error) {
      if (!isTableMissing(error)) fail(error);
    }
    return rows.slice(0, limit);
  }

  return {
    get: ({ partitionKey, rowKey }) =>
      client
        .getEntity<Record<string, unknown>>(partitionKey, rowKey, { abortSignal: AbortSignal.timeout(callTimeoutMs) })
        .then(
          (entity) => ({ ...entity, partitionKey, rowKey, etag: entity.etag }),
          (error: unknown) => (isMissing(error) ? undefined : fail(error)),
        ),
    transact: (actions) =>
      call((abortSignal) => client.submitTransaction(actions, { abortSignal })).then(
        (response) => response.subResponses.map((one) => one.etag),
        (error: unknown) => {
          const failure = toUpstreamError(error, `table ${client.tableName}`);
          if (isConflict(error)) return { refusedAt: refusedAt(error), reason: 'conflict' as const };
          if (failure.code === 'invalid') return { refusedAt: refusedAt(error), reason: failure };
          throw failure;
        },
      ),
    create: (row) =>
      call((abortSignal) => client.createEntity(row as TableEntity, { abortSignal })).then(
        (response) => response.etag ?? 'conflict',
        (error: unknown) => (isConflict(error) ? 'conflict' : fail(error)),
      ),
    merge: (row) => call((abortSignal) => client.upsertEntity(row, 'Merge', { abortSignal })).then(ignore, fail),
    amend: (row, etag) => update(row, 'Merge', etag),
    replace: (row, etag) => update(row, 'Replace', etag),
    remove: ({ partitionKey, rowKey }) =>
      client
        .deleteEntity(partitionKey, rowKey, { abortSignal: AbortSignal.timeout(callTimeoutMs) })
        .then(ignore, (error: unknown) => (isMissing(error) ? undefined : fail(error))),
    removeVersion: ({ partitionKey, rowKey }, etag) =>
      call((abortSignal) => client.deleteEntity(partitionKey, rowKey, { etag, abortSignal })).then(
        () => 'removed' as const,
        (error: unknown) => (isConflict(error) ? 'conflict' : fail(error)),
      ),
    range({ partitionKey, after, before }, limit, select, onDate) {
      const filter = `PartitionKey eq '${quote(partitionKey)}' and RowKey gt '${quote(after)}' and RowKey lt '${quote(before)}'`;
      const onResponse = ({ headers }: { headers: { get(name: string): string | undefined } }) =>
        onDate?.(Date.parse(headers.get('date') ?? ''));
      return list({ queryOptions: { filter, ...(select === undefined ? {} : { select }) }, onResponse }, limit);
    },
    all: (limit) => list({}, limit),
    async scan({ partitionKey, property, atLeast, limit, cursor }) {
      const filter = `PartitionKey eq '${quote(partitionKey)}' and ${property} ge '${quote(atLeast)}'`;
      const page = { maxPageSize: limit, ...(cursor === undefined ? {} : { continuationToken: cursor }) };
      try {
        const abortSignal = AbortSignal.timeout(callTimeoutMs);
        for await (const rows of client.listEntities({ queryOptions: { filter }, abortSignal }).byPage(page)) {
          return { rows: rows as Row[], next: rows.continuationToken ?? null };
        }
      } catch (error) {
        if (!isTableMissing(error)) fail(error);
      }
      return { rows: [], next: null };
    },
  };
}

/** A point read of a row that does not exist. */
export function tableHealth(any: Table): HealthProbe {
  return { name: 'tables', check: () => any.get({ partitionKey: 'health', rowKey: 'health' }).then(ignore) };
}

function ignore(): void {}

function quote(text: string): string {
  return text.replaceAll("'", "''");
}

function statusOf(error: unknown): number | undefined {
  return error instanceof RestError ? error.statusCode : undefined;
}

/** The SDK puts the service's code in `code` for transactions and in `details` for single calls. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof RestError)) return undefined;
  const details = error.details as { odataError?: { code?: string } } | undefined;
  return details?.odataError?.code ?? error.code;
}

function isTableMissing(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) === 'TableNotFound';
}

/** By the service's error code: a 404 from a proxy or another host says nothing about the row. */
function isMissing(error: unknown): boolean {
  const isRow = ['ResourceNotFound', 'EntityNotFound'].includes(codeOf(error) ?? '');
  return statusOf(error) === 404 && (isRow || isTableMissing(error));
}

/** The service begins the error message of a transaction with the index of the refused action. */
function refusedAt(error: unknown): number | undefined {
  const [, place] = /^(\d+):/.exec(error instanceof Error ? error.message : '') ?? [];
  return place === undefined ? undefined : Number(place);
}

/** 409: exists. 412: changed. 404: a row to be replaced is gone. */
function isConflict(error: unknown): boolean {
  const status = statusOf(error);
  return status === 409 || status === 412 || (isMissing(error) && !isTableMissing(error));
}

export function toUpstreamError(error: unknown, where: string): UpstreamError {
  const status = statusOf(error);
  const detail = `${where}: ${codeOf(error) ?? (error instanceof Error ? error.name : 'failed')}${status === undefined ? '' : ` (${status})`}`;
  if (status === 401 || status === 403) {
    const hint = 'check the role assignments of the identity, or the connection string';
    return new UpstreamError('unauthorized', detail, { cause: error, hint });
  }
  if (status === 429 || status === 503) return new UpstreamError('throttled', detail, { cause: error });
  // A 404 without the service's error code comes from another host.
  const isForeign = status === 404 && codeOf(error) === undefined;
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && !isForeign) {
    return new UpstreamError('invalid', detail, { cause: error });
  }
  return new UpstreamError('unavailable', detail, { cause: error });
}
