/** One suite for the store of releases, run on memory and on the real table service. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { memoryReleaseStore } from '../../src/adapters/memory-releases.ts';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { openReleaseRow, releaseRow } from '../../src/adapters/table-storage/keys.ts';
import { tableReleaseStore } from '../../src/adapters/table-storage/release-store.ts';
import type { Table } from '../../src/adapters/table-storage/table.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import type { ReleaseStore, StoredRelease } from '../../src/core/releases/ports.ts';
import type { Release } from '../../src/core/releases/release.ts';
import { makeRevision } from '../../src/core/releases/release.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { digestOf, regionsOf } from '../support/build.ts';

let azurite: Azurite | undefined;
let opened = 0;
afterAll(() => azurite?.stop());

async function openTable(): Promise<Table> {
  azurite ??= await startAzuriteInProcess();
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  return table(tableClient(account, `releases${++opened}`));
}

const stores: Record<string, () => Promise<ReleaseStore>> = {
  memory: async () => memoryReleaseStore(),
  'Table Storage': async () => tableReleaseStore(await openTable()),
};

const content = (n = 1) => ({
  images: Array.from({ length: n }, (_, i) => `contoso.azurecr.io/team/app@${digestOf(i)}`),
  regions: regionsOf('eastus'),
  require: 'all' as const,
});
const releaseOf = (name: string, createdAt = 1_000, n = 1): Release =>
  makeRevision(name, content(n), undefined, createdAt);

async function created(store: ReleaseStore, release: Release): Promise<StoredRelease> {
  const stored = await store.create(release);
  if (stored === 'conflict') throw new Error(`there is a release ${release.name}`);
  return stored;
}

const namesOf = (found: readonly { readonly name: string }[]) => found.map(({ name }) => name).sort();

describe.each(Object.keys(stores))('%s', (kind) => {
  let store: ReleaseStore;
  beforeEach(async () => {
    const open = stores[kind];
    if (open === undefined) throw new Error(`no store for ${kind}`);
    store = await open();
  });

  test('nothing was ever stored: there is none, and lists are empty', async () => {
    expect(await store.read('shop')).toBeUndefined();
    expect(await store.page({ limit: 10 })).toEqual({ releases: [], next: null });
    expect(await store.open(10)).toEqual([]);
  });

  test('what was created is read back whole, a hundred images and all', async () => {
    const release = { ...releaseOf('shop-2.4_x', 1_000, 100), delayedAt: 5 };
    const { version } = await created(store, release);
    expect(await store.read('shop-2.4_x')).toEqual({ release, version });
    expect(await store.open(10)).toEqual([{ name: 'shop-2.4_x', createdAt: 1_000, revision: 1 }]);
  });

  test('of many that create it one does, and of many that change the same version one does', async () => {
    const all = Array.from({ length: 6 }, (_, i) => i);
    const made = await Promise.all(all.map((i) => store.create(releaseOf('shop', 1_000 + i))));
    const [first, ...more] = made.filter((one) => one !== 'conflict');
    if (first === undefined) throw new Error('nobody created it');
    expect(more).toEqual([]);
    const changed = await Promise.all(all.map((i) => store.replace({ ...first.release, delayedAt: i }, first)));
    const [winner, ...others] = changed.filter((one) => one !== 'conflict');
    expect(others).toEqual([]);
    expect(await store.read('shop')).toEqual(winner);
    expect(await store.page({ limit: 10 })).toMatchObject({ releases: [{ release: { name: 'shop' } }] });
  });

  test('open is what is not available, with the revision it has', async () => {
    const first = await created(store, releaseOf('shop'));
    await created(store, releaseOf('other', 2_000));
    const done = await store.replace({ ...first.release, availableAt: 9 }, first);
    if (done === 'conflict') throw new Error('conflict');
    expect(namesOf(await store.open(10))).toEqual(['other']);
    const announced = await store.replace({ ...done.release, announcedAt: 10 }, done);
    if (announced === 'conflict') throw new Error('conflict');
    expect(namesOf(await store.open(10))).toEqual(['other']);
    const again = await store.replace(makeRevision('shop', content(2), announced.release, 11), announced);
    expect(again).toMatchObject({ release: { revision: 2 } });
    expect(await store.open(10)).toContainEqual({ name: 'shop', createdAt: 1_000, revision: 2 });
    expect(await store.open(1)).toHaveLength(1);
  });

  test('a revision of an open one is listed once, as the newest', async () => {
    const first = await created(store, releaseOf('shop'));
    await store.replace(makeRevision('shop', content(2), first.release, 11), first);
    expect(await store.open(10)).toEqual([{ name: 'shop', createdAt: 1_000, revision: 2 }]);
  });

  test('removed is what was read, and nothing newer', async () => {
    const first = await created(store, releaseOf('shop'));
    const second = await store.replace({ ...first.release, delayedAt: 1 }, first);
    if (second === 'conflict') throw new Error('conflict');
    expect(await store.remove(first)).toBe('conflict');
    expect(await store.remove(second)).toBe('removed');
    expect(await store.remove(second)).toBe('conflict');
    expect(await store.replace(second.release, second)).toBe('conflict');
    expect(await store.read('shop')).toBeUndefined();
    expect(await store.page({ limit: 10 })).toEqual({ releases: [], next: null });
    expect(await store.open(10)).toEqual([]);
    await store.unlist(second.release);
    await created(store, releaseOf('shop', 3_000));
    await store.unlist(second.release);
    expect(namesOf(await store.open(10))).toEqual(['shop']);
  });

  test('pages are newest first, and go on where the one before ended', async () => {
    for (const n of [3, 1, 5, 2, 4]) await created(store, releaseOf(`r${n}`, n * 1_000));
    const first = await store.page({ limit: 2 });
    expect(first.releases.map(({ release }) => release.name)).toEqual(['r5', 'r4']);
    if (first.next === null) throw new Error('there are more');
    const second = await store.page({ limit: 3, after: first.next });
    expect(second.releases.map(({ release }) => release.name)).toEqual(['r3', 'r2', 'r1']);
    const last = second.next === null ? [] : (await store.page({ limit: 3, after: second.next })).releases;
    expect(last).toEqual([]);
    const old = await store.page({ limit: 10, before: 3_000 });
    expect(old.releases.map(({ release }) => release.name)).toEqual(['r2', 'r1']);
  });
});

test('an entry that was left on the list is no release, and goes', async () => {
  const rows = await openTable();
  const store = tableReleaseStore(rows);
  await created(store, releaseOf('gone'));
  await created(store, releaseOf('again'));
  for (const name of ['gone', 'again']) await rows.remove(releaseRow(name));
  await created(store, releaseOf('again', 5_000));
  expect((await store.page({ limit: 10 })).releases).toMatchObject([{ release: { name: 'again', createdAt: 5_000 } }]);
  expect(await store.page({ limit: 2 })).toMatchObject({ releases: [{}], next: null });
  expect(await store.open(10)).toHaveLength(3);
  await store.unlist({ name: 'gone', createdAt: 1_000 });
  expect(await rows.get(openReleaseRow('gone', 1_000))).toBeUndefined();
});
