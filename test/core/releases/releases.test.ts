/** Releases over real trackers: made, waited for, published, by one instance or by several that share what is stored. */
import { describe, expect, test } from 'vitest';
import { memoryImageStore } from '../../../src/adapters/memory.ts';
import type { ImageName } from '../../../src/core/image/record.ts';
import type { ReleaseEvaluation } from '../../../src/core/releases/evaluate-release.ts';
import type { ReleaseContent } from '../../../src/core/releases/release.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, regionsOf, registryOf, replicaSetOf } from '../../support/build.ts';
import { memoryManifests } from '../../support/index-of.ts';
import type { ReleaseInstance } from '../../support/memory-releases.ts';
import { passReleaseTime, releaseInstance, releaseWorld } from '../../support/memory-releases.ts';
import { bodyOf, deliver } from '../../support/webhook.ts';

const regions = ['eastus', 'westeurope'];
const contentOf = (...numbers: number[]): ReleaseContent => ({
  images: numbers.map((n) => `contoso.azurecr.io/team/app@${digestOf(n)}`),
  regions: null,
  require: 'all',
});
const push = (
  { memory }: ReleaseInstance,
  n: number,
  region: string,
  timestamp = '2026-06-01T12:00:00Z',
  tag?: string,
) => deliver(memory, region, bodyOf({ timestamp, target: { digest: digestOf(n), ...(tag && { tag }) } }));
const remove = ({ memory }: ReleaseInstance, n: number, region: string) =>
  deliver(
    memory,
    region,
    bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:09Z', target: { digest: digestOf(n) } }),
  );

async function everywhere(instance: ReleaseInstance, ...numbers: number[]) {
  for (const n of numbers) for (const region of regions) await push(instance, n, region);
}

function evaluated(found: ReleaseEvaluation) {
  if (found.kind !== 'evaluated') throw new Error(`the release is ${found.kind}`);
  return { ...found.release, outcome: found.result.outcome, document: found.result.document };
}

const away = () => Promise.reject(new UpstreamError('unavailable', 'away'));

describe('made', () => {
  test('first, again, and with another content', async () => {
    const world = releaseWorld();
    const { releases } = releaseInstance(world);
    expect(await releases.put('shop', contentOf(1, 2))).toMatchObject({
      outcome: 'created',
      found: { release: { revision: 1 } },
    });
    expect(await releases.put('shop', contentOf(2, 1))).toMatchObject({
      outcome: 'unchanged',
      found: { release: { revision: 1, images: contentOf(1, 2).images } },
    });
    await world.clock.advance(10_000);
    const { outcome, found } = await releases.put('shop', contentOf(1, 3));
    expect(outcome).toBe('revised');
    expect(evaluated(found)).toMatchObject({ revision: 2, images: contentOf(1, 3).images });
  });

  test('by two at once, on two instances: each content is a revision', async () => {
    const world = releaseWorld();
    const [a, b] = [releaseInstance(world), releaseInstance(world)];
    const all = [a, b, a, b].map(({ releases }, i) => releases.put('shop', contentOf(1, 10 + i)));
    for (let i = 0; i < 50; i++) await world.clock.advance(100);
    const outcomes = (await Promise.all(all)).map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(['created', 'revised', 'revised', 'revised']);
    expect((await world.store.read('shop'))?.release.revision).toBe(4);
  });

  test('of images that are there already: available at once', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    await everywhere(instance, 1, 2);
    const { found } = await instance.releases.put('shop', contentOf(1, 2));
    expect(evaluated(found)).toMatchObject({ availableAt: world.clock.now(), outcome: 'satisfied' });
    await world.clock.settle();
    expect(world.published).toMatchObject([{ type: 'AcrReplication.ReleaseAvailableInAllReplicas' }]);
  });

  test('has its row of due work before it is stored', async () => {
    const world = releaseWorld();
    const { releases } = releaseInstance(world, { queue: { add: away } });
    await expect(releases.put('shop', contentOf(1))).rejects.toThrow('away');
    expect(await world.store.read('shop')).toBeUndefined();
  });
});

describe('published', () => {
  test('once, when the last image is in its last region, and not before', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    await instance.releases.put('shop', contentOf(1, 2, 3));
    await world.clock.advance(60_000);
    await everywhere(instance, 2, 3);
    await push(instance, 1, 'westeurope');
    await passReleaseTime(world, instance, 120_000);
    expect(world.published).toEqual([]);
    await push(instance, 1, 'eastus');
    await world.clock.settle();
    const [event, ...others] = world.published;
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      specversion: '1.0',
      source: 'https://contoso.azurecr.io',
      type: 'AcrReplication.ReleaseAvailableInAllReplicas',
      subject: 'releases/shop',
      time: new Date(world.clock.now()).toISOString(),
      data: { name: 'shop', revision: 1, durationSeconds: 120, delayed: false, state: 'available', missing: [] },
    });
    expect(event?.data.images).toHaveLength(3);
    for (const part of [event?.data, event?.data.images[0]]) {
      expect(part).not.toHaveProperty('satisfied');
      expect(part).not.toHaveProperty('requirement');
    }
    await passReleaseTime(world, instance, 3_600_000);
    expect(world.published).toHaveLength(1);
    expect(world.queue.rows).toEqual([]);
    expect(evaluated(await instance.releases.read('shop')).announcedAt).not.toBeNull();
  });

  test('by whichever instance stores the last report', async () => {
    const world = releaseWorld();
    const [a, b] = [releaseInstance(world), releaseInstance(world)];
    await a.releases.put('shop', contentOf(1, 2));
    await world.clock.advance(60_000);
    await everywhere(a, 1);
    await push(a, 2, 'eastus');
    await world.clock.settle();
    await push(b, 2, 'westeurope');
    await world.clock.settle();
    expect(world.published).toHaveLength(1);
  });

  test('within a second, though another instance has just read its list', async () => {
    const world = releaseWorld();
    const [a, b] = [releaseInstance(world), releaseInstance(world)];
    await push(b, 9, 'eastus');
    await world.clock.settle();
    await a.releases.put('shop', contentOf(1));
    await everywhere(b, 1);
    await world.clock.advance(1_000);
    expect(world.published).toHaveLength(1);
  });

  test('of a tag, and of a part of the regions', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    const images = ['contoso.azurecr.io/team/app:v1'];
    await instance.releases.put('tagged', { images, regions: null, require: 'all' });
    await instance.releases.put('near', { ...contentOf(1), regions: regionsOf('eastus') });
    await instance.releases.put('any', { ...contentOf(1), require: 'any' });
    await world.clock.advance(60_000);
    await push(instance, 1, 'eastus', undefined, 'v1');
    await world.clock.settle();
    expect(world.published.map(({ subject }) => subject).sort()).toEqual(['releases/any', 'releases/near']);
    await push(instance, 1, 'westeurope', undefined, 'v1');
    await world.clock.settle();
    expect(world.published.map(({ subject }) => subject)).toContain('releases/tagged');
  });

  test('again for another revision, and with another id for a release of the same name that is made again', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    await everywhere(instance, 1, 2);
    await instance.releases.put('shop', contentOf(1));
    await world.clock.settle();
    await instance.releases.put('shop', contentOf(2));
    await world.clock.settle();
    await instance.releases.remove('shop');
    await world.clock.advance(1_000);
    await instance.releases.put('shop', contentOf(1));
    await world.clock.settle();
    expect(world.published.map(({ data }) => data.revision)).toEqual([1, 2, 1]);
    expect(new Set(world.published.map(({ id }) => id)).size).toBe(3);
  });

  test('not again when an image is deleted and pushed again', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    await everywhere(instance, 1);
    await instance.releases.put('shop', contentOf(1));
    await world.clock.settle();
    const { availableAt } = evaluated(await instance.releases.read('shop'));
    for (const region of regions) await remove(instance, 1, region);
    const gone = evaluated(await instance.releases.read('shop'));
    expect(gone).toMatchObject({ availableAt, outcome: 'deleted', document: { satisfied: false, state: 'deleted' } });
    for (const region of regions) await push(instance, 1, region, '2026-06-01T12:00:20Z');
    await passReleaseTime(world, instance, 60_000);
    expect(world.published).toHaveLength(1);
  });

  test('after an instance died that had stored it and published nothing, with the same id', async () => {
    const world = releaseWorld();
    const sent: string[] = [];
    const dies = releaseInstance(world, {
      publisher: {
        publish: ([event]) => {
          sent.push(event?.id ?? '');
          return new Promise(() => undefined);
        },
      },
    });
    await everywhere(dies, 1);
    await dies.releases.put('shop', contentOf(1));
    await world.clock.settle();
    const lives = releaseInstance(world);
    await passReleaseTime(world, lives, 45_000);
    expect(world.published.map(({ id }) => id)).toEqual(sent);
    expect(world.queue.rows.length).toBeLessThanOrEqual(1);
  });

  test('after the instance died that stored the last report, by its row of due work', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    await instance.releases.put('shop', contentOf(1));
    const other = releaseInstance(world, {}, { evaluateReleasesWith: () => undefined });
    await world.clock.advance(20_000);
    await everywhere(other, 1);
    await passReleaseTime(world, other, 30_000);
    expect(world.published).toHaveLength(1);
  });

  test('as late once, and that it is there afterwards', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    await instance.releases.put('shop', contentOf(1, 2));
    await everywhere(instance, 1);
    await passReleaseTime(world, instance, 899_000);
    expect(world.published).toEqual([]);
    await passReleaseTime(world, instance, 3_600_000);
    expect(world.published).toMatchObject([
      {
        type: 'AcrReplication.ReleaseDelayed',
        subject: 'releases/shop',
        data: { delayed: true, availableAt: null, missing: [{ regions }] },
      },
    ]);
    expect(world.published[0]?.data).not.toHaveProperty('durationSeconds');
    await everywhere(instance, 2);
    await passReleaseTime(world, instance, 3_600_000);
    expect(world.published.map(({ type }) => type)).toEqual([
      'AcrReplication.ReleaseDelayed',
      'AcrReplication.ReleaseAvailableInAllReplicas',
    ]);
  });

  describe('soon, and not only when its row is due, an hour later for an old one', () => {
    const monthMs = 30 * 86_400_000;
    const types = (world: ReturnType<typeof releaseWorld>) => world.published.map(({ type }) => type);
    const available = 'AcrReplication.ReleaseAvailableInAllReplicas';

    test('when the list of open releases could not be read at first', async () => {
      const world = releaseWorld();
      let isAway = false;
      const store = { ...world.store, open: (limit: number) => (isAway ? away() : world.store.open(limit)) };
      const instance = releaseInstance(world, { store });
      await instance.releases.put('shop', contentOf(1));
      await world.clock.advance(monthMs);
      isAway = true;
      await everywhere(instance, 1);
      await world.clock.advance(1_000);
      expect(types(world)).toEqual([]);
      isAway = false;
      await world.clock.advance(10_000);
      expect(types(world)).toEqual([available]);
    });

    test('when it was stored as complete, and the answer to that was lost', async () => {
      const world = releaseWorld();
      let isLost = false;
      const store: typeof world.store = {
        ...world.store,
        async replace(...values) {
          const stored = await world.store.replace(...values);
          return isLost ? away() : stored;
        },
      };
      const instance = releaseInstance(world, { store });
      await instance.releases.put('shop', contentOf(1));
      await world.clock.advance(monthMs);
      isLost = true;
      await everywhere(instance, 1);
      await world.clock.advance(1_000);
      expect((await world.store.read('shop'))?.release.availableAt).toEqual(expect.any(Number));
      expect(types(world)).toEqual([]);
      isLost = false;
      await world.clock.advance(60_000);
      expect(types(world)).toEqual([available]);
    });

    test('when the instance that stored the last report died', async () => {
      const world = releaseWorld();
      const lives = releaseInstance(world);
      await lives.releases.put('shop', contentOf(1));
      await world.clock.advance(monthMs);
      const dies = releaseInstance(world, {}, { evaluateReleasesWith: () => undefined });
      await everywhere(dies, 1);
      await world.clock.advance(10_000);
      expect(types(world)).toEqual([]);
      const name = { registry: 'contoso', repository: 'team/app', digest: digestOf(1) } as ImageName;
      await lives.memory.tracker.reconcile(name);
      await world.clock.advance(1_000);
      expect(types(world)).toEqual([available]);
    });
  });

  test('not before what is attached is there, and without another webhook once it is', async () => {
    const world = releaseWorld();
    const manifests = memoryManifests();
    const instance = releaseInstance(world, {}, { ports: { manifests } });
    await instance.releases.put('shop', { ...contentOf(1), artifacts: ['signature'] });
    await everywhere(instance, 1);
    await passReleaseTime(world, instance, 60_000);
    expect(evaluated(await instance.releases.read('shop')).document.images[0]?.artifacts).toEqual([
      { kind: 'signature', known: true, missing: regions },
    ]);
    expect(world.published).toEqual([]);
    // Pushed and attached just after the registry was asked.
    await everywhere(instance, 2);
    manifests.attached = [
      { digest: digestOf(2), artifactType: 'application/vnd.cncf.notary.signature', content: null },
    ];
    await world.clock.advance(5_000);
    expect(world.published).toMatchObject([
      { type: 'AcrReplication.ReleaseAvailableInAllReplicas', data: { artifacts: ['signature'] } },
    ]);
  });

  test('once the topic accepts events again, and not as late by then', async () => {
    const world = releaseWorld();
    let isAway = true;
    const publisher = { publish: (events: never[]) => (isAway ? away() : world.publisher.publish(events)) };
    const instance = releaseInstance(world, { publisher: publisher as never });
    await instance.releases.put('shop', contentOf(1));
    await passReleaseTime(world, instance, 905_000);
    await everywhere(instance, 1);
    await passReleaseTime(world, instance, 120_000);
    expect(evaluated(await instance.releases.read('shop'))).toMatchObject({
      delayedAt: expect.any(Number),
      announcedAt: null,
    });
    isAway = false;
    await passReleaseTime(world, instance, 120_000);
    expect(world.published.map(({ type }) => type)).toEqual(['AcrReplication.ReleaseAvailableInAllReplicas']);
    expect(instance.memory.lines.join('\n')).toContain('release event not accepted, will retry');
  });

  test.each([[[]], [['japaneast']]])(
    'not while the replicas are not known, besides %j, only observed',
    async (observed) => {
      const world = releaseWorld();
      const instance = releaseInstance(world);
      await everywhere(instance, 1);
      const unread = { regions: undefined, observedOnly: regionsOf(...observed) };
      const blind = releaseInstance(
        world,
        {},
        { replicaSet: (registry) => replicaSetOf({ ...registry, ...unread }, 0) },
      );
      await expect(blind.releases.put('shop', contentOf(1))).rejects.toThrow('not known yet');
      expect(world.published).toEqual([]);
      await passReleaseTime(world, instance, 31_000);
      expect(world.published).toHaveLength(1);
    },
  );
});

describe('its row of due work', () => {
  test('ends when it was never stored, after one more read', async () => {
    const world = releaseWorld();
    const { releases } = releaseInstance(world, { store: { ...world.store, create: away } });
    await expect(releases.put('shop', contentOf(1))).rejects.toThrow('away');
    const instance = releaseInstance(world);
    await passReleaseTime(world, instance, 31_000);
    expect(world.queue.rows).toMatchObject([{ timed: { wasMissing: true } }]);
    await passReleaseTime(world, instance, 120_000);
    expect(world.queue.rows).toEqual([]);
  });

  test('ends with its revision', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    await instance.releases.put('shop', contentOf(1));
    await instance.releases.put('shop', contentOf(2));
    await passReleaseTime(world, instance, 60_000);
    expect(world.queue.rows.map(({ timed }) => timed.revision)).toEqual([2]);
  });
});

describe('a wait by name', () => {
  test('ends when the last image is there, and its answer says since when', async () => {
    const world = releaseWorld();
    const [a, b] = [releaseInstance(world), releaseInstance(world)];
    await a.releases.put('shop', contentOf(1, 2));
    await everywhere(a, 1);
    const waiting = b.releases.wait('shop', 100_000);
    await world.clock.advance(20_000);
    await everywhere(a, 2);
    await world.clock.advance(1_000);
    expect(evaluated(await waiting)).toMatchObject({ outcome: 'satisfied', availableAt: expect.any(Number) });
  });

  test('ends with its time', async () => {
    const world = releaseWorld();
    const { releases } = releaseInstance(world);
    await releases.put('shop', contentOf(1));
    const waiting = releases.wait('shop', 5_000);
    await world.clock.advance(5_000);
    expect(evaluated(await waiting).outcome).toBe('waiting');
    expect(evaluated(await releases.wait('shop', 0)).outcome).toBe('waiting');
  });

  test('of one that is not there, or is deleted meanwhile', async () => {
    const world = releaseWorld();
    const [a, b] = [releaseInstance(world), releaseInstance(world)];
    const unknown = a.releases.wait('shop', 5_000);
    await world.clock.settle();
    expect(await unknown).toEqual({ kind: 'unknown' });
    await a.releases.put('shop', contentOf(1));
    const waiting = b.releases.wait('shop', 60_000);
    await world.clock.advance(1_000);
    expect(await a.releases.remove('shop')).toBe(true);
    expect(await a.releases.remove('shop')).toBe(false);
    await world.clock.advance(6_000);
    expect(await waiting).toEqual({ kind: 'unknown' });
  });

  test('follows the newest revision', async () => {
    const world = releaseWorld();
    const [a, b] = [releaseInstance(world), releaseInstance(world)];
    await everywhere(a, 3);
    await a.releases.put('shop', contentOf(1));
    const waiting = [a, b].map(({ releases }) => releases.wait('shop', 60_000));
    await world.clock.advance(10_000);
    await a.releases.put('shop', contentOf(3));
    await world.clock.advance(6_000);
    for (const found of await Promise.all(waiting)) {
      expect(evaluated(found)).toMatchObject({ revision: 2, outcome: 'satisfied' });
    }
  });

  test('of an old revision that is there is not answered once there is another', async () => {
    const world = releaseWorld();
    const [a, b] = [releaseInstance(world), releaseInstance(world)];
    await a.releases.put('shop', contentOf(1));
    const waiting = b.releases.wait('shop', 60_000);
    await world.clock.advance(30_000);
    await a.releases.put('shop', contentOf(1, 2));
    await everywhere(b, 1);
    await world.clock.advance(10_000);
    await everywhere(a, 2);
    await world.clock.advance(2_000);
    expect(evaluated(await waiting)).toMatchObject({ revision: 2, outcome: 'satisfied' });
  });

  test('ends when an image of it is deleted everywhere', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    await instance.releases.put('shop', contentOf(1, 2));
    await push(instance, 1, 'eastus');
    await remove(instance, 1, 'eastus');
    const waiting = instance.releases.wait('shop', 200_000);
    await world.clock.advance(40_000);
    expect(evaluated(await waiting).outcome).toBe('deleted');
  });

  test('fails when the storage could not be read during the whole wait', async () => {
    const world = releaseWorld();
    const { releases } = releaseInstance(world, { store: { ...world.store, read: away } });
    const waiting = releases.wait('shop', 3_000);
    const failed = expect(waiting).rejects.toThrow('away');
    await world.clock.advance(4_000);
    await failed;
  });

  test('fails soon after its time where the storage hangs', async () => {
    const world = releaseWorld();
    const read = () => new Promise<never>(() => undefined);
    const { releases } = releaseInstance(world, { store: { ...world.store, read } });
    const waited = expect(
      Promise.race([releases.wait('shop', 3_000), world.clock.sleep(5_500).then(() => 'too late')]),
    ).rejects.toThrow('has not answered');
    await world.clock.advance(6_000);
    await waited;
  });
});

test('a release whose registry has left the settings cannot be published', async () => {
  const world = releaseWorld();
  const { releases } = releaseInstance(world);
  await releases.put('shop', contentOf(1));
  const other = registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' });
  const later = releaseInstance(world, {}, { registries: [other] });
  const untracked = { kind: 'untracked', loginServer: 'contoso.azurecr.io' };
  expect(await later.releases.read('shop')).toMatchObject(untracked);
  expect(await later.releases.wait('shop', 0)).toMatchObject(untracked);
  await passReleaseTime(world, later, 60_000);
  expect(world.queue.rows).toHaveLength(1);
});

test('what was complete is forgotten after its time, and nothing else', async () => {
  const world = releaseWorld();
  const instance = releaseInstance(world);
  await everywhere(instance, 1);
  await instance.releases.put('done', contentOf(1));
  await instance.releases.put('open', contentOf(2));
  await world.clock.advance(89 * 86_400_000);
  await instance.releases.put('late', contentOf(1));
  expect(await instance.releases.expire()).toBe(0);
  await world.clock.advance(2 * 86_400_000);
  expect(await instance.releases.expire()).toBe(1);
  const { releases: left } = await instance.releases.list(10, undefined);
  expect(left.map(({ name }) => name)).toEqual(['late', 'open']);
});

describe('what it costs the storage', () => {
  const countOf = 40;
  const four = registryOf({ regions: regionsOf('eastus', 'westeurope', 'northeurope', 'southeastasia') });
  const numbers = Array.from({ length: countOf }, (_, i) => i + 1);

  async function readsWith(waiters: number) {
    const world = releaseWorld();
    let images = 0;
    let records = 0;
    const counted: typeof world.images = { ...memoryImageStore(), ...world.images };
    counted.read = (name) => {
      images++;
      return world.images.read(name);
    };
    const read: typeof world.store.read = (name) => {
      records++;
      return world.store.read(name);
    };
    const open: typeof world.store.open = (limit) => {
      records++;
      return world.store.open(limit);
    };
    const instance = releaseInstance(
      world,
      { store: { ...world.store, read, open } },
      { registries: [four], ports: { store: counted } },
    );
    await instance.releases.put('shop', contentOf(...numbers));
    await world.clock.advance(10_000);
    const before = { images, records };
    const waiting = Array.from({ length: waiters }, () => instance.releases.wait('shop', 200_000));
    await world.clock.advance(3_000);
    const whileWaiting = { images: images - before.images, records: records - before.records };
    for (const n of numbers) for (const region of four.regions ?? []) await push(instance, n, region);
    const lastAt = world.clock.now();
    await world.clock.advance(900);
    const found = await Promise.race([Promise.all(waiting), world.clock.settle().then(() => undefined)]);
    for (const one of found ?? []) expect(evaluated(one)).toMatchObject({ outcome: 'satisfied', availableAt: lastAt });
    expect(found).toHaveLength(waiters);
    expect(world.published).toHaveLength(1);
    return { whileWaiting, all: { images: images - before.images, records: records - before.records } };
  }

  test('grows with the images, and not with those who wait', { timeout: 90_000 }, async () => {
    const one = await readsWith(1);
    const many = await readsWith(200);
    const none = await readsWith(0);
    process.stdout.write(`reads with no waiter, one, 200: ${JSON.stringify({ none, one, many })}\n`);
    expect(none.whileWaiting).toEqual({ images: 0, records: 0 });
    expect(many.whileWaiting.images).toBeLessThanOrEqual(one.whileWaiting.images * 1.2 + countOf);
    expect(many.whileWaiting.records).toBeLessThanOrEqual(one.whileWaiting.records * 1.2 + 3);
    expect(many.all.images).toBeLessThanOrEqual(one.all.images * 1.2 + countOf * 4);
    // One for each report, and the whole some log N times.
    expect(none.all.images).toBeLessThan(countOf * 4 * 2 + countOf * 12);
  });
});
