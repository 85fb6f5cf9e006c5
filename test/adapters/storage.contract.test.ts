/**
 * One suite for the ports that storage implements, run in memory and on the real table service. If Azurite
 * cannot start, these tests fail: a skipped contract would prove nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  memoryCheckpointStore,
  memoryImageLists,
  memoryImageStore,
  memoryReplicaSetStore,
  memoryTagDigests,
  memoryWebhookLog,
} from '../../src/adapters/memory.ts';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { tableCheckpointStore } from '../../src/adapters/table-storage/checkpoint-store.ts';
import { tableImageLists } from '../../src/adapters/table-storage/image-lists.ts';
import { tableImageStore } from '../../src/adapters/table-storage/image-store.ts';
import { tableReplicaSetStore } from '../../src/adapters/table-storage/replica-set-store.ts';
import { rowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import { tableTagDigests } from '../../src/adapters/table-storage/tag-digests.ts';
import type { Arrival } from '../../src/core/image/arrival.ts';
import type { ImageName, ImageRecord } from '../../src/core/image/record.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import { toEventTime } from '../../src/core/model/event-time.ts';
import type { Repository, Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type {
  CheckpointStore,
  HeartbeatStore,
  ImageChange,
  ImageLists,
  ImageStore,
  ReplicaSetStore,
  StoredImage,
  TagDigests,
} from '../../src/core/ports.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';

interface Stores {
  readonly store: ImageStore;
  readonly index: ImageLists;
  readonly tags: TagDigests;
  readonly webhooks: HeartbeatStore;
  readonly sets: ReplicaSetStore;
  readonly checkpoints: CheckpointStore;
}

const stores: Record<string, () => Promise<Stores>> = {
  memory: async () => ({
    store: memoryImageStore(),
    index: memoryImageLists(),
    tags: memoryTagDigests(),
    webhooks: memoryWebhookLog(),
    sets: memoryReplicaSetStore(),
    checkpoints: memoryCheckpointStore(),
  }),
  'Table Storage': async () => {
    azurite ??= await startAzuriteInProcess();
    const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
    const open = (name: string) => table(tableClient(account, `${name}${++opened}`));
    const indexTable = open('index');
    const indexRows = rowBatches(indexTable);
    const index = tableImageLists(indexTable, indexRows);
    return {
      store: tableImageStore(open('images')),
      index,
      tags: tableTagDigests(indexTable, indexRows),
      webhooks: index.webhooks,
      sets: tableReplicaSetStore(indexTable),
      checkpoints: tableCheckpointStore(indexTable),
    };
  },
};

let azurite: Azurite | undefined;
let opened = 0;
afterAll(() => azurite?.stop());

const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}` as Digest;
const nameOf = (n: number, repository = 'team/app'): ImageName => ({
  registry: 'contoso',
  repository: repository as Repository,
  digest: digestOf(n),
});

function recordOf(name: ImageName, changes: Partial<ImageRecord> = {}): ImageRecord {
  return {
    name,
    mediaType: null,
    generation: 1,
    firstSeenAt: 1_000,
    arrivals: {
      eastus: {
        pushedAt: toEventTime(900),
        deletedAt: null,
        eventTime: toEventTime(900),
        since: 1_000,
        learnedAt: 1_000,
        evidence: ['webhook'],
        tags: { v1: toEventTime(900) },
        untagged: {},
      },
    },
    availableAt: null,
    completedFor: [],
    alreadyAnnounced: [],
    announcedAt: null,
    delayedAt: null,
    tags: {},
    uncomparedTags: [],
    announcements: [],
    forwards: [],
    requeueAt: null,
    changedAt: 1_000,
    expiredAt: null,
    writtenAs: null,
    ...changes,
  };
}

function changeOf(record: ImageRecord, changes: Partial<ImageChange> = {}): ImageChange {
  return {
    record,
    basedOn: undefined,
    ...changes,
  };
}

async function commit(store: ImageStore, change: ImageChange): Promise<StoredImage> {
  const committed = await store.commit(change);
  if (committed === 'conflict') throw new Error('conflict');
  return { record: change.record, version: committed.version };
}

describe.each(Object.keys(stores))('%s', (kind) => {
  let ports: Stores;
  beforeAll(async () => {
    const open = stores[kind];
    if (open === undefined) throw new Error(`no stores for ${kind}`);
    ports = await open();
  });

  describe('image store', () => {
    test('an image nobody has stored is undefined', async () => {
      expect(await ports.store.read(nameOf(1))).toBeUndefined();
    });

    test('what was committed is read back whole', async () => {
      const record = recordOf(nameOf(2), {
        announcements: [{ key: '000001.availableInRegion.eastus', madeAt: 1_000, publishedAt: null }],
        completedFor: ['eastus'] as Region[],
      });
      const { version } = await commit(ports.store, changeOf(record));
      expect(await ports.store.read(nameOf(2))).toEqual({ record, version });
    });

    test('a record longer than one property holds is read back whole', async () => {
      const tags = Object.fromEntries(
        Array.from({ length: 900 }, (_, i) => [`build-${i}`.padEnd(100, 'x'), toEventTime(i)]),
      );
      const arrivals = { eastus: { ...recordOf(nameOf(3)).arrivals.eastus, tags } as Arrival };
      const record = recordOf(nameOf(3), { arrivals });
      await commit(ports.store, changeOf(record));
      expect((await ports.store.read(nameOf(3)))?.record).toEqual(record);
    });

    test('of a longer record, with more regions, nothing is left in a shorter one', async () => {
      const arrival = recordOf(nameOf(7)).arrivals.eastus as Arrival;
      const tags = Object.fromEntries(
        Array.from({ length: 900 }, (_, i) => [`build-${i}`.padEnd(100, 'x'), toEventTime(i)]),
      );
      const long = recordOf(nameOf(7), { arrivals: { eastus: { ...arrival, tags }, westeurope: arrival } });
      const { version } = await commit(ports.store, changeOf(long));
      const short = recordOf(nameOf(7), { generation: 2 });
      const stored = await commit(ports.store, changeOf(short, { basedOn: version }));
      expect(await ports.store.read(nameOf(7))).toEqual(stored);
    });

    test('with another region it is read back in the version that its writer was given', async () => {
      const arrival = recordOf(nameOf(8)).arrivals.eastus as Arrival;
      const { version } = await commit(ports.store, changeOf(recordOf(nameOf(8))));
      const both = recordOf(nameOf(8), { arrivals: { eastus: arrival, westeurope: arrival } });
      const stored = await commit(ports.store, changeOf(both, { basedOn: version }));
      expect(await ports.store.read(nameOf(8))).toEqual(stored);
    });

    test('of two that create the image, one gets a conflict', async () => {
      const change = changeOf(recordOf(nameOf(4)));
      const outcomes = await Promise.all([ports.store.commit(change), ports.store.commit(change)]);
      expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(1);
    });

    test('of many that change the same version, one wins', async () => {
      const first = await commit(ports.store, changeOf(recordOf(nameOf(5))));
      const writers = Array.from({ length: 12 }, (_, i) => i);
      const outcomes = await Promise.all(
        writers.map((i) => {
          const record = recordOf(nameOf(5), { generation: 10 + i });
          return ports.store.commit(changeOf(record, { basedOn: first.version }));
        }),
      );
      expect(outcomes.filter((outcome) => outcome !== 'conflict')).toHaveLength(1);
      const winner = outcomes.findIndex((outcome) => outcome !== 'conflict');
      expect((await ports.store.read(nameOf(5)))?.record.generation).toBe(10 + winner);
    });

    describe('what the topic has accepted', () => {
      const keys = ['eastus', 'westeurope'].map((region) => `000001.availableInRegion.${region}`);
      const completion = '000001.availableInAllReplicas';
      const unpublished = (n: number) => {
        const announcements = [...keys, completion].map((key) => ({ key, madeAt: 1_000, publishedAt: null }));
        return recordOf(nameOf(n), { announcements });
      };
      const acceptedIn = async (n: number) => {
        const record = (await ports.store.read(nameOf(n)))?.record;
        return [record?.announcements.map(({ publishedAt }) => publishedAt), record?.announcedAt];
      };

      test('is in the record from then on, by whomever and in whatever order it was noted', async () => {
        await commit(ports.store, changeOf(unpublished(20)));
        await Promise.all([
          ports.store.noteAccepted(nameOf(20), [{ keys: [completion], at: 3_000 }], 3_500),
          ports.store.noteAccepted(nameOf(20), [{ keys: keys.slice(0, 1), at: 2_000 }], 3_400),
          ports.store.noteAccepted(nameOf(20), [{ keys: keys.slice(1), at: 2_500 }], 3_600),
        ]);
        expect(await acceptedIn(20)).toEqual([[2_000, 2_500, 3_000], 3_000]);
      });

      test('leaves everything else as it was', async () => {
        const { record } = await commit(ports.store, changeOf(unpublished(21)));
        await ports.store.noteAccepted(nameOf(21), [{ keys, at: 2_000 }], 2_000);
        const announcements = record.announcements.map((entry) => ({
          ...entry,
          publishedAt: keys.includes(entry.key) ? 2_000 : null,
        }));
        expect((await ports.store.read(nameOf(21)))?.record).toEqual({ ...record, announcements });
      });

      test('is not lost to whoever writes without knowing of it, and stays when they write again', async () => {
        const first = await commit(ports.store, changeOf(unpublished(22)));
        await ports.store.noteAccepted(nameOf(22), [{ keys, at: 2_000 }], 2_000);
        const change = { record: { ...first.record, generation: 2 }, basedOn: first.version };
        expect(await ports.store.commit(change)).toBe('conflict');
        const seen = await ports.store.read(nameOf(22));
        if (seen === undefined) return expect.fail('the image is gone');
        await commit(ports.store, changeOf({ ...seen.record, generation: 2 }, { basedOn: seen.version }));
        expect(await acceptedIn(22)).toEqual([[2_000, 2_000, null], null]);
      });

      test('is noted again when it was accepted again, and a time that is known stays', async () => {
        await commit(ports.store, changeOf(unpublished(23)));
        await ports.store.noteAccepted(nameOf(23), [{ keys: keys.slice(0, 1), at: 2_000 }], 2_000);
        const seen = await ports.store.read(nameOf(23));
        if (seen === undefined) return expect.fail('the image is gone');
        await commit(ports.store, changeOf(seen.record, { basedOn: seen.version }));
        await ports.store.noteAccepted(nameOf(23), [{ keys, at: 4_000 }], 4_000);
        expect(await acceptedIn(23)).toEqual([[2_000, 4_000, null], null]);
      });

      test('is forgotten with the announcement, which may be made again', async () => {
        const first = await commit(ports.store, changeOf(unpublished(26)));
        await ports.store.noteAccepted(nameOf(26), [{ keys, at: 2_000 }], 2_000);
        const seen = await ports.store.read(nameOf(26));
        if (seen === undefined) return expect.fail('the image is gone');
        const without = { ...first.record, announcements: [] };
        const { version } = await commit(ports.store, changeOf(without, { basedOn: seen.version }));
        await commit(ports.store, changeOf(first.record, { basedOn: version }));
        expect(await acceptedIn(26)).toEqual([[null, null, null], null]);
      });

      test('makes no image of one that is not there', async () => {
        await ports.store.noteAccepted(nameOf(24), [{ keys, at: 2_000 }], 2_000);
        expect(await ports.store.read(nameOf(24))).toBeUndefined();
      });

      test('stands in the way of a write based on the image as it was before', async () => {
        const stored = await commit(ports.store, changeOf(unpublished(25)));
        await ports.store.noteAccepted(nameOf(25), [{ keys, at: 2_000 }], 2_000);
        const change = changeOf(stored.record, { basedOn: stored.version });
        expect(await ports.store.commit(change)).toBe('conflict');
      });
    });

    test('the same digest in two repositories is two images', async () => {
      await commit(ports.store, changeOf(recordOf(nameOf(10, 'team/app'))));
      expect(await ports.store.read(nameOf(10, 'team-app'))).toBeUndefined();
      expect(await ports.store.read(nameOf(10, 'team/app/x'))).toBeUndefined();
    });
  });

  describe('image index', () => {
    const entryOf = (n: number, repository?: string) => ({ name: nameOf(n, repository), firstSeenAt: 1_000_000 + n });
    const page = (query: Partial<Parameters<ImageLists['page']>[0]> = {}) =>
      ports.index.page({ registry: 'contoso', list: 'all', limit: 10, ...query });

    test('pages run newest first, without gaps or repeats', async () => {
      const entries = Array.from({ length: 25 }, (_, i) => entryOf(i, i % 2 === 0 ? 'team/even' : 'team/odd'));
      await Promise.all(entries.map((entry) => ports.index.add(entry, ['all', 'replicating'])));
      const seen: number[] = [];
      let cursor: string | undefined;
      for (let pages = 1; pages <= 3; pages++) {
        const { entries: some, next } = await page({ cursor });
        seen.push(...some.map((entry) => entry.firstSeenAt));
        expect(next === null).toBe(pages === 3);
        cursor = next ?? undefined;
      }
      expect(seen).toEqual(entries.map((entry) => entry.firstSeenAt).reverse());
    });

    test('one repository is a list of its own', async () => {
      const { entries, next } = await page({ repository: 'team/odd' as Repository, limit: 20 });
      expect(entries).toHaveLength(12);
      expect(entries.every((entry) => entry.name.repository === 'team/odd')).toBe(true);
      expect(next).toBeNull();
      expect((await page({ repository: 'team/od' as Repository })).entries).toEqual([]);
    });

    test('a list goes on behind an entry that has left it meanwhile', async () => {
      const left = entryOf(22, 'team/even');
      const before = await page({ list: 'replicating', limit: 3 });
      await ports.index.remove(left, ['replicating']);
      const after = await page({ list: 'replicating', limit: 1, cursor: before.next ?? undefined });
      await ports.index.add(left, ['replicating']);
      expect(before.entries.at(-1)).toEqual(left);
      expect(after.entries.map((entry) => entry.firstSeenAt)).toEqual([1_000_021]);
    });

    test('a page that ends with the list has no next', async () => {
      expect((await page({ limit: 25 })).next).toBeNull();
    });

    test('entries leave one list and stay in the other; leaving twice is fine', async () => {
      await ports.index.remove(entryOf(24, 'team/even'), ['replicating']);
      await ports.index.remove(entryOf(24, 'team/even'), ['replicating']);
      const replicating = await page({ list: 'replicating', limit: 1 });
      expect(replicating.entries[0]?.firstSeenAt).toBe(1_000_023);
      expect((await page({ limit: 1 })).entries[0]?.firstSeenAt).toBe(1_000_024);
    });

    test('another registry has lists of its own', async () => {
      expect((await page({ registry: 'fabrikam' })).entries).toEqual([]);
    });

    test('only images first seen before a time', async () => {
      const before = await page({ before: 1_000_003, limit: 2 });
      expect(before.entries.map((entry) => entry.firstSeenAt)).toEqual([1_000_002, 1_000_001]);
      // A time before all images leaves none of the list.
      for (const none of [0, -1]) expect((await page({ before: none })).entries).toEqual([]);
      const rest = await page({ before: 1_000_003, cursor: before.next ?? undefined });
      expect(rest).toMatchObject({ entries: [{ firstSeenAt: 1_000_000 }], next: null });
    });
  });

  describe('tag index', () => {
    const tag = { registry: 'contoso', repository: 'team/app' as Repository, tag: 'v1' as Tag };

    test('gives the digests of a tag, newest first', async () => {
      expect(await ports.tags.digests(tag)).toEqual([]);
      await Promise.all([1, 3, 2].map((n) => ports.tags.note(tag, digestOf(n), toEventTime(n * 1_000))));
      expect((await ports.tags.digests(tag)).map(({ digest }) => digest)).toEqual([3, 2, 1].map(digestOf));
      expect(await ports.tags.digests({ ...tag, tag: 'V1' as Tag })).toEqual([]);
      expect(await ports.tags.digests({ ...tag, repository: 'team/other' as Repository })).toEqual([]);
    });

    test('says which note of a tag was the first, and of two at once exactly one', async () => {
      const fresh = { ...tag, tag: 'fresh' as Tag };
      const outcomes = await Promise.all([1, 2].map((n) => ports.tags.note(fresh, digestOf(n), toEventTime(n))));
      expect(outcomes.toSorted()).toEqual(['again', 'first']);
      expect(await ports.tags.note(fresh, digestOf(1), toEventTime(1))).toBe('again');
      expect(await ports.tags.digests(fresh)).toHaveLength(2);
    });

    test('forgets one digest and keeps the others', async () => {
      await ports.tags.forget(tag, digestOf(2), toEventTime(2_000));
      await ports.tags.forget(tag, digestOf(77), toEventTime(2_000));
      expect((await ports.tags.digests(tag)).map(({ digest }) => digest)).toEqual([3, 1].map(digestOf));
    });

    test('keeps a digest that was noted with a later push, and forgets the last of a tag', async () => {
      const yearly = { ...tag, tag: 'yearly' as Tag };
      await ports.tags.note(yearly, digestOf(1), toEventTime(2_000));
      await ports.tags.forget(yearly, digestOf(1), toEventTime(1_000));
      expect(await ports.tags.digests(yearly)).toEqual([{ digest: digestOf(1), pushedAt: toEventTime(2_000) }]);
      await ports.tags.forget(yearly, digestOf(1), toEventTime(2_000));
      expect(await ports.tags.digests(yearly)).toEqual([]);
    });

    test('of digests that are noted and forgotten at once, every one that was noted stays', async () => {
      const busy = { ...tag, tag: 'busy' as Tag };
      for (let n = 1; n <= 20; n++) {
        await ports.tags.note(busy, digestOf(n), toEventTime(n));
        await Promise.all([
          ports.tags.forget(busy, digestOf(n), toEventTime(n)),
          ports.tags.note(busy, digestOf(n + 1), toEventTime(n + 1)),
        ]);
        expect((await ports.tags.digests(busy)).map(({ digest }) => digest)).toEqual([digestOf(n + 1)]);
      }
    });

    test('a tag that moves with every build keeps its newest digests', async () => {
      const moving = { ...tag, tag: 'latest' as Tag };
      for (let n = 1; n <= 260; n++) await ports.tags.note(moving, digestOf(n), toEventTime(n * 1_000));
      const newest = (await ports.tags.digests(moving)).slice(0, 40).map(({ digest }) => digest);
      expect(newest).toEqual(Array.from({ length: 40 }, (_, i) => digestOf(260 - i)));
    });
  });

  describe('replica sets', () => {
    const set = { replicas: [], source: 'arm', refreshedAt: 1_000, verify: 'missing' } as const;
    const later = { ...set, refreshedAt: 2_000 };
    const versionOf = async (registry: string) => (await ports.sets.load(registry))?.version;

    test('the last one saved, per registry', async () => {
      expect(await ports.sets.load('contoso')).toBeUndefined();
      const first = await ports.sets.save('contoso', set, undefined);
      expect(await ports.sets.load('contoso')).toEqual({ set, version: (first as { version: string }).version });
      const second = await ports.sets.save('contoso', later, await versionOf('contoso'));
      expect(await ports.sets.load('contoso')).toEqual({
        set: later,
        version: (second as { version: string }).version,
      });
      expect(await ports.sets.load('fabrikam')).toBeUndefined();
    });

    test('one that another instance has replaced, or made, is in the way', async () => {
      const first = await ports.sets.save('tailspin', set, undefined);
      const { version } = first as { version: string };
      expect(await ports.sets.save('tailspin', later, undefined)).toBe('conflict');
      await ports.sets.save('tailspin', later, version);
      expect(await ports.sets.save('tailspin', set, version)).toBe('conflict');
      expect(await ports.sets.load('tailspin')).toMatchObject({ set: later });
      expect(await ports.sets.save('northwind', set, version)).toBe('conflict');
    });
  });

  test('review log: the last note saved, per registry', async () => {
    expect(await ports.checkpoints.load('contoso')).toBeUndefined();
    await ports.checkpoints.save('contoso', { set: 'missing eastus,westeurope', cursor: 'amp1-x' });
    expect(await ports.checkpoints.load('contoso')).toEqual({ set: 'missing eastus,westeurope', cursor: 'amp1-x' });
    await ports.checkpoints.save('contoso', { set: 'missing eastus,westeurope', cursor: null });
    expect(await ports.checkpoints.load('contoso')).toEqual({ set: 'missing eastus,westeurope', cursor: null });
    expect(await ports.checkpoints.load('fabrikam')).toBeUndefined();
  });

  test('webhook log: the last time of each region', async () => {
    expect(await ports.webhooks.last('contoso')).toEqual(new Map());
    await ports.webhooks.note('contoso', 'eastus' as Region, 1_000);
    await ports.webhooks.note('contoso', 'eastus' as Region, 2_000);
    await ports.webhooks.note('contoso', 'westeurope' as Region, 1_500);
    expect(await ports.webhooks.last('contoso')).toEqual(
      new Map([
        ['eastus', 2_000],
        ['westeurope', 1_500],
      ]),
    );
  });
});
