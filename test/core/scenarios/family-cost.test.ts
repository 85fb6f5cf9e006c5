/** What a push of four platforms to four regions asks of the storage, with families and without: counted, not timed. */
import { expect, test } from 'vitest';
import {
  memoryImageLists,
  memoryImageStore,
  memoryReconcileQueue,
  memoryTagDigests,
} from '../../../src/adapters/memory.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import type { ManifestProbe } from '../../../src/core/ports.ts';
import { regionOf, regionsOf, registryOf, repositoryOf, tagOf } from '../../support/build.ts';
import { indexOf, indexType, manifestOf, manifestType, memoryManifests, platformOf } from '../../support/index-of.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const platforms = [1, 2, 3, 4].map((number) => platformOf(number));
const index = indexOf(...platforms);
/** Their manifests, where they can be read. */
const sized = platforms.map(({ digest }) => manifestOf(digest, 1_000, 20_000));
const regions = ['eastus', 'westeurope', 'southeastasia', 'brazilsouth'];
const registry = registryOf({ regions: regionsOf(...regions) });

function counted<T extends object>(port: T, count: () => void): T {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...values: unknown[]) => {
        count();
        return member.apply(target, values);
      };
    },
  });
}

/** Region by region, the members before the index, and then time for all that follows. */
async function requestsOf(
  isFamily: boolean,
  only = [...platforms.map(({ digest }) => digest), index.digest],
  areSized = false,
) {
  let requests = 0;
  const count = () => {
    requests++;
  };
  const timer = counted(memoryReconcileQueue(), count);
  const world = memoryTracker({
    registries: [registry],
    ports: {
      store: counted(memoryImageStore(), count),
      lists: counted(memoryImageLists(), count),
      tags: counted(memoryTagDigests(), count),
      timer,
      ...(isFamily ? { manifests: memoryManifests(index, ...(areSized ? sized : [])) } : {}),
    },
  });
  await world.clock.settle();
  for (const region of regions) {
    for (const digest of only) {
      await world.clock.advance(100);
      const now = world.clock.now();
      await world.tracker.process({
        name: { registry: registry.name, repository: repositoryOf('team/app'), digest },
        fact: {
          kind: 'push',
          region: regionOf(region),
          eventTime: toEventTime(now),
          receivedAt: now,
          evidence: 'webhook',
          tag: digest === index.digest ? tagOf('v1') : undefined,
          mediaType: digest === index.digest ? indexType : manifestType,
        },
      });
      await world.clock.settle();
    }
  }
  await passTime({ ...world, timer }, 60_000);
  return requests;
}

test('no more than before, and one for each report of a member', async () => {
  const [before, family, single] = [
    await requestsOf(false),
    await requestsOf(true),
    await requestsOf(false, [index.digest]),
  ];
  console.info(
    `storage requests of 4 platforms in 4 regions: ${before} before, ${family} with families, ${single} alone`,
  );
  const reports = platforms.length * regions.length;
  expect(family).toBeLessThanOrEqual(before + reports);
});

test('no more where the bytes of each member are learned: they go with what is written anyway', async () => {
  expect(await requestsOf(true, undefined, true)).toBe(await requestsOf(true));
});

test('a probe of the replicas reads no record of a member that no region has deleted', async () => {
  const store = memoryImageStore();
  const read: string[] = [];
  const noted: typeof store = {
    ...store,
    async read(name) {
      read.push(name.digest);
      return store.read(name);
    },
  };
  const asked: string[] = [];
  const probe: ManifestProbe = {
    async ask(_registry, region, _repository, reference) {
      asked.push(`${region} ${reference}`);
      return { kind: 'absent' };
    },
  };
  const ports = { store: noted, manifests: memoryManifests(index) };
  const asking = registryOf({ regionalEndpoints: true });
  const world = memoryTracker({ registries: [asking], probe, policy: { probeAfterMs: 30_000 }, ports });
  await world.clock.settle();
  const report = async (digest: typeof index.digest, kind: 'push' | 'delete', region = 'eastus') => {
    await world.clock.advance(100);
    const now = world.clock.now();
    const mediaType = digest === index.digest ? indexType : manifestType;
    const seen = {
      region: regionOf(region),
      eventTime: toEventTime(now),
      receivedAt: now,
      tag: undefined,
      mediaType,
    };
    const name = { registry: asking.name, repository: repositoryOf('team/app'), digest };
    await world.tracker.process({ name, fact: { ...seen, kind, evidence: 'webhook' } });
    await world.clock.settle();
  };
  const digests = platforms.map(({ digest }) => digest);
  for (const digest of [...digests, index.digest]) await report(digest, 'push');
  await passTime(world, 20_000);
  read.splice(0);
  await passTime(world, 120_000);
  for (const digest of digests) expect(asked).toContain(`westeurope ${digest}`);
  expect(read.filter((digest) => digest !== index.digest)).toEqual([]);

  const [deleted = index.digest] = digests;
  await report(index.digest, 'push', 'westeurope');
  await report(deleted, 'delete');
  await passTime(world, 20_000);
  read.splice(0);
  await passTime(world, 120_000);
  expect(new Set(read.filter((digest) => digest !== index.digest))).toEqual(new Set([deleted]));
});
