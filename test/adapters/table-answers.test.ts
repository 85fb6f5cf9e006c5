/**
 * What each answer of the table service means. No failure may count as an answer: a row that could not be read is not a row
 * that does not exist, and a refused write is not written.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import type { Table } from '../../src/adapters/table-storage/table.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import type { ErrorCode } from '../../src/core/runtime/errors.ts';
import type { Answer, Seen } from '../support/stand-in-service.ts';
import type { StorageStandIn } from '../support/storage-stand-in.ts';
import { hurryTimeLimits, startStorageStandIn } from '../support/storage-stand-in.ts';

const row = { partitionKey: 'p', rowKey: 'r', text: 'x' };
const etag = 'W/"1"';
const range = { partitionKey: 'p', after: 'a', before: 'z' };
const scan = { partitionKey: 'p', property: 'publishedAt', atLeast: '2026', limit: 10, cursor: undefined };

/** `transact` has answers of its own, further down. */
const reads: Record<string, (rows: Table) => Promise<unknown>> = {
  get: (rows) => rows.get(row),
  range: (rows) => rows.range(range, 10),
  scan: (rows) => rows.scan(scan),
};
const writes: Record<string, (rows: Table) => Promise<unknown>> = {
  create: (rows) => rows.create(row),
  merge: (rows) => rows.merge(row),
  amend: (rows) => rows.amend(row, etag),
  replace: (rows) => rows.replace(row, etag),
  remove: (rows) => rows.remove(row),
  removeVersion: (rows) => rows.removeVersion(row, etag),
};
const transact = (rows: Table) => rows.transact([['create', row]]);

const refusal = (status: number, code: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json;odata=minimalmetadata', 'x-ms-error-code': code },
  body: JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: 'no' } } }),
});

let service: StorageStandIn;
let rows: Table;
beforeAll(async () => {
  service = await startStorageStandIn((seen) => ({ status: seen.method === 'GET' ? 200 : 204, headers: { etag } }));
});
beforeEach(() => {
  service.seen.length = 0;
  service.misbehave = () => undefined;
  rows = table(tableClient(service.account, 'rows'));
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => service.stop());

const isMaking = ({ method, path }: Seen) => method === 'POST' && path.includes('/Tables');

describe.each<[number, string, ErrorCode]>([
  [400, 'InvalidInput', 'invalid'],
  [401, 'AuthenticationFailed', 'unauthorized'],
  [403, 'AuthorizationPermissionMismatch', 'unauthorized'],
  [408, 'RequestTimeout', 'unavailable'],
  [413, 'RequestBodyTooLarge', 'invalid'],
  [429, 'TooManyRequests', 'throttled'],
  [500, 'InternalError', 'unavailable'],
  [503, 'ServerBusy', 'throttled'],
])('%i %s', (status, code, expected) => {
  test(`is ${expected} for whatever was asked`, async () => {
    service.misbehave = () => refusal(status, code);
    const asked = Object.entries({ ...reads, ...writes });
    const ends = asked.map(async ([what, ask]) => [what, await ask(rows).catch((error: unknown) => error)]);
    const failure = expect.objectContaining({ name: 'UpstreamError', code: expected });
    expect(await Promise.all(ends)).toEqual(asked.map(([what]) => [what, failure]));
    expect(service.seen.some(isMaking)).toBe(false);
  });

  test('is no conflict for a transaction', async () => {
    service.misbehave = () => refusal(status, code);
    const end = await transact(rows).catch((error: unknown) => error);
    const failure = expect.objectContaining({ name: 'UpstreamError', code: expected });
    // One action was refused for its content: the others may be tried again without it.
    expect(end).toEqual(expected === 'invalid' ? { refusedAt: undefined, reason: failure } : failure);
  });
});

describe('a row that is in the way, changed or gone', () => {
  test.each<[number, string]>([
    [409, 'EntityAlreadyExists'],
    [412, 'UpdateConditionNotSatisfied'],
    [404, 'ResourceNotFound'],
  ])('%i %s is a conflict', async (status, code) => {
    service.misbehave = () => refusal(status, code);
    expect(await rows.create(row)).toBe('conflict');
    expect(await rows.replace(row, etag)).toBe('conflict');
    expect(await rows.amend(row, etag)).toBe('conflict');
    expect(await rows.removeVersion(row, etag)).toBe('conflict');
    expect(await transact(rows)).toMatchObject({ reason: 'conflict' });
  });

  test('is not there to be read, and need not be removed', async () => {
    service.misbehave = () => refusal(404, 'ResourceNotFound');
    expect(await rows.get(row)).toBeUndefined();
    expect(await rows.remove(row)).toBeUndefined();
  });

  test.each(['replace', 'amend', 'removeVersion'])('%s names the version it is about', async (what) => {
    await writes[what]?.(rows);
    expect(service.seen.map(({ headers }) => headers['if-match'])).toEqual([etag]);
  });
});

describe('a table that is missing', () => {
  test('has no rows, and is not made for that', async () => {
    service.misbehave = () => refusal(404, 'TableNotFound');
    expect(await rows.get(row)).toBeUndefined();
    expect(await rows.range(range, 10)).toEqual([]);
    expect(await rows.scan(scan)).toEqual({ rows: [], next: null });
    expect(service.seen.some(isMaking)).toBe(false);
  });

  test('is made for what is written', async () => {
    let isMade = false;
    service.misbehave = (seen) => {
      isMade ||= isMaking(seen);
      return isMade ? undefined : refusal(404, 'TableNotFound');
    };
    expect(await rows.create(row)).toBe(etag);
    expect(service.seen.map(isMaking)).toEqual([false, true, false]);
  });
});

describe('a list', () => {
  const pages = [[1, 2], [3, 4], [5]];
  beforeEach(() => {
    service.misbehave = ({ path }) => {
      const page = Number(new URL(path, service.origin).searchParams.get('NextRowKey') ?? 0);
      const value = (pages[page] ?? []).map((n) => ({ PartitionKey: 'p', RowKey: `r${n}` }));
      const next = { 'x-ms-continuation-nextpartitionkey': 'p', 'x-ms-continuation-nextrowkey': String(page + 1) };
      return { status: 200, headers: page + 1 < pages.length ? next : {}, body: JSON.stringify({ value }) };
    };
  });

  const keys = (found: readonly { rowKey: string }[]) => found.map(({ rowKey }) => rowKey);

  test('is read to its end, whatever the service puts on a page', async () => {
    expect(keys(await rows.range(range, 10))).toEqual(['r1', 'r2', 'r3', 'r4', 'r5']);
  });

  test('is read no further than was asked for', async () => {
    expect(keys(await rows.range(range, 3))).toEqual(['r1', 'r2', 'r3']);
    expect(service.seen).toHaveLength(2);
  });

  test('is of what lies between two keys, quotes and all', async () => {
    await rows.range({ partitionKey: "o'neill", after: "a'b", before: 'z' }, 1);
    const filter = new URL(service.seen[0]?.path ?? '', service.origin).searchParams.get('$filter');
    expect(filter).toBe("PartitionKey eq 'o''neill' and RowKey gt 'a''b' and RowKey lt 'z'");
  });
});

test.each(Object.entries({ ...reads, ...writes, transact }))(
  'that is never answered, %s fails in time',
  async (_, ask) => {
    hurryTimeLimits();
    service.misbehave = () => 'silence';
    await expect(ask(rows)).rejects.toMatchObject({ code: 'unavailable' });
  },
  5_000,
);
