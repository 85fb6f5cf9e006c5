/**
 * One suite for the ports that storage fulfils, run on memory and on the real table service. If the development
 * storage cannot start, these fail: a contract that is skipped protects nobody.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryImageIndex, memoryImageStore, memoryTagIndex, memoryWebhookLog } from '../../src/adapters/memory.ts';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { tableImageIndex } from '../../src/adapters/table-storage/image-index.ts';
import { tableImageStore } from '../../src/adapters/table-storage/image-store.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import { tableTagIndex } from '../../src/adapters/table-storage/tag-index.ts';
import type { CloudEvent, OutboxEvent } from '../../src/core/announcement.ts';
import type { Digest } from '../../src/core/digest.ts';
import { toEventTime } from '../../src/core/event-time.ts';
import type { ImageName, ImageRecord } from '../../src/core/image.ts';
import type { ImageChange, ImageIndex, ImageStore, StoredImage, TagIndex, WebhookLog } from '../../src/core/ports.ts';
import type { Repository, Tag } from '../../src/core/reference.ts';
import type { Region } from '../../src/core/region.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';

interface Stores {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly tags: TagIndex;
  readonly webhooks: WebhookLog;
}

const stores: Record<string, () => Promise<Stores>> = {
  memory: async () => ({
    store: memoryImageStore(),
    index: memoryImageIndex(),
    tags: memoryTagIndex(),
    webhooks: memoryWebhookLog(),
  }),
  'Table Storage': async () => {
    azurite ??= await startAzuriteInProcess();
    const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
    const open = (name: string) => table(tableClient(account, `${name}${++opened}`));
    const index = tableImageIndex(open('index'));
    return {
      store: tableImageStore(open('images')),
      index,
      tags: tableTagIndex(open('tags')),
      webhooks: index.webhooks,
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
        since: 1_000,
        evidence: ['webhook'],
        tags: { v1: toEventTime(900) },
      },
    },
    availableAt: null,
    completedFor: [],
    announcedAt: null,
    delayedAt: null,
    announced: [],
    pending: [],
    wakeAt: null,
    changedAt: 1_000,
    ...changes,
  };
}

function eventOf(key: string): OutboxEvent {
  const event = {
    specversion: '1.0',
    id: key,
    source: 'https://contoso.azurecr.io',
    data: { text: 'x'.repeat(40_000) },
  };
  return { key, event: event as unknown as CloudEvent, publishedAt: null };
}

function changeOf(record: ImageRecord, changes: Partial<ImageChange> = {}): ImageChange {
  return {
    record,
    basedOn: undefined,
    regions: Object.keys(record.arrivals) as Region[],
    events: [],
    published: new Map(),
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
    test('an image nobody has stored is undefined, and has no events', async () => {
      expect(await ports.store.read(nameOf(1))).toBeUndefined();
      expect(await ports.store.events(nameOf(1))).toEqual([]);
      expect(await ports.store.eventsByKey(nameOf(1), ['000001.availableInRegion.eastus'])).toEqual([]);
    });

    test('what was committed is read back whole', async () => {
      const record = recordOf(nameOf(2), { announced: ['a'], pending: ['a'], completedFor: ['eastus'] as Region[] });
      const { version } = await commit(ports.store, changeOf(record));
      expect(await ports.store.read(nameOf(2))).toEqual({ record, version });
    });

    test('a record longer than one property holds is read back whole', async () => {
      const tags = Object.fromEntries(
        Array.from({ length: 900 }, (_, i) => [`build-${i}`.padEnd(100, 'x'), toEventTime(i)]),
      );
      const arrivals = { eastus: { pushedAt: toEventTime(1), deletedAt: null, since: 1, evidence: [], tags } };
      const record = recordOf(nameOf(3), { arrivals });
      await commit(ports.store, changeOf(record));
      expect((await ports.store.read(nameOf(3)))?.record).toEqual(record);
    });

    test('of two that create the image, one is told of the conflict', async () => {
      const change = changeOf(recordOf(nameOf(4)));
      const outcomes = await Promise.all([ports.store.commit(change), ports.store.commit(change)]);
      expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(1);
    });

    test('of many that change the same version, one wins and the others leave nothing behind', async () => {
      const first = await commit(ports.store, changeOf(recordOf(nameOf(5))));
      const writers = Array.from({ length: 12 }, (_, i) => i);
      const outcomes = await Promise.all(
        writers.map((i) => {
          const record = recordOf(nameOf(5), { generation: 10 + i });
          return ports.store.commit(changeOf(record, { basedOn: first.version, events: [eventOf(`writer${i}`)] }));
        }),
      );
      expect(outcomes.filter((outcome) => outcome !== 'conflict')).toHaveLength(1);
      const winner = (await ports.store.read(nameOf(5)))?.record.generation ?? 0;
      expect((await ports.store.events(nameOf(5))).map((event) => event.key)).toEqual([`writer${winner - 10}`]);
    });

    test('a change based on an image that is gone is a conflict', async () => {
      const stored = await commit(ports.store, changeOf(recordOf(nameOf(6))));
      expect(await ports.store.remove(stored)).toBe('removed');
      expect(await ports.store.commit(changeOf(stored.record, { basedOn: stored.version }))).toBe('conflict');
      expect(await ports.store.read(nameOf(6))).toBeUndefined();
    });

    test('events are stored with the change, found by key, and marked when published', async () => {
      const events = [eventOf('000001.availableInRegion.eastus'), eventOf('000002.availableInAllReplicas')];
      const stored = await commit(ports.store, changeOf(recordOf(nameOf(7)), { events }));
      expect(await ports.store.events(nameOf(7))).toEqual(events);
      expect(await ports.store.eventsByKey(nameOf(7), ['000002.availableInAllReplicas', 'none'])).toEqual([events[1]]);
      const published = new Map([['000001.availableInRegion.eastus', 5_000]]);
      await commit(ports.store, changeOf(stored.record, { basedOn: stored.version, published }));
      expect((await ports.store.events(nameOf(7))).map((event) => event.publishedAt)).toEqual([5_000, null]);
    });

    test('more marks than a transaction holds are all made', async () => {
      const events = Array.from({ length: 40 }, (_, i) => eventOf(`${i}`.padStart(6, '0')));
      let stored = await commit(ports.store, changeOf(recordOf(nameOf(8)), { events }));
      const more = Array.from({ length: 70 }, (_, i) => eventOf(`${100 + i}`.padStart(6, '0')));
      stored = await commit(ports.store, changeOf(stored.record, { basedOn: stored.version, events: more }));
      const published = new Map([...events, ...more].map((event) => [event.key, 9_000]));
      await commit(ports.store, changeOf(stored.record, { basedOn: stored.version, published }));
      expect((await ports.store.events(nameOf(8))).filter((event) => event.publishedAt !== 9_000)).toEqual([]);
    });

    test('removing takes the events too, and is refused when the image has changed', async () => {
      const first = await commit(ports.store, changeOf(recordOf(nameOf(9)), { events: [eventOf('a')] }));
      const second = await commit(ports.store, changeOf(first.record, { basedOn: first.version }));
      expect(await ports.store.remove(first)).toBe('conflict');
      expect(await ports.store.remove(second)).toBe('removed');
      expect(await ports.store.events(nameOf(9))).toEqual([]);
    });

    test('the same digest in two repositories is two images', async () => {
      await commit(ports.store, changeOf(recordOf(nameOf(10, 'team/app'))));
      expect(await ports.store.read(nameOf(10, 'team-app'))).toBeUndefined();
      expect(await ports.store.read(nameOf(10, 'team/app/x'))).toBeUndefined();
    });
  });

  describe('image index', () => {
    const entryOf = (n: number, repository?: string) => ({ name: nameOf(n, repository), firstSeenAt: 1_000_000 + n });
    const page = (query: Partial<Parameters<ImageIndex['page']>[0]> = {}) =>
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

    test('expiry gives what is due, oldest first', async () => {
      await Promise.all([3_000, 1_000, 2_000].map((at, i) => ports.index.addExpiry(nameOf(50 + i), at)));
      expect((await ports.index.expired('contoso', 2_000, 10)).map((due) => due.at)).toEqual([1_000, 2_000]);
      expect(await ports.index.expired('contoso', 2_000, 1)).toEqual([{ name: nameOf(51), at: 1_000 }]);
      await ports.index.removeExpiry(nameOf(51), 1_000);
      expect((await ports.index.expired('contoso', 2_000, 10)).map((due) => due.at)).toEqual([2_000]);
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

    test('forgets one digest and keeps the others', async () => {
      await ports.tags.forget(tag, digestOf(2));
      await ports.tags.forget(tag, digestOf(77));
      expect((await ports.tags.digests(tag)).map(({ digest }) => digest)).toEqual([3, 1].map(digestOf));
    });

    test('a tag that moves with every build keeps its newest digests', async () => {
      const moving = { ...tag, tag: 'latest' as Tag };
      for (let n = 1; n <= 260; n++) await ports.tags.note(moving, digestOf(n), toEventTime(n * 1_000));
      const newest = (await ports.tags.digests(moving)).slice(0, 40).map(({ digest }) => digest);
      expect(newest).toEqual(Array.from({ length: 40 }, (_, i) => digestOf(260 - i)));
    });
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
