/** One suite for the table of due work, run in memory and on the real table service. */

import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { memoryDueWork } from '../../src/adapters/memory-due-work.ts';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { tableDueWork } from '../../src/adapters/table-storage/due-work-table.ts';
import { dueRow } from '../../src/adapters/table-storage/keys.ts';
import type { Table } from '../../src/adapters/table-storage/table.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import type { DueWork } from '../../src/core/due-work/due-work.ts';
import type { DueItem, DueWorkStore } from '../../src/core/ports.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { digestOf, repositoryOf } from '../support/build.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const imageOf = (n: number): DueWork => ({
  kind: 'image',
  name: { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) },
});

let azurite: Azurite | undefined;
let opened = 0;
afterAll(() => azurite?.stop());

async function openTable(): Promise<Table> {
  azurite ??= await startAzuriteInProcess();
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  return table(tableClient(account, `due${++opened}`));
}

const stores: Record<string, () => Promise<DueWorkStore>> = {
  memory: async () => memoryDueWork(),
  'Table Storage': async () => tableDueWork(await openTable(), systemClock),
};

async function allDue(store: DueWorkStore, before: number, limit = 1_000): Promise<DueItem[]> {
  const found: DueItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.due({ before, cursor, limit });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

describe.each(Object.keys(stores))('%s', (kind) => {
  let store: DueWorkStore;
  beforeEach(async () => {
    const open = stores[kind];
    if (open === undefined) throw new Error(`no store for ${kind}`);
    store = await open();
  });

  test('nothing was ever added: nothing is due', async () => {
    expect(await allDue(store, now)).toEqual([]);
  });

  test('what was added is due at its time and not before, the oldest first', async () => {
    for (const [n, dueAt] of [now + 5_000, now, now + 2_000, now - 86_400_000].entries()) {
      await store.add(imageOf(n), dueAt);
    }
    await store.add(imageOf(9), now + 400 * 86_400_000);
    expect(await allDue(store, now - 86_400_001)).toEqual([]);
    expect(
      (await allDue(store, now)).map(({ work, scheduledFor, failures }) => ({ work, scheduledFor, failures })),
    ).toEqual([
      { work: imageOf(3), scheduledFor: now - 86_400_000, failures: 0 },
      { work: imageOf(1), scheduledFor: now, failures: 0 },
    ]);
    expect((await allDue(store, now + 5_000)).map(({ work }) => work)).toEqual([3, 1, 2, 0].map(imageOf));
  });

  test('whose time is not a whole number is due after it', async () => {
    await store.add(imageOf(1), now + 0.25);
    expect(await allDue(store, now)).toEqual([]);
    expect(await allDue(store, now + 1)).toMatchObject([{ work: imageOf(1), scheduledFor: now + 0.25 }]);
  });

  test('what comes in pages is whole, also when the first page is removed meanwhile', async () => {
    await Promise.all(Array.from({ length: 25 }, (_, n) => store.add(imageOf(n), now + n)));
    expect((await allDue(store, now + 100, 10)).map(({ work }) => work)).toEqual(
      Array.from({ length: 25 }, (_, n) => imageOf(n)),
    );
    const first = await store.due({ before: now + 100, cursor: undefined, limit: 10 });
    await Promise.all(first.items.map(store.remove));
    const second = await store.due({ before: now + 100, cursor: first.next ?? undefined, limit: 10 });
    expect(second.items.map(({ work }) => work)).toEqual(Array.from({ length: 10 }, (_, n) => imageOf(10 + n)));
  });

  test('what was removed is gone; removing it again is fine', async () => {
    await store.add(imageOf(1), now);
    await store.add(imageOf(2), now);
    const items = await allDue(store, now);
    for (const item of items) await store.remove(item);
    await Promise.all(items.map(store.remove));
    expect(await allDue(store, now)).toEqual([]);
  });

  test('what was added twice for the same time is one, for two times two', async () => {
    await Promise.all([store.add(imageOf(1), now), store.add(imageOf(1), now), store.add(imageOf(1), now + 0.5)]);
    await store.add(imageOf(1), now);
    const [first, second, ...others] = await allDue(store, now + 1);
    if (first === undefined || second === undefined) throw new Error('not there twice');
    expect(others).toEqual([]);
    await store.remove(first);
    expect((await allDue(store, now + 1)).map(({ key }) => key)).toEqual([second.key]);
  });

  test('what is called off is not due, and nothing else is called off with it', async () => {
    await store.add(imageOf(1), now + 0.25);
    await store.add(imageOf(1), now + 0.5);
    await store.add(imageOf(2), now + 0.25);
    await store.cancel(imageOf(1), now + 0.25);
    await store.cancel(imageOf(1), now + 0.25);
    await store.cancel(imageOf(3), now + 0.25);
    const left = (await allDue(store, now + 1)).map(({ work, scheduledFor }) => [work, scheduledFor]);
    expect(left).toHaveLength(2);
    expect(left).toContainEqual([imageOf(1), now + 0.5]);
    expect(left).toContainEqual([imageOf(2), now + 0.25]);
  });

  test('what is postponed keeps its work and when it was due first, under another key', async () => {
    const added = await store.add(imageOf(1), now);
    const [found] = await allDue(store, now);
    expect(found?.key).toBe(added.key);
    const postponed = await store.postpone(added, now + 60_000, 2);
    expect(postponed).toMatchObject({ work: imageOf(1), scheduledFor: now, failures: 2 });
    expect(postponed?.key).not.toBe(added.key);
    expect(await allDue(store, now + 59_999)).toEqual([]);
    expect(await allDue(store, now + 60_000)).toMatchObject([{ work: imageOf(1), scheduledFor: now, failures: 2 }]);
    // Nothing is left under its previous key.
    await store.remove(added);
    expect(await allDue(store, now + 60_000)).toHaveLength(1);
  });

  test('of many who postpone the same item one gets it', async () => {
    const item = await store.add(imageOf(1), now);
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, n) => store.postpone(item, now + 1_000 + n, 0)));
    expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1);
    expect(await allDue(store, now + 10_000)).toHaveLength(1);
  });

  test('what is removed is not postponed', async () => {
    const item = await store.add(imageOf(1), now);
    await store.remove(item);
    expect(await store.postpone(item, now + 1_000, 1)).toBeUndefined();
    expect(await allDue(store, now + 10_000)).toEqual([]);
  });
});

describe('Table Storage', () => {
  test('says how far the clock that added it is behind ours, or ahead', async () => {
    const rows = await openTable();
    const by = (aheadMs: number) => tableDueWork(rows, { ...systemClock, now: () => Date.now() + aheadMs });
    const aheadOf = async (aheadMs: number) => {
      const { items } = await by(aheadMs).due({ before: Date.now() + 3_600_000, cursor: undefined, limit: 10 });
      return items.map(({ clockAheadMs }) => Math.round(clockAheadMs / 10_000) * 10_000);
    };
    await by(30_000).add(imageOf(1), Date.now());
    await by(-30_000).add(imageOf(2), Date.now() + 10);
    await by(0).add(imageOf(3), Date.now() + 20);
    expect(await aheadOf(0)).toEqual([-30_000, 30_000, 0]);
    expect(await aheadOf(30_000)).toEqual([0, 60_000, 30_000]);
    // Another instance postpones it than added it.
    const { items } = await by(30_000).due({ before: Date.now() + 3_600_000, cursor: undefined, limit: 10 });
    for (const item of items) await by(30_000).postpone(item, item.scheduledFor, 1);
    expect(await aheadOf(0)).toEqual([-30_000, 30_000, 0]);
  });

  test('keeps what this version does not know as it was, whoever postpones it', async () => {
    const rows = await openTable();
    const store = tableDueWork(rows, systemClock);
    const work = JSON.stringify({ kind: 'of a later version', more: [1, 2] });
    for (const [n, text] of [work, 'no JSON'].entries()) {
      await rows.create({
        ...dueRow(now + n, 'one'),
        work: text,
        scheduledFor: String(now),
        failures: 0,
        writtenAt: '0',
      });
    }
    const items = await allDue(store, now + 1);
    expect(items).toMatchObject([
      { work: undefined, text: work },
      { work: undefined, text: 'no JSON' },
    ]);
    for (const item of items) await store.postpone(item, now, item.failures + 1);
    expect((await allDue(store, now)).map(({ text }) => text).sort()).toEqual(['no JSON', work]);
  });
});
