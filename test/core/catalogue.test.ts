/** Counts, orders and search over all images of a registry: as if every record were read, but at the cost of one page. */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  memoryCheckpointStore,
  memoryImageLists,
  memoryImageStore,
  memoryPublisher,
  memoryTagDigests,
} from '../../src/adapters/memory.ts';
import { tableCatalogue } from '../../src/adapters/table-storage/catalogue-store.ts';
import { memoryTable } from '../../src/adapters/table-storage/memory-table.ts';
import { rowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import type { Table } from '../../src/adapters/table-storage/table.ts';
import { count, noCounts } from '../../src/core/catalogue/counts.ts';
import type { CatalogueEntry } from '../../src/core/catalogue/entry.ts';
import { entryOf } from '../../src/core/catalogue/entry.ts';
import type { ListOrder } from '../../src/core/catalogue/ports.ts';
import { parseSearch } from '../../src/core/catalogue/search.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { ImageName, ImageRecord } from '../../src/core/image/record.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { ListableState } from '../../src/core/query/list-images.ts';
import { listImages } from '../../src/core/query/list-images.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import {
  deleteOf,
  digestOf,
  pushOf,
  regionsOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
} from '../support/build.ts';
import { attachmentOf, indexOf, indexType, manifestType, memoryManifests, platformOf } from '../support/index-of.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryCatalogue, memoryTracker, passTime } from '../support/memory-tracker.ts';

const registry = registryOf();
const nameOf = (n: number, repository = 'team/app'): ImageName => ({
  registry: 'contoso',
  repository: repositoryOf(repository),
  digest: digestOf(n),
});
const nowOf = (clock: ManualClock) => new Date(clock.now()).toISOString();

test('what is pushed is counted at once, by region as well, and counted again as it replicates', async () => {
  const setup = memoryTracker({ ports: { catalogue: memoryCatalogue() } });
  const { tracker, clock } = setup;
  await tracker.receive({ name: nameOf(1), fact: pushOf('eastus', nowOf(clock), { tag: 'v1' }) });
  await tracker.receive({ name: nameOf(2), fact: pushOf('eastus', nowOf(clock)) });
  await tracker.receive({ name: nameOf(2), fact: pushOf('westeurope', nowOf(clock)) });
  await clock.advance(2_000);
  await clock.settle();
  expect(await tracker.summary(registry)).toMatchObject({
    images: { available: 1, replicating: 1, deleting: 0, deleted: 0 },
    delayed: 0,
    divergedTags: 0,
    regions: [
      { region: 'eastus', available: 2, missing: 0 },
      { region: 'westeurope', available: 1, missing: 1 },
    ],
  });
  await passTime(setup, 1_000_000, 10_000);
  expect(await tracker.summary(registry)).toMatchObject({
    delayed: 1,
    regions: [{ delayed: 0 }, { region: 'westeurope', missing: 1, delayed: 1 }],
  });
  await tracker.receive({ name: nameOf(1), fact: pushOf('westeurope', nowOf(clock), { tag: 'v1' }) });
  await clock.advance(2_000);
  await clock.settle();
  expect(await tracker.summary(registry)).toMatchObject({ images: { available: 2, replicating: 0 }, delayed: 0 });
});

test('what was delayed, and is being deleted, is counted and listed as delayed no more', async () => {
  const three = registryOf({ regions: regionsOf('eastus', 'uksouth', 'westeurope') });
  const setup = memoryTracker({ registries: [three], ports: { catalogue: memoryCatalogue() } });
  const { tracker, clock } = setup;
  for (const region of ['eastus', 'uksouth']) {
    await tracker.receive({ name: nameOf(1), fact: pushOf(region, nowOf(clock)) });
  }
  await passTime(setup, 1_000_000, 10_000);
  const listed = async (sort: ListOrder) => {
    const query = { registry: three, repository: undefined, region: undefined, missing: false, cursor: undefined };
    return (await tracker.images({ ...query, state: 'delayed', sort, limit: 50 })).images.map(({ state }) => state);
  };
  expect(await tracker.summary(three)).toMatchObject({ images: { replicating: 1 }, delayed: 1 });
  expect([await listed('newest'), await listed('lag')]).toEqual([['replicating'], ['replicating']]);

  await tracker.receive({ name: nameOf(1), fact: deleteOf('uksouth', nowOf(clock)) });
  await clock.advance(2_000);
  await clock.settle();
  const none = { delayed: 0, missing: 0 };
  expect(await tracker.summary(three)).toMatchObject({
    ...{ images: { replicating: 0, deleting: 1 }, delayed: 0, regions: [none, none, none] },
  });
  expect([await listed('newest'), await listed('lag')]).toEqual([[], []]);
});

test('what was deleted everywhere is found by the tag that it had, with when and where', async () => {
  const setup = memoryTracker({ ports: { catalogue: memoryCatalogue() } });
  const { tracker, clock } = setup;
  const both = ['eastus', 'westeurope'];
  for (const region of both) {
    await tracker.receive({ name: nameOf(1), fact: pushOf(region, nowOf(clock), { tag: '1.2' }) });
  }
  await passTime(setup, 60_000, 5_000);
  for (const region of both) await tracker.receive({ name: nameOf(1), fact: deleteOf(region, nowOf(clock)) });
  const list = { registry, repository: undefined, state: undefined, region: undefined, missing: false, limit: 50 };
  const find = async (text: string) =>
    (await tracker.images({ ...list, cursor: undefined, search: parseSearch(text, registry) })).images;
  const regions = both.map((region) => ({
    region,
    state: 'deleted',
    since: nowOf(clock).replace(/(\.\d{3})\d*/, '$1'),
  }));
  await clock.advance(2_000);
  await clock.settle();
  for (const text of ['team/app:1.2', '1.2']) {
    expect(await find(text)).toMatchObject([{ digest: digestOf(1), state: 'deleted', tags: ['1.2'], regions }]);
  }
  // The tag was pushed again: it is the new image's.
  await tracker.receive({ name: nameOf(2), fact: pushOf('eastus', nowOf(clock), { tag: '1.2' }) });
  await clock.advance(2_000);
  await clock.settle();
  expect((await find('team/app:1.2'))[0]).toMatchObject({ digest: digestOf(2), state: 'replicating' });
});

test('what only some regions have deleted is listed as that, in every order, until it is gone from all', async () => {
  const setup = memoryTracker({ ports: { catalogue: memoryCatalogue() } });
  const { tracker, clock } = setup;
  const report = (n: number, kind: 'push' | 'delete', region: string) =>
    tracker.receive({ name: nameOf(n), fact: (kind === 'push' ? pushOf : deleteOf)(region, nowOf(clock)) });
  for (const n of [1, 2, 3]) for (const region of ['eastus', 'westeurope']) await report(n, 'push', region);
  await passTime(setup, 60_000, 5_000);
  await report(2, 'delete', 'eastus');
  await passTime(setup, 60_000, 5_000);
  const list = {
    registry,
    region: undefined,
    missing: false,
    limit: 50,
    cursor: undefined,
    state: 'deleting' as const,
  };
  const repository = repositoryOf('team/app');
  const asked = [{ repository: undefined }, { repository }, { repository: undefined, sort: 'name' as const }];
  const digests = () =>
    Promise.all(
      asked.map(async (one) => (await tracker.images({ ...list, ...one })).images.map(({ digest }) => digest)),
    );
  expect(await digests()).toEqual(asked.map(() => [digestOf(2)]));
  // Nor is it missing in the region that has deleted it.
  const missing = { ...list, state: undefined, missing: true, repository: undefined };
  expect((await tracker.images(missing)).images).toEqual([]);
  expect((await tracker.images({ ...missing, region: regionsOf('eastus')[0] })).images).toEqual([]);
  expect((await tracker.replicas(registry)).regions.map(({ missingImages }) => missingImages)).toEqual([0, 0]);
  await report(2, 'delete', 'westeurope');
  await passTime(setup, 60_000, 5_000);
  expect(await digests()).toEqual(asked.map(() => []));
});

test('platforms of an index and what is attached to an image are counted with it', async () => {
  const [amd, arm] = [platformOf(21, 'amd64'), platformOf(22, 'arm64')];
  const index = indexOf(amd, arm);
  const attached = attachmentOf(index.digest, 'application/vnd.cncf.notary.signature');
  const ports = { manifests: memoryManifests(index, attached), catalogue: memoryCatalogue() };
  const setup = memoryTracker({ ports });
  const { tracker, clock } = setup;
  await clock.settle();
  const report = async (digest: Digest, kind: 'push' | 'delete', tag?: string) => {
    const name = { ...nameOf(1), digest };
    for (const region of ['eastus', 'westeurope']) {
      const of = {
        mediaType: digest === index.digest ? indexType : manifestType,
        ...(tag === undefined ? {} : { tag }),
      };
      const fact = kind === 'push' ? pushOf(region, nowOf(clock), of) : deleteOf(region, nowOf(clock), of);
      await tracker.receive({ name, fact });
      await clock.settle();
    }
  };
  // Pushed before the index and after it: the first was counted by itself until then.
  await report(amd.digest, 'push');
  await passTime(setup, 60_000, 5_000);
  expect(await tracker.summary(registry)).toMatchObject({ images: { available: 1 } });
  await report(index.digest, 'push', 'v1');
  await report(arm.digest, 'push');
  await report(attached.digest, 'push');
  await report(digestOf(7), 'push', `${index.digest.replace(':', '-')}.sig`);
  await passTime(setup, 60_000, 5_000);
  expect(await tracker.summary(registry)).toMatchObject({
    images: { available: 1, replicating: 0, deleted: 0 },
    regions: [{ available: 1, missing: 0 }, { available: 1 }],
  });
  const { regions } = await tracker.replicas(registry);
  expect(regions.map(({ lag }) => lag.count)).toEqual([1, 1]);
  await report(index.digest, 'delete');
  await passTime(setup, 60_000, 5_000);
  expect(await tracker.summary(registry)).toMatchObject({ images: { available: 0, deleted: 1 } });
});

test('a tag that two regions resolve to two digests is diverged in the one that is behind, until it follows', async () => {
  const catalogue = memoryCatalogue();
  const setup = memoryTracker({ ports: { catalogue } });
  const { tracker, clock } = setup;
  const push = (n: number, region: string) =>
    tracker.receive({ name: nameOf(n), fact: pushOf(region, nowOf(clock), { tag: 'prod' }) });
  await push(1, 'eastus');
  await push(1, 'westeurope');
  await passTime(setup, 60_000, 5_000);
  await push(2, 'eastus');
  await passTime(setup, 1_000_000, 5_000);
  await tracker.recount(nameOf(2));
  expect(await tracker.summary(registry)).toMatchObject({
    divergedTags: 1,
    regions: [{ divergedTags: 0 }, { region: 'westeurope', divergedTags: 1 }],
  });
  // It is counted again, since a tag can diverge without a write.
  expect(catalogue.reminders.filter(({ name }) => name.digest === digestOf(2)).length).toBeGreaterThan(1);
  const list = { registry, repository: undefined, region: undefined, missing: false, limit: 50, cursor: undefined };
  const { images } = await tracker.images({ ...list, state: 'diverged' });
  expect(images.map(({ digest }) => digest)).toEqual([digestOf(2)]);
  // With every other filter of the list.
  const repository = repositoryOf('team/app');
  const search = parseSearch('app', registry);
  for (const narrowed of [{ search }, { repository }, { repository, sort: 'lag' as const }, { search, repository }]) {
    const found = await tracker.images({ ...list, ...narrowed, state: 'diverged' });
    expect(found.images.map(({ digest }) => digest)).toEqual([digestOf(2)]);
  }
  // Every list names the tag and the regions, and says of other images that nothing has diverged.
  const prod = parseSearch('team/app:prod', registry);
  for (const listed of [{}, { search: prod }, { search }, { repository }, { sort: 'lag' as const }]) {
    const found = await tracker.images({ ...list, ...listed, state: undefined });
    const diverged = found.images.map(({ digest, divergedTags }) => [digest, divergedTags]);
    expect(diverged).toContainEqual([digestOf(2), [{ tag: 'prod', regions: ['westeurope'] }]]);
    expect(diverged.filter(([digest]) => digest === digestOf(1))).toEqual(
      prod === listed.search ? [] : [[digestOf(1), []]],
    );
  }
  await push(2, 'westeurope');
  await clock.advance(2_000);
  await clock.settle();
  expect(await tracker.summary(registry)).toMatchObject({ divergedTags: 0, images: { available: 2 } });
  expect((await tracker.images({ ...list, state: 'diverged' })).images).toEqual([]);
});

test('an image with an event that the topic refuses is counted and listed until it is accepted, on any instance', async () => {
  const catalogue = memoryCatalogue();
  const accepting = memoryPublisher();
  let isRefused = true;
  const publisher = {
    async publish(events: readonly CloudEvent[]) {
      if (isRefused && events.some(({ subject }) => subject.endsWith(digestOf(1)))) {
        throw new UpstreamError('invalid', 'Event Grid topic (400)');
      }
      return accepting.publish(events);
    },
  };
  const shared = { catalogue, publisher, store: memoryImageStore(), lists: memoryImageLists() };
  const setup = memoryTracker({ ports: shared });
  const { tracker, clock } = setup;
  for (const n of [1, 2]) {
    for (const region of ['eastus', 'westeurope']) {
      await tracker.receive({ name: nameOf(n), fact: pushOf(region, nowOf(clock)) });
    }
  }
  await clock.advance(5_000);
  await clock.settle();
  const query = { registry, region: undefined, missing: false, limit: 50, cursor: undefined };
  const listed = async (repository?: 'team/app') => {
    const asked = { ...query, repository: repository && repositoryOf(repository), state: 'unpublished' } as const;
    return (await tracker.images(asked)).images.map(({ digest, state }) => [digest, state]);
  };
  const allOf = async () => (await tracker.images({ ...query, repository: undefined, state: undefined })).images;
  // The first refusal is stored ten seconds later at the latest, whichever instance evaluates the image next.
  await clock.advance(15_000);
  await clock.settle();
  expect(await tracker.summary(registry)).toMatchObject({ images: { available: 2 }, unpublished: 1 });
  expect(await listed()).toEqual([[digestOf(1), 'available']]);
  expect(await listed('team/app')).toEqual(await listed());
  const attempts = { events: 3, attempts: expect.any(Number), lastAt: expect.stringMatching(/Z$/) };
  expect((await allOf()).map(({ digest, unpublished }) => [digest, unpublished])).toEqual([
    [digestOf(1), { ...attempts, lastError: 'invalid: Event Grid topic (400)' }],
    [digestOf(2), undefined],
  ]);
  await passTime(setup, 10_800_000, 60_000);
  await tracker.recount(nameOf(1));
  const nextAt = catalogue.reminders.at(-1)?.at ?? 0;
  expect(nextAt - clock.now()).toBeGreaterThan(0);
  expect(nextAt - clock.now()).toBeLessThanOrEqual(600_000);

  isRefused = false;
  // Another instance publishes it and stores that beside the record, which is not written.
  const keys = (await shared.store.read(nameOf(1)))?.record.announcements.map(({ key }) => key) ?? [];
  await shared.store.noteAccepted(nameOf(1), [{ keys, at: clock.now() }], clock.now());
  expect(await listed()).toEqual([]);
  await tracker.recount(nameOf(1));
  expect(await tracker.summary(registry)).toMatchObject({ images: { available: 2 }, unpublished: 0 });
});

test('with several instances, of which any may die, every image is counted once', {
  timeout: 120_000,
}, async () => {
  const regions = ['eastus', 'westeurope', 'japaneast'];
  const step = fc.record({
    instance: fc.nat(1),
    image: fc.nat(3),
    region: fc.nat(2),
    kind: fc.constantFrom('push' as const, 'push' as const, 'delete' as const),
    tag: fc.constantFrom(undefined, 'v1', 'v2'),
    pause: fc.constantFrom(0, 0, 1, 2_000, 4_000, 70_000),
    isLost: fc.boolean(),
    // So that one counts what it has written long ago, and the other has counted what it wrote since.
    slowMs: fc.constantFrom(0, 0, 3_000, 20_000),
    sweeper: fc.nat(1),
  });
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
  const plain = { kind: 'push', tag: undefined, pause: 0, isLost: false, slowMs: 0, sweeper: 0 } as const;
  /** Cases that random runs find too seldom. */
  const examples: readonly Step[][] = [
    // A slow instance counts what another has undone since. That one finds nothing to count: only its timer repairs it.
    [
      { ...plain, instance: 1, image: 0, region: 0, pause: 4_000 },
      { ...plain, instance: 1, image: 1, region: 0 },
      { ...plain, instance: 1, image: 1, region: 1, pause: 4_000 },
      { ...plain, instance: 1, image: 1, region: 2, pause: 2_000, slowMs: 20_000 },
      { ...plain, instance: 0, image: 1, region: 2, pause: 4_000, kind: 'delete' },
    ],
    // An instance reads and counts what another has written, and then has still to count its own write before that.
    [
      { ...plain, instance: 1, image: 0, region: 0, pause: 70_000, isLost: true, slowMs: 20_000 },
      { ...plain, instance: 0, image: 0, region: 0, sweeper: 1 },
      { ...plain, instance: 1, image: 0, region: 0, kind: 'delete', sweeper: 1 },
    ],
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const clock = manualClock();
      const shared = { store: memoryImageStore(), lists: memoryImageLists(), tags: memoryTagDigests() };
      const catalogue = memoryCatalogue();
      // An instance that dies before it has counted leaves only its timers.
      const isDead = { commit: false };
      let slowMs = 0;
      const dying = {
        ...catalogue,
        store: {
          ...catalogue.store,
          async counts(of: string) {
            if (slowMs > 0) await clock.sleep(slowMs);
            return catalogue.store.counts(of);
          },
          commit: (...args: Parameters<typeof catalogue.store.commit>) =>
            isDead.commit ? new Promise<never>(() => undefined) : catalogue.store.commit(...args),
        },
      };
      const parts = { clock, ports: { ...shared, catalogue: dying, checkpoints: memoryCheckpointStore() } };
      const registries = [registryOf({ regions: regionsOf('eastus', 'westeurope') })];
      const instances = [memoryTracker({ ...parts, registries }), memoryTracker({ ...parts, registries })];
      for (const step of steps) {
        const { instance, image, region, kind, tag, pause } = step;
        isDead.commit = step.isLost;
        slowMs = step.slowMs;
        const at = nowOf(clock);
        const input = tag === undefined ? {} : { tag };
        const where = regions[region] ?? '';
        const fact = kind === 'push' ? pushOf(where, at, input) : deleteOf(where, at);
        await instances[instance]?.tracker.receive({ name: nameOf(image), fact });
        await clock.advance(pause);
        for (const { name, at: due } of [...catalogue.reminders]) {
          // As a sweep does: a timer is removed once its work is done, and not before.
          if (due <= clock.now())
            void instances[step.sweeper]?.tracker.recount(name).then(() => catalogue.timer.cancel(name, due));
        }
        await clock.settle();
      }
      isDead.commit = false;
      slowMs = 0;
      for (let passed = 0; passed < 60_000; passed += 1_000) {
        await clock.advance(1_000);
        await clock.settle();
      }
      // All instances are new ones, and all timers fire.
      const left = memoryTracker({ ...parts, registries }).tracker;
      for (const { name } of catalogue.reminders.splice(0)) await left.recount(name);
      const set = replicaSetOf(registries[0] as Registry);
      const entries = await Promise.all(
        [0, 1, 2, 3].map(async (n) => entryOf((await shared.store.read(nameOf(n)))?.record, set)),
      );
      const noted = await Promise.all([0, 1, 2, 3].map((n) => catalogue.store.entry(nameOf(n))));
      // How long a tag has been diverged is a matter of time.
      const withoutDiverged = (all: typeof noted) => all.map((entry) => entry && { ...entry, diverged: [] });
      expect(withoutDiverged(noted)).toEqual(withoutDiverged(entries));
      const whole = entries.reduce((sum, entry) => count(sum, entry, 1), noCounts);
      const { counts } = await catalogue.store.counts('contoso');
      expect(counts.images).toEqual(whole.images);
      const there = (of: typeof whole) =>
        Object.fromEntries(Object.entries(of.regions).map(([region, { available }]) => [region, available]));
      for (const [region, available] of Object.entries(there(counts)))
        expect(available).toBe(there(whole)[region] ?? 0);
      const listed = await catalogue.store.page({
        ...{ registry: 'contoso', order: 'name', list: 'all' },
        cursor: undefined,
        limit: 50,
      });
      expect(listed.entries).toHaveLength(entries.filter((entry) => entry !== undefined).length);
    }),
    { numRuns: 400, examples: examples.map((steps) => [steps]) },
  );
});

test('an image is counted at the price that the page about operations states', async () => {
  const { table, during } = countedTable();
  const reminders: ImageName[] = [];
  const cancelled: ImageName[] = [];
  let reads = 0;
  const images = memoryImageStore();
  const store = {
    ...images,
    async read(name: ImageName) {
      reads++;
      return images.read(name);
    },
  };
  const timer = {
    remind: async (name: ImageName) => void reminders.push(name),
    cancel: async (name: ImageName) => void cancelled.push(name),
  };
  const ports = {
    store,
    lists: memoryImageLists(),
    catalogue: { store: tableCatalogue(table, rowBatches(table)), timer },
  };
  const { tracker, clock } = memoryTracker({ ports });
  const countIt = async (by: typeof tracker, n: number, regions: readonly string[]) => {
    for (const region of regions)
      await by.receive({ name: nameOf(n), fact: pushOf(region, nowOf(clock), { tag: `v${n}` }) });
    await clock.settle();
    reads = 0;
    reminders.splice(0);
    cancelled.splice(0);
    const { requests } = await during(async () => {
      await clock.advance(2_000);
      await clock.settle();
    });
    return requests + reads + cancelled.length;
  };
  const both = ['eastus', 'westeurope'];
  await countIt(tracker, 1, both);
  // A single instance knows the entries it has counted, and cancels the timer.
  expect(await countIt(tracker, 2, both)).toBe(4);
  expect(cancelled).toHaveLength(1);

  const other = memoryTracker({ ports, clock }).tracker;
  await countIt(other, 3, both);
  // Entries that another instance may have counted are read: 5 requests, and the timer.
  expect(await countIt(tracker, 4, both)).toBe(6);
  await countIt(other, 5, both);
  expect(await countIt(tracker, 5, [])).toBe(0);
  reads = 0;
  const again = await during(() => tracker.recount(nameOf(5)));
  // And one to remove the timer.
  expect(again.requests + reads + 1).toBe(5);
});

/** A table that counts what would be requests: one for each call, and for each thousand rows of a range. */
function countedTable() {
  const rows = memoryTable();
  let requests = 0;
  const counted: Table = {
    ...rows,
    get(address) {
      requests++;
      return rows.get(address);
    },
    transact(actions) {
      requests++;
      return rows.transact(actions);
    },
    async range(...args) {
      const found = await rows.range(...args);
      requests += Math.max(1, Math.ceil(found.length / 1_000));
      return found;
    },
  };
  const during = async <T>(work: () => Promise<T>) => {
    const before = requests;
    const result = await work();
    return { result, requests: requests - before };
  };
  return { table: counted, during };
}

test('with 100,000 images, counts, first pages and search cost a few requests', { timeout: 300_000 }, async () => {
  const images = 100_000;
  const { table, during } = countedTable();
  const store = tableCatalogue(table, rowBatches(table));
  const lists = memoryImageLists();
  const records = new Map<string, ImageRecord>();
  const seenAt = Date.parse('2026-06-01T12:00:00Z');
  const set = replicaSetOf(registry);
  const arrival = (since: number, tag: string) => ({
    ...{ pushedAt: pushOf('eastus', new Date(since).toISOString()).eventTime, deletedAt: null, eventTime: null },
    ...{ since, learnedAt: since, evidence: ['webhook' as const], untagged: {} },
    tags: { [tag]: pushOf('eastus', new Date(since).toISOString()).eventTime },
  });
  let counts = noCounts;
  const entries: { name: ImageName; before: undefined; after: CatalogueEntry }[] = [];
  for (let n = 0; n < images; n++) {
    const firstSeenAt = seenAt + n * 1_000;
    const tag = `b-${n}`;
    const name = nameOf(n * 0x1_0000, `team${n % 50}/service-${n % 500}`);
    const isOpen = n % 10_000 === 17;
    const regions = isOpen ? ['eastus'] : ['eastus', 'westeurope'];
    const after: CatalogueEntry = {
      ...{ state: isOpen ? 'replicating' : 'available', delayed: isOpen, firstSeenAt, diverged: [] },
      ...{ regions: regions as Region[], delayedIn: isOpen ? (['westeurope'] as Region[]) : [] },
      ...{ lagMs: isOpen ? null : n % 60_000, tags: [tagOf(tag)] },
    };
    counts = count(counts, after, 1);
    entries.push({ name, before: undefined, after });
    const progress = { round: 1, state: 'converged' as const, isCompared: true, isOrdered: true };
    records.set(`${name.repository}@${name.digest}`, {
      ...{
        name,
        mediaType: null,
        generation: 1,
        firstSeenAt,
        availableAt: null,
        completedFor: [],
        alreadyAnnounced: [],
      },
      ...{
        announcedAt: null,
        delayedAt: isOpen ? firstSeenAt : null,
        uncomparedTags: [],
        announcements: [],
        forwards: [],
      },
      ...{ requeueAt: null, changedAt: firstSeenAt, expiredAt: null, writtenAs: null },
      tags: { [tag]: { ...progress, movedTo: null, movedBy: null, others: {} } },
      arrivals: Object.fromEntries(regions.map((region, i) => [region, arrival(firstSeenAt + i * (n % 60_000), tag)])),
    });
  }
  const page = vi.spyOn(lists, 'page');
  for (let from = 0; from < images; from += 5_000) await store.addSearchRows(entries.slice(from, from + 5_000));
  for (let from = 0; from < images; from += 12) await commit(from);
  async function commit(from: number) {
    const { version } = await store.counts('contoso');
    await store.commit('contoso', counts, version, entries.slice(from, from + 12));
  }

  const summary = await during(() => store.counts('contoso'));
  expect(summary.requests).toBe(1);
  expect(summary.result.counts.images).toEqual({ available: images - 10, replicating: 10, deleting: 0, deleted: 0 });

  let reads = 0;
  const images50 = async (query: { q?: string; sort?: ListOrder; state?: ListableState }) => {
    reads = 0;
    page.mockClear();
    const search = query.q === undefined ? undefined : parseSearch(query.q, registry);
    return during(() =>
      listImages(
        {
          store: {
            ...memoryImageStore(),
            read: async (name) => {
              reads++;
              const record = records.get(`${name.repository}@${name.digest}`);
              return record === undefined ? undefined : { record, version: '' };
            },
          },
          lists,
          checkpoints: memoryCheckpointStore(),
          catalogue: { store },
        },
        {
          ...{ registry, repository: undefined, region: undefined, missing: false, limit: 50, cursor: undefined },
          ...{ state: query.state, search, sort: query.sort ?? 'newest' },
        },
        set,
        seenAt + images * 1_000,
      ),
    );
  };

  const byLag = await images50({ sort: 'lag' });
  expect(byLag.requests).toBe(1);
  expect(reads).toBe(50);
  expect(byLag.result.images.slice(0, 10).every(({ state }) => state === 'replicating')).toBe(true);
  const byName = await images50({ sort: 'name', state: 'delayed' });
  expect(byName.requests).toBe(1);
  expect(byName.result.images).toHaveLength(10);
  const tag = await images50({ q: 'B-77123' });
  expect(tag.requests).toBeLessThanOrEqual(4);
  expect(tag.result.images.map(({ tags }) => tags)).toEqual([['b-77123']]);
  const digest = await images50({ q: digestOf(4_711 * 0x1_0000).slice(0, 71) });
  expect(digest.requests).toBeLessThanOrEqual(2);
  expect(digest.result.images.map(({ tags }) => tags)).toEqual([['b-4711']]);
  const pasted = await images50({ q: 'https://contoso.eastus.geo.azurecr.io/team7/service-7:b-7' });
  expect(pasted.result.images.at(-1)?.tags).toEqual(['b-7']);
  expect(pasted.requests + page.mock.calls.length).toBeLessThanOrEqual(4);
  const nothing = await images50({ q: 'no-such-thing' });
  expect(nothing.result).toEqual({ images: [], next: null });
  expect(nothing.requests).toBeLessThanOrEqual(3);
});

test('once the replicas have changed, all images are counted again, step by step, and then no more', async () => {
  const catalogue = memoryCatalogue();
  let regions = regionsOf('eastus');
  let reads = 0;
  const images = memoryImageStore();
  const store = {
    ...images,
    async read(name: ImageName) {
      reads++;
      return images.read(name);
    },
  };
  const setup = memoryTracker({
    replicaSet: () => replicaSetOf(registryOf({ regions })),
    ports: { catalogue, store },
  });
  const { tracker, clock } = setup;
  for (let n = 1; n <= 200; n++) await tracker.receive({ name: nameOf(n), fact: pushOf('eastus', nowOf(clock)) });
  await clock.advance(2_000);
  await clock.settle();
  expect((await tracker.summary(registry)).images).toMatchObject({ available: 200, replicating: 0 });
  await tracker.refreshReplicas(registry);
  regions = regionsOf('eastus', 'westeurope');
  await tracker.refreshReplicas(registry);
  const after = await tracker.summary(registry);
  expect(after.images).toMatchObject({ available: 0, replicating: 200 });
  expect(after.regions).toMatchObject([{ missing: 0 }, { region: 'westeurope', available: 0, missing: 200 }]);
  // Other work after a change of the set is done by then.
  for (let time = 0; time < 3; time++) await tracker.refreshReplicas(registry);
  reads = 0;
  await tracker.refreshReplicas(registry);
  expect(reads).toBe(0);
});
