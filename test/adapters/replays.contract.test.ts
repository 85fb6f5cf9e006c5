/** One suite for what a replay needs of the storage, run on memory and on the real table service. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryImageStore } from '../../src/adapters/memory.ts';
import { memoryReplayStore } from '../../src/adapters/memory-replays.ts';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { tableImageStore } from '../../src/adapters/table-storage/image-store.ts';
import { tableReplayStore } from '../../src/adapters/table-storage/replay-store.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import type { ImageRecord } from '../../src/core/image/record.ts';
import type { ImageStore, ReplayStore } from '../../src/core/ports.ts';
import type { ReplayJob } from '../../src/core/replay/replay-job.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { digestOf, pushOf, recordOf } from '../support/build.ts';

interface Stores {
  readonly images: ImageStore;
  readonly jobs: ReplayStore;
}

let azurite: Azurite | undefined;
const stores: Record<string, () => Promise<Stores>> = {
  memory: async () => ({ images: memoryImageStore(), jobs: memoryReplayStore() }),
  'Table Storage': async () => {
    azurite = await startAzuriteInProcess();
    const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
    const open = (name: string) => table(tableClient(account, name));
    return { images: tableImageStore(open('images')), jobs: tableReplayStore(open('index')) };
  },
};
afterAll(() => azurite?.stop());

const start = Date.parse('2026-06-01T12:00:00Z');

function recordPublishedAt(n: number, times: readonly (number | null)[], registry = 'contoso'): ImageRecord {
  const record = recordOf(digestOf(n), [pushOf('eastus', '2026-06-01T12:00:00Z')]);
  return {
    ...record,
    name: { ...record.name, registry },
    announcements: times.map((publishedAt, i) => ({
      key: `000001.availableInRegion.region${i}`,
      madeAt: start,
      publishedAt: publishedAt === null ? null : start + publishedAt,
    })),
  };
}

describe.each(Object.keys(stores))('%s', (kind) => {
  let images: ImageStore;
  let jobs: ReplayStore;
  beforeAll(async () => {
    const opened = await (stores[kind]?.() ?? expect.fail(kind));
    images = opened.images;
    jobs = opened.jobs;
  });

  const all = async (since: number, limit = 100, registry = 'contoso') => {
    const found: ImageRecord[] = [];
    let pages = 0;
    let cursor: string | undefined;
    do {
      const page = await images.publishedSince({ registry, since: start + since, cursor, limit });
      expect(page.images.length).toBeLessThanOrEqual(limit);
      found.push(...page.images);
      cursor = page.next ?? undefined;
      pages++;
    } while (cursor !== undefined);
    return { found, pages, numbers: found.map(({ name }) => Number.parseInt(name.digest.slice(-4), 16)).sort() };
  };

  describe('what was published since a time', () => {
    test('is nothing where nothing is stored', async () => {
      expect((await all(0)).found).toEqual([]);
    });

    test('is every image whose newest published event is not older', async () => {
      const times: (number | null)[][] = [[], [null], [1_000], [500, 2_000], [3_000, null], [2_000, 100]];
      for (const [i, some] of times.entries()) {
        const record = recordPublishedAt(i + 1, some);
        await images.commit({ record, basedOn: undefined });
      }
      expect((await all(0)).numbers).toEqual([3, 4, 5, 6]);
      expect((await all(1_000)).numbers).toEqual([3, 4, 5, 6]);
      expect((await all(1_001)).numbers).toEqual([4, 5, 6]);
      expect((await all(2_001)).numbers).toEqual([5]);
      expect((await all(3_001)).numbers).toEqual([]);
    });

    test('comes with the whole record', async () => {
      expect((await all(2_001)).found).toEqual([recordPublishedAt(5, [3_000, null])]);
    });

    test('follows the record when something is published later', async () => {
      const stored = (await images.read(recordPublishedAt(1, []).name)) ?? expect.fail('not stored');
      const committed = await images.commit({ record: recordPublishedAt(1, [9_000]), basedOn: stored.version });
      expect(committed).not.toBe('conflict');
      expect((await all(8_000)).numbers).toEqual([1]);
    });

    test('is of that registry alone, also where one name begins like another', async () => {
      for (const registry of ['contoso2', 'contos', 'contoso-2']) {
        await images.commit({ record: recordPublishedAt(77, [5_000], registry), basedOn: undefined });
      }
      expect((await all(4_000)).numbers).toEqual([1]);
      expect((await all(0, 100, 'contoso2')).numbers).toEqual([77]);
    });

    test('comes in pages, none twice and none left out', async () => {
      for (let n = 100; n < 125; n++) {
        const record = recordPublishedAt(n, n % 2 === 0 ? [50_000] : [10]);
        await images.commit({ record, basedOn: undefined });
      }
      const { numbers, pages } = await all(50_000, 5);
      expect(numbers).toEqual(Array.from({ length: 13 }, (_, i) => 100 + 2 * i));
      expect(pages).toBeGreaterThanOrEqual(3);
    });

    test('is also what was only noted beside the record, however late', async () => {
      const noteAccepted = (n: number, at: number) => {
        const keys = [`000001.availableInRegion.region${n}`];
        return images.noteAccepted(recordPublishedAt(7, []).name, [{ keys, at: start + at }], start + at + 10_000);
      };
      await images.commit({ record: recordPublishedAt(7, [null, null]), basedOn: undefined });
      await noteAccepted(1, 70_000);
      await noteAccepted(0, 60_000);
      expect((await all(70_000)).numbers).toEqual([7]);
      expect((await all(70_001)).numbers).toEqual([]);
    });
  });

  describe('replay jobs', () => {
    const jobOf = (changes: Partial<ReplayJob> = {}): ReplayJob => ({
      id: 'abc-1',
      scope: { kind: 'image', name: recordPublishedAt(1, []).name },
      requestedAt: start,
      cursor: null,
      imagesExamined: 0,
      eventsPublished: 0,
      progressAt: start,
      finishedAt: null,
      ...changes,
    });

    test('are read back as they were saved', async () => {
      expect(await jobs.load('abc')).toBeUndefined();
      const saved = await jobs.save('abc', jobOf(), undefined);
      expect(await jobs.load('abc')).toEqual({ job: jobOf(), ...(saved as object) });
      const range = { kind: 'registry', registry: 'contoso', since: start, until: start + 1 } as const;
      await jobs.save('def', jobOf({ scope: range, cursor: 'x'.repeat(40_000) }), undefined);
      expect((await jobs.load('def'))?.job).toEqual(jobOf({ scope: range, cursor: 'x'.repeat(40_000) }));
    });

    test('change only from the version that was read', async () => {
      expect(await jobs.save('abc', jobOf({ eventsPublished: 1 }), undefined)).toBe('conflict');
      const { version } = (await jobs.load('abc')) ?? expect.fail('not stored');
      expect(await jobs.save('abc', jobOf({ eventsPublished: 2 }), version)).not.toBe('conflict');
      expect(await jobs.save('abc', jobOf({ eventsPublished: 3 }), version)).toBe('conflict');
      expect((await jobs.load('abc'))?.job.eventsPublished).toBe(2);
    });

    test('are forgotten some time after their end, and never before it', async () => {
      await jobs.save('old', jobOf({ finishedAt: start + 10 }), undefined);
      await jobs.save('new', jobOf({ finishedAt: start + 20 }), undefined);
      await jobs.forget(start + 20);
      await jobs.forget(start + 20);
      const left = await Promise.all(
        ['abc', 'def', 'old', 'new'].map(async (key) => (await jobs.load(key)) !== undefined),
      );
      expect(left).toEqual([true, true, false, true]);
    });
  });
});
