/** One suite for the store of checks, run on memory and on the real table service. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryCheckStore } from '../../src/adapters/memory-checks.ts';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { tableCheckStore } from '../../src/adapters/table-storage/check-store.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import type { Check } from '../../src/core/checks/check.ts';
import { newCheck } from '../../src/core/checks/check.ts';
import type { CheckStore, StoredCheck } from '../../src/core/checks/ports.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { requestOf } from '../support/check-instances.ts';

let azurite: Azurite | undefined;
afterAll(() => azurite?.stop());

const account = async () => {
  azurite ??= await startAzuriteInProcess();
  return { kind: 'connectionString', connectionString: azurite.connectionString } as const;
};
const stores: Record<string, () => Promise<CheckStore>> = {
  memory: async () => memoryCheckStore(),
  'Table Storage': async () => tableCheckStore(table(tableClient(await account(), 'checks'))),
};

const checkOf = (n: number, changes: Partial<Check> = {}): Check => ({
  ...newCheck(requestOf({ id: n.toString(16).padStart(40, '0') }), 'v1.encrypted', 1_000),
  ...changes,
});

describe.each(Object.keys(stores))('%s', (kind) => {
  let store: CheckStore;
  beforeAll(async () => {
    const open = stores[kind];
    if (open === undefined) throw new Error(`no store for ${kind}`);
    store = await open();
  });
  const stored = async (id: string): Promise<StoredCheck> => {
    const found = await store.read(id);
    if (found === undefined) throw new Error(`no check ${id}`);
    return found;
  };

  test('a check nobody has stored is undefined', async () => {
    expect(await store.read(checkOf(1).id)).toBeUndefined();
  });

  test('what was created is read back whole', async () => {
    const check = checkOf(2, { verdict: { result: 'failed', comment: 'für "alle" 🚀' } });
    expect(await store.create(check)).toBe('created');
    expect((await stored(check.id)).check).toEqual(check);
  });

  test('tokens longer than one property holds are read back whole', async () => {
    const check = checkOf(3, { callback: 'x'.repeat(70_000) });
    await store.create(check);
    expect((await stored(check.id)).check).toEqual(check);
    const { version } = await stored(check.id);
    expect(await store.replace({ ...check, callback: null }, version)).toBe('replaced');
    expect((await stored(check.id)).check).toEqual({ ...check, callback: null });
  });

  test('all are listed, as many as are asked for', async () => {
    await store.create(checkOf(21));
    await store.create(checkOf(22, { callback: 'x'.repeat(70_000) }));
    const listed = await store.list(1_000);
    expect(listed).toContainEqual(checkOf(21));
    expect(listed).toContainEqual(checkOf(22, { callback: 'x'.repeat(70_000) }));
    expect(await store.list(1)).toHaveLength(1);
  });

  test('of many that create it one does, and it stays as it was', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, i) => store.create(checkOf(4, { images: [`image-${i}`] }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    const winner = outcomes.indexOf('created');
    expect((await stored(checkOf(4).id)).check.images).toEqual([`image-${winner}`]);
    expect(await store.create(checkOf(4, { images: ['another'] }))).toBe('exists');
    expect((await stored(checkOf(4).id)).check.images).toEqual([`image-${winner}`]);
  });

  test('of many that change the same version one does', async () => {
    await store.create(checkOf(5));
    const { check, version } = await stored(checkOf(5).id);
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, i) => store.replace({ ...check, attempts: i + 1 }, version)),
    );
    expect(outcomes.filter((outcome) => outcome === 'replaced')).toHaveLength(1);
    expect((await stored(check.id)).check.attempts).toBe(outcomes.indexOf('replaced') + 1);
  });

  test('one that was removed is gone; changing it is a conflict, removing it again is fine', async () => {
    await store.create(checkOf(6));
    const { check, version } = await stored(checkOf(6).id);
    await store.remove(check.id);
    await store.remove(check.id);
    expect(await store.read(check.id)).toBeUndefined();
    expect(await store.replace(check, version)).toBe('conflict');
    expect(await store.read(check.id)).toBeUndefined();
  });
});
