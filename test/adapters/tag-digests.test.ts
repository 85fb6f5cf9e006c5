/** The row of a tag that moves with every build: it stays within its limits, and keeps the newest digests. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import type { RowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import { rowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import type { Table } from '../../src/adapters/table-storage/table.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import { tableTagDigests } from '../../src/adapters/table-storage/tag-digests.ts';
import { toEventTime } from '../../src/core/model/event-time.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { digestOf, repositoryOf, tagOf } from '../support/build.ts';

let azurite: Azurite;
let rows: Table;
let batches: RowBatches;
let opened = 0;
beforeAll(async () => {
  azurite = await startAzuriteInProcess();
});
afterAll(() => azurite.stop());
beforeEach(() => {
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  rows = table(tableClient(account, `tags${++opened}`));
  batches = rowBatches(rows);
});

const name = { registry: 'contoso', repository: repositoryOf('team/app'), tag: tagOf('latest') };
const at = (n: number) => toEventTime(n * 1_000);
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function noteAll(from: number, to: number): Promise<void> {
  const tags = tableTagDigests(rows, batches);
  for (const n of numbers(from, to)) await tags.note(name, digestOf(n), at(n));
}

test('is made small when it is read, and keeps the newest', async () => {
  await noteAll(1, 151);
  const tags = tableTagDigests(rows, batches);
  expect(await tags.digests(name)).toHaveLength(151);
  const newest = numbers(102, 151)
    .reverse()
    .map((n) => ({ digest: digestOf(n), pushedAt: at(n) }));
  expect(await tags.digests(name)).toEqual(newest);
});

describe('a note that the service does not take', () => {
  /** As a row does that has as many properties as a row may have. */
  function failingOnce(error: UpstreamError): RowBatches {
    let isFirst = true;
    return {
      ...batches,
      async merge(some) {
        if (!isFirst) return batches.merge(some);
        isFirst = false;
        throw error;
      },
    };
  }

  test('because the row is full is stored in a smaller one', async () => {
    await noteAll(1, 60);
    const tags = tableTagDigests(rows, failingOnce(new UpstreamError('invalid', 'too many properties')));
    expect(await tags.note(name, digestOf(61), at(61))).toBe('again');
    const kept = numbers(11, 61).reverse().map(digestOf);
    expect((await tags.digests(name)).map(({ digest }) => digest)).toEqual(kept);
  });

  test('because it is away is no reason to make the row smaller', async () => {
    await noteAll(1, 60);
    const tags = tableTagDigests(rows, failingOnce(new UpstreamError('unavailable', 'away')));
    await expect(tags.note(name, digestOf(61), at(61))).rejects.toMatchObject({ code: 'unavailable' });
    expect(await tags.digests(name)).toHaveLength(60);
  });
});
