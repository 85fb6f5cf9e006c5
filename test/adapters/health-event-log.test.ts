/** Incidents in a table: of two words about one, the newer holds, whoever writes last and whoever writes between. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { tableHealthEventLog } from '../../src/adapters/table-storage/health-event-log.ts';
import type { Table } from '../../src/adapters/table-storage/table.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import type { HealthEvent } from '../../src/core/ingest/health-alert.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';

let azurite: Azurite;
let rows: Table;
let opened = 0;
beforeAll(async () => {
  azurite = await startAzuriteInProcess();
});
afterAll(() => azurite.stop());
beforeEach(() => {
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  rows = table(tableClient(account, `incidents${++opened}`));
});

const wordOf = (reportedAt: number, isOpen = true, trackingId = 'ABC-1'): HealthEvent => ({
  trackingId,
  title: `told at ${reportedAt}`,
  regions: [],
  isEverywhere: true,
  isOpen,
  startedAt: null,
  reportedAt,
});

test('the newer word holds, in whatever order they come', async () => {
  const log = tableHealthEventLog(rows);
  expect(await log.note('contoso', wordOf(2))).toBe('recorded');
  expect(await log.note('contoso', wordOf(1))).toBe('outdated');
  expect(await log.open('contoso')).toEqual([wordOf(2)]);
  expect(await log.note('contoso', wordOf(3))).toBe('recorded');
  expect(await log.open('contoso')).toEqual([wordOf(3)]);
});

test('what is over is not open, and other registries are not meant', async () => {
  const log = tableHealthEventLog(rows);
  await log.note('contoso', wordOf(1));
  await log.note('contoso', wordOf(2, false));
  await log.note('contoso', wordOf(1, true, 'ABC-2'));
  await log.note('fabrikam', wordOf(1, true, 'ABC-3'));
  expect((await log.open('contoso')).map(({ trackingId }) => trackingId)).toEqual(['ABC-2']);
});

test.each([
  ['an older', 1, 2],
  ['a newer', 3, 3],
])('%s word that comes between reading and writing', async (_, between, expected) => {
  const other = tableHealthEventLog(rows);
  let isFirst = true;
  const log = tableHealthEventLog({
    ...rows,
    async get(address) {
      const row = await rows.get(address);
      if (isFirst) await other.note('contoso', wordOf(between));
      isFirst = false;
      return row;
    },
  });
  await log.note('contoso', wordOf(2));
  expect(await other.open('contoso')).toEqual([wordOf(expected)]);
});
