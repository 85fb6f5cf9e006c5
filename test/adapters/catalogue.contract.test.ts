/** One suite for the catalogue, on a table in memory and on the real table service. */
import { afterAll, describe, expect, test } from 'vitest';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { tableCatalogue } from '../../src/adapters/table-storage/catalogue-store.ts';
import { memoryTable } from '../../src/adapters/table-storage/memory-table.ts';
import { rowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import type { Table } from '../../src/adapters/table-storage/table.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import { noCounts } from '../../src/core/catalogue/counts.ts';
import type { CatalogueEntry } from '../../src/core/catalogue/entry.ts';
import type { CatalogueChange, CatalogueStore, ListOrder } from '../../src/core/catalogue/ports.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { digestOf, regionsOf, repositoryOf, tagOf } from '../support/build.ts';

let azurite: Azurite | undefined;
let opened = 0;
afterAll(() => azurite?.stop());

const tables: Record<string, () => Promise<Table>> = {
  memory: async () => memoryTable(),
  'Table Storage': async () => {
    azurite ??= await startAzuriteInProcess();
    const { connectionString } = azurite;
    return table(tableClient({ kind: 'connectionString', connectionString }, `catalogue${++opened}`));
  },
};

const nameOf = (n: number, repository = 'team/app') => ({
  registry: 'contoso',
  repository: repositoryOf(repository),
  digest: digestOf(n * 0x1000),
});
const entryOf = (changes: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  state: 'available',
  delayed: false,
  firstSeenAt: 1_000,
  regions: regionsOf('eastus'),
  delayedIn: [],
  lagMs: 5,
  tags: [],
  diverged: [],
  ...changes,
});

describe.each(Object.entries(tables))('the catalogue in %s', (_, open) => {
  async function opens() {
    const rows = await open();
    const store = tableCatalogue(rows, rowBatches(rows));
    const put = async (...changes: CatalogueChange[]) => {
      await store.addSearchRows(changes);
      const { version } = await store.counts('contoso');
      const outcome = await store.commit('contoso', { ...noCounts, changedAt: ++opened }, version, changes);
      await store.removeSearchRows(changes);
      return outcome;
    };
    const add = (n: number, entry: Partial<CatalogueEntry>, repository?: string) =>
      put({ name: nameOf(n, repository), before: undefined, after: entryOf(entry) });
    return { rows, store, put, add };
  }
  const listed = async (
    store: CatalogueStore,
    order: ListOrder,
    list: Parameters<CatalogueStore['page']>[0]['list'],
  ) => {
    const { entries } = await store.page({ registry: 'contoso', order, list, cursor: undefined, limit: 50 });
    return entries.map(({ name }) => Number.parseInt(name.digest.slice(-8), 16) / 0x1000);
  };

  test('keeps counts and entries together, and of two who count lets one be first', async () => {
    const { store } = await opens();
    expect(await store.counts('contoso')).toEqual({ counts: noCounts, version: undefined });
    const change = { name: nameOf(1), before: undefined, after: entryOf() };
    const counts = { ...noCounts, changedAt: 7 };
    expect(await store.commit('contoso', counts, undefined, [change])).toEqual({ version: expect.any(String) });
    expect(await store.commit('contoso', counts, undefined, [change])).toBe('conflict');
    const { version, counts: kept } = await store.counts('contoso');
    expect(kept).toEqual(counts);
    expect(await store.commit('contoso', counts, version, [])).toEqual({ version: expect.any(String) });
    const late = { name: nameOf(2), before: undefined, after: entryOf() };
    expect(await store.commit('contoso', counts, version, [late])).toBe('conflict');
    expect(await store.entry(nameOf(1))).toEqual(entryOf());
    expect(await store.entry(nameOf(2))).toBeUndefined();
    expect(await listed(store, 'newest', 'all')).toEqual([1]);
  });

  test('counts no image as new that has an entry', async () => {
    const { store, add } = await opens();
    await add(1, {});
    const { counts, version } = await store.counts('contoso');
    const again = { name: nameOf(1), before: undefined, after: entryOf({ state: 'deleted', lagMs: null }) };
    expect(await store.commit('contoso', { ...counts, changedAt: 0 }, version, [again])).toBe('conflict');
    expect(await store.counts('contoso')).toEqual({ counts, version });
    expect(await store.entry(nameOf(1))).toEqual(entryOf());
  });

  test('lists in each order, page by page, and moves an image with its state', async () => {
    const { store, put, add } = await opens();
    await add(1, { firstSeenAt: 1_000, lagMs: 900 }, 'b/app');
    await add(2, { firstSeenAt: 2_000, lagMs: 90_000 }, 'b0');
    await add(3, { firstSeenAt: 3_000, lagMs: null, state: 'replicating', delayed: true }, 'a');
    await add(4, { firstSeenAt: 4_000, lagMs: null, state: 'replicating' }, 'b/app');
    await add(5, { firstSeenAt: 5_000, lagMs: null, state: 'deleted', unpublished: true }, 'c');
    expect(await listed(store, 'newest', 'all')).toEqual([5, 4, 3, 2, 1]);
    expect(await listed(store, 'name', 'all')).toEqual([3, 4, 1, 2, 5]);
    expect(await listed(store, 'lag', 'all')).toEqual([3, 4, 2, 1, 5]);
    expect(await listed(store, 'lag', 'delayed')).toEqual([3]);
    expect(await listed(store, 'newest', 'unpublished')).toEqual([5]);
    const first = await store.page({ registry: 'contoso', order: 'name', list: 'all', cursor: undefined, limit: 2 });
    const cursor = first.next ?? '';
    const second = await store.page({ registry: 'contoso', order: 'name', list: 'all', cursor, limit: 50 });
    expect(second.entries.map(({ firstSeenAt }) => firstSeenAt)).toEqual([1_000, 2_000, 5_000]);
    expect(second.next).toBeNull();
    const before = entryOf({ firstSeenAt: 3_000, lagMs: null, state: 'replicating', delayed: true });
    await put({ name: nameOf(3, 'a'), before, after: entryOf({ firstSeenAt: 3_000 }) });
    expect(await listed(store, 'newest', 'delayed')).toEqual([]);
    expect(await listed(store, 'newest', 'replicating')).toEqual([4]);
    expect(await listed(store, 'newest', 'available')).toEqual([3, 2, 1]);
    await put({ name: nameOf(3, 'a'), before: entryOf({ firstSeenAt: 3_000 }), after: undefined });
    expect(await listed(store, 'newest', 'all')).toEqual([5, 4, 2, 1]);
    expect(await store.entry(nameOf(3, 'a'))).toBeUndefined();
  });

  test('finds by each part of a tag or repository, and by the beginning of a digest', async () => {
    const { store, put, add } = await opens();
    await add(1, { tags: [tagOf('v1.2.3'), tagOf('Release-7')] }, 'shop/cart');
    await add(2, { tags: [tagOf('v1.3.0')] }, 'shop/till');
    const byTag = async (part: string, where: 'anywhere' | 'end' = 'anywhere') =>
      (await store.byTag('contoso', part, where, 50)).map(({ name }) => name.repository).sort();
    expect(await byTag('1.2')).toEqual(['shop/cart']);
    expect(await byTag('v1')).toEqual(['shop/cart', 'shop/till']);
    expect(await byTag('ease-')).toEqual(['shop/cart']);
    expect(await byTag('v1.', 'end')).toEqual([]);
    expect(await byTag('1.3.0', 'end')).toEqual(['shop/till']);
    expect(await store.repositories('contoso', 'p/c', 50)).toEqual(['shop/cart']);
    expect(await store.repositories('contoso', 'shop', 50)).toEqual(['shop/cart', 'shop/till']);
    expect(await store.byDigest('contoso', digestOf(0x2000).slice(7), 50)).toEqual([
      { name: nameOf(2, 'shop/till'), firstSeenAt: 1_000 },
    ]);
    // The tag has moved on; the other ends as it did.
    const before = entryOf({ tags: [tagOf('v1.2.3'), tagOf('Release-7')] });
    await put({ name: nameOf(1, 'shop/cart'), before, after: entryOf({ tags: [tagOf('x.3')] }) });
    expect(await byTag('1.2')).toEqual([]);
    expect(await byTag('.3')).toEqual(['shop/cart', 'shop/till']);
  });

  test('of a tag that has come back, a late removal takes nothing away', async () => {
    const { store, put, add } = await opens();
    // The rows of the first fit in the transaction that counts it, those of the second do not.
    for (const tags of [[tagOf('v1.2')], Array.from({ length: 8 }, (_, n) => tagOf(`nightly-2026-06-0${n}`))]) {
      const name = nameOf(tags.length);
      const found = async () =>
        (await store.byTag('contoso', tags.at(-1) ?? '', 'anywhere', 50)).map((one) => one.name);
      await add(tags.length, { tags });
      expect(await found()).toEqual([name]);
      const left = { name, before: entryOf({ tags }), after: entryOf() };
      await put(left);
      expect(await found()).toEqual([]);
      const back = { name, before: entryOf(), after: entryOf({ tags }) };
      await put(back);
      await store.removeSearchRows([left]);
      expect(await found()).toEqual([name]);

      // Another has added the rows, and is about to count the image.
      await put(left);
      const { counts, version } = await store.counts('contoso');
      await store.addSearchRows([back]);
      await store.removeSearchRows([left]);
      if ((await store.commit('contoso', { ...counts, changedAt: ++opened }, version, [back])) === 'conflict')
        await put(back);
      expect(await found()).toEqual([name]);
      await put(left);
    }
  });

  test('removes what an image was found by, however much it is', async () => {
    const { store, put, add } = await opens();
    const tags = Array.from({ length: 12 }, (_, n) => tagOf(`${'a'.repeat(90)}-${n}`));
    await add(1, { tags });
    await put({ name: nameOf(1), before: entryOf({ tags }), after: entryOf({ tags: tags.slice(0, 1) }) });
    expect(await store.byTag('contoso', '-11', 'end', 50)).toEqual([]);
    expect(await store.byTag('contoso', 'a', 'anywhere', 500)).toHaveLength(64);
    expect(await store.byTag('contoso', 'a-0', 'end', 50)).toHaveLength(1);
  });

  test('goes on where a row has been cleared away by hand, and keeps an entry of any length', async () => {
    const { store, put, rows } = await opens();
    const tags = Array.from({ length: 300 }, (_, n) => tagOf(`${'a'.repeat(110)}-${n}`));
    const long = entryOf({ tags });
    const change = { name: nameOf(1), before: undefined, after: long };
    expect(await store.commit('contoso', noCounts, undefined, [change])).toEqual({ version: expect.any(String) });
    expect(await store.entry(nameOf(1))).toEqual(long);
    const partitionKey = 'contoso|catalogue';
    for (const { rowKey } of await rows.range({ partitionKey, after: 'list|', before: 'list~' }, 50)) {
      await rows.remove({ partitionKey, rowKey });
    }
    const after = entryOf({ state: 'deleted', lagMs: null });
    expect(await put({ name: nameOf(1), before: entryOf(), after })).toEqual({ version: expect.any(String) });
    expect(await listed(store, 'newest', 'deleted')).toEqual([1]);
  });
});
