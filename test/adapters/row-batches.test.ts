/**
 * Rows of many images share a transaction, and a transaction is atomic: the failure of one row must never
 * become the answer of another.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import type { RowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import { rowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import type { Row, Table } from '../../src/adapters/table-storage/table.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';

let azurite: Azurite;
let opened = 0;
let rows: Table;
let batches: RowBatches;
/** How many rows each transaction had. */
let transactions: number[];

beforeAll(async () => {
  azurite = await startAzuriteInProcess();
});
afterAll(() => azurite.stop());
beforeEach(() => {
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  const real = table(tableClient(account, `rows${++opened}`));
  transactions = [];
  rows = {
    ...real,
    transact: (actions) => {
      transactions.push(actions.length);
      return real.transact(actions);
    },
  };
  batches = rowBatches(rows);
});

const rowOf = (key: string | number, text = 'new'): Row => ({ partitionKey: 'p', rowKey: `row-${key}`, text });
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const textOf = async (key: string | number) => (await rows.get(rowOf(key)))?.text;

test('what comes in one turn is one transaction, and each row gets its own etag', async () => {
  const etags = await Promise.all(numbers(20).map((i) => batches.create(rowOf(i))));
  expect(transactions).toEqual([20]);
  for (const [i, etag] of etags.entries()) expect((await rows.get(rowOf(i)))?.etag).toBe(etag);
});

test('a row alone is no transaction', async () => {
  expect(await batches.create(rowOf(1))).not.toBe('conflict');
  expect(transactions).toEqual([]);
});

test('more than a transaction may hold are several', async () => {
  await Promise.all(numbers(250).map((i) => batches.create(rowOf(i))));
  expect(transactions).toEqual([100, 100, 50]);
});

test('other partitions do not wait for each other', async () => {
  await Promise.all(numbers(4).map((i) => batches.create({ ...rowOf(i), partitionKey: `p${i % 2}` })));
  expect(transactions).toEqual([2, 2]);
});

describe('a row that is in the way', () => {
  test('is a conflict for itself alone, whether it exists, has changed or is gone', async () => {
    const [etag = ''] = await Promise.all(['changed', 'existing'].map((key) => batches.create(rowOf(key, 'old'))));
    await rows.replace(rowOf('changed', 'newer'), etag);
    const outcomes = await Promise.all([
      batches.create(rowOf('fresh')),
      batches.replace(rowOf('changed'), etag),
      batches.create(rowOf('existing')),
      batches.replace(rowOf('gone'), etag),
      batches.create(rowOf('another')),
    ]);
    expect(outcomes.map((outcome) => outcome === 'conflict')).toEqual([false, true, true, true, false]);
    expect(await Promise.all(['fresh', 'changed', 'existing', 'gone', 'another'].map(textOf))).toEqual([
      'new',
      'newer',
      'old',
      undefined,
      'new',
    ]);
  });

  test('is a conflict for itself alone when it is to be amended and is gone', async () => {
    await batches.create({ ...rowOf(1, 'old'), kept: 'yes' });
    const outcomes = await Promise.all([
      batches.amend(rowOf('gone')),
      batches.amend(rowOf(1)),
      batches.create(rowOf(2)),
    ]);
    expect(outcomes.map((outcome) => outcome === 'conflict')).toEqual([true, false, false]);
    expect(await rows.get(rowOf('gone'))).toBeUndefined();
    expect(await rows.get(rowOf(1))).toMatchObject({ text: 'new', kept: 'yes', etag: outcomes[1] });
    expect(await batches.amend(rowOf('gone'))).toBe('conflict');
  });

  test('is a conflict for itself alone when it is to be amended and has changed', async () => {
    const etags = await Promise.all(numbers(3).map((i) => batches.create({ ...rowOf(i, 'old'), kept: 'yes' })));
    await batches.amend(rowOf(0, 'newer'));
    const outcomes = await Promise.all(numbers(2).map((i) => batches.amend(rowOf(i), etags[i])));
    expect(outcomes.map((outcome) => outcome === 'conflict')).toEqual([true, false]);
    expect(await batches.amend(rowOf(0), etags[0])).toBe('conflict');
    expect(await batches.amend(rowOf(2), etags[2])).not.toBe('conflict');
    expect(await Promise.all(numbers(3).map(textOf))).toEqual(['newer', 'new', 'new']);
    expect(await rows.get(rowOf(1))).toMatchObject({ kept: 'yes' });
  });

  test('is refused by itself when the service cannot take it', async () => {
    const tooLong = { ...rowOf('long'), text: 'x'.repeat(40_000) };
    const outcomes = await Promise.allSettled([
      batches.create(rowOf(1)),
      batches.create(tooLong),
      batches.create(rowOf(2)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'invalid' } });
  });

  test('is no fault when it is to be removed and is not there', async () => {
    await batches.create(rowOf(1));
    await batches.remove(numbers(6).map((i) => rowOf(i)));
    expect(await textOf(1)).toBeUndefined();
  });
});

test('a merge that a transaction was refused for is written by itself', async () => {
  let refusals = 0;
  const crowded = rowBatches({
    ...rows,
    transact: async (actions) => (refusals++ === 0 ? { refusedAt: 0, reason: 'conflict' } : rows.transact(actions)),
  });
  await crowded.merge(numbers(3).map((i) => rowOf(i)));
  expect(await Promise.all(numbers(3).map(textOf))).toEqual(['new', 'new', 'new']);
});

describe('one row twice', () => {
  test('merged twice at once, it has both', async () => {
    await Promise.all([batches.merge([{ ...rowOf(1), a: 1 }]), batches.merge([{ ...rowOf(1), b: 2 }])]);
    expect(await rows.get(rowOf(1))).toMatchObject({ a: 1, b: 2 });
  });

  test('of many that replace one version, one wins, and nobody else is held up', async () => {
    const etag = await batches.create(rowOf(1));
    const replaces = numbers(8).map((i) => batches.replace(rowOf(1, `by ${i}`), etag));
    const [other, ...outcomes] = await Promise.all([batches.create(rowOf(2)), ...replaces]);
    expect(other).not.toBe('conflict');
    expect(outcomes.filter((outcome) => outcome !== 'conflict')).toHaveLength(1);
    expect(await textOf(1)).toBe(`by ${outcomes.findIndex((outcome) => outcome !== 'conflict')}`);
  });
});

test('when the service does not answer, every caller gets the error', async () => {
  const down = rowBatches({ ...rows, transact: () => Promise.reject(new Error('down')) });
  const outcomes = await Promise.allSettled(numbers(3).map((i) => down.create(rowOf(i))));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});

test('no transaction is larger than the service takes', async () => {
  const columns = Object.fromEntries(numbers(20).map((i) => [`column${i}`, 'x'.repeat(20_000)]));
  await Promise.all(numbers(5).map((i) => batches.create({ ...rowOf(i), ...columns })));
  expect(transactions).toEqual([2, 2]);
  for (const i of numbers(5)) expect(await textOf(i)).toBe('new');
});
