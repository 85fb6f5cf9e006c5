/** One suite for the store of waits, run in memory and on the real table service. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryWaitStore } from '../../src/adapters/memory-waits.ts';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import { tableWaitStore } from '../../src/adapters/table-storage/wait-store.ts';
import type { InstanceWaits, WaitStore } from '../../src/core/ports.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';

let azurite: Azurite | undefined;
afterAll(() => azurite?.stop());

const stores: Record<string, () => Promise<WaitStore>> = {
  memory: async () => memoryWaitStore(),
  'Table Storage': async () => {
    azurite = await startAzuriteInProcess();
    const { connectionString } = azurite;
    return tableWaitStore(table(tableClient({ kind: 'connectionString', connectionString }, 'waits')));
  },
};

const waitsOf = (instance: string, count = 1): InstanceWaits => ({
  instance,
  writtenAt: count,
  waits: Array.from({ length: count }, (_, n) => ({
    ...{ kind: 'image' as const, name: `contoso.azurecr.io/team/app:v${n}`, registry: 'contoso' },
    ...{ requests: 1, since: n },
  })),
});

describe.each(Object.keys(stores))('%s', (kind) => {
  let store: WaitStore;
  beforeAll(async () => {
    const open = stores[kind];
    if (open === undefined) throw new Error(`no store for ${kind}`);
    store = await open();
  });

  test('a row for each instance, replaced by its next, gone when it is removed', async () => {
    expect(await store.list()).toEqual([]);
    await store.put(waitsOf('one', 500));
    await store.put(waitsOf('two'));
    await store.put(waitsOf('one', 2));
    const listed = await store.list();
    expect(listed.toSorted((a, b) => (a.instance < b.instance ? -1 : 1))).toEqual([waitsOf('one', 2), waitsOf('two')]);
    await store.remove('one');
    await store.remove('nobody');
    expect(await store.list()).toEqual([waitsOf('two')]);
  });
});
