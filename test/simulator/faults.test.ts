/**
 * The faults of a geo-replicated registry, each by itself and all at once. In the end all replicas must be equal: if a
 * simulated registry diverged by itself, its own faults would count as faults of the tracker.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toManifestKey } from '../../src/local/simulator/change.ts';
import type { Firing } from '../../src/local/simulator/firing.ts';
import { planLoad } from '../../src/local/simulator/load.ts';
import { buildImage, buildIndex } from '../../src/local/simulator/manifest.ts';
import { openRandom } from '../../src/local/simulator/random.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';
import { createWorld } from '../../src/local/simulator/world.ts';
import type { WorldOptions } from '../../src/local/simulator/world-state.ts';

const REGIONS = ['australiaeast', 'eastus', 'westeurope'];
const IMAGE = buildImage(openRandom(1));
const KEY = toManifestKey('team/app', IMAGE.digest);
const MINUTE = 60_000;

function startWorld(options: Partial<WorldOptions> = {}) {
  const scheduler = createVirtualScheduler();
  const world = createWorld({ registry: 'contoso', regions: REGIONS, seed: 3, scheduler, ...options });
  const firings: Firing[] = [];
  world.listen((firing) => firings.push(firing));
  const firedBy = (region: string) => firings.filter((firing) => firing.region === region);
  return { world, scheduler, firings, firedBy };
}

describe('an outage', () => {
  test('stops the events of the region, which catches up in order when it is back', async () => {
    const { world, scheduler, firedBy } = startWorld();
    const images = Array.from({ length: 5 }, (_, index) => buildImage(openRandom(index)));
    world.beginOutage('westeurope');
    for (const image of images) world.push('team/app', null, image, { region: 'eastus' });
    await scheduler.advance(60 * MINUTE);
    expect(firedBy('westeurope')).toEqual([]);
    expect(firedBy('australiaeast')).toHaveLength(5);
    expect(() => world.push('team/app', 'v1', IMAGE, { region: 'westeurope' })).toThrow(
      /no replica answers in westeurope/,
    );
    const backAt = scheduler.now();
    world.endOutage('westeurope');
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    await scheduler.run();
    expect(firedBy('westeurope')).toHaveLength(6);
    expect(firedBy('westeurope').every(({ at }) => at > backAt)).toBe(true);
    expect(world.truth.isEverywhere(KEY)).toBe(true);
  });

  test('of the region that a push went to delays it in all others', async () => {
    const { world, scheduler } = startWorld();
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    world.beginOutage('eastus');
    await scheduler.advance(60 * MINUTE);
    expect(world.truth.regionsWith(KEY)).toEqual(['eastus']);
    world.endOutage('eastus');
    await scheduler.run();
    expect(world.truth.isEverywhere(KEY)).toBe(true);
  });

  test('in the middle of a push leaves the children without their index', async () => {
    const { world, scheduler } = startWorld();
    const image = buildIndex(openRandom(1));
    world.push('team/app', 'v1', image, { region: 'eastus' });
    scheduler.at(scheduler.now() + 1, () => world.beginOutage('eastus'));
    await scheduler.advance(MINUTE);
    world.endOutage('eastus');
    await scheduler.run();
    expect(world.history.filter(({ what }) => what === 'failed')).not.toEqual([]);
    expect(world.truth.regionsWith(toManifestKey('team/app', image.digest))).toEqual([]);
  });
});

describe('replicas that change', () => {
  test('a new one is filled with what the registry holds, and then fires for it', async () => {
    const { world, scheduler, firedBy } = startWorld();
    const deleted = buildImage(openRandom(2));
    world.push('team/app', 'v1', IMAGE);
    world.push('team/app', 'v2', deleted);
    await scheduler.run();
    world.push('team/app', 'latest', IMAGE);
    world.deleteManifest('team/app', deleted);
    await scheduler.run();
    world.addReplica('uksouth');
    expect(world.truth.isEverywhere(KEY)).toBe(false);
    expect(world.isSeeding('uksouth')).toBe(true);
    await scheduler.run();
    expect(world.isSeeding('uksouth')).toBe(false);
    expect(world.truth.isEverywhere(KEY)).toBe(true);
    expect(firedBy('uksouth').map(({ event }) => event.target?.tag)).toEqual(['v1', 'latest']);
    expect(world.resolveTag('team/app', 'latest').uksouth).toBe(IMAGE.digest);
    expect(world.truth.periodsEverywhere(KEY)).toHaveLength(2);
  });

  test('a new one can also fire no event for what it is filled with, but it does for what comes after', async () => {
    const { world, scheduler, firedBy } = startWorld({ seedingFires: false });
    world.push('team/app', 'v1', IMAGE);
    await scheduler.run();
    world.addReplica('uksouth');
    world.push('team/app', 'v2', buildImage(openRandom(2)));
    await scheduler.run();
    expect(firedBy('uksouth').map(({ event }) => event.target?.tag)).toEqual(['v2']);
  });

  test('one that is removed while an image is still missing there completes the image', async () => {
    const { world, scheduler, firedBy } = startWorld({ slowRegions: { westeurope: 1_000 } });
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    await scheduler.advance(MINUTE);
    expect(world.truth.isEverywhere(KEY)).toBe(false);
    world.removeReplica('westeurope');
    expect(world.truth.isEverywhere(KEY)).toBe(true);
    await scheduler.run();
    expect(firedBy('westeurope')).toEqual([]);
    expect(world.truth.regions()).toEqual(['australiaeast', 'eastus']);
  });

  test('one that is added again starts empty, and gets no change that was meant for the removed one', async () => {
    const { world, scheduler } = startWorld({ slowRegions: { westeurope: 1_000 }, seedingFires: false });
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    await scheduler.advance(MINUTE);
    world.removeReplica('westeurope');
    world.addReplica('westeurope');
    await scheduler.run();
    expect(world.history.filter(({ region, what }) => region === 'westeurope' && what === 'arrived')).toHaveLength(1);
  });
});

describe('pushes that cross', () => {
  test('the last writer of a tag wins in every region, in whatever order the pushes arrive', async () => {
    const other = buildImage(openRandom(2));
    for (let seed = 0; seed < 20; seed += 1) {
      const { world, scheduler } = startWorld({ seed });
      world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
      world.push('team/app', 'v1', other, { region: 'westeurope' });
      expect(world.resolveTag('team/app', 'v1').eastus).toBe(IMAGE.digest);
      await scheduler.run();
      expect(new Set(Object.values(world.resolveTag('team/app', 'v1')))).toEqual(new Set([other.digest]));
    }
  });

  test('an event that comes too late for its tag names it only when asked to', async () => {
    const tagsOfLateEvents = async (lateTagEvents: 'tagged' | 'untagged') => {
      const { world, scheduler, firedBy } = startWorld({ lateTagEvents });
      world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
      world.push('team/app', 'v1', buildImage(openRandom(2)), { region: 'westeurope' });
      await scheduler.run();
      return firedBy('westeurope').at(-1)?.event.target?.tag || null;
    };
    expect(await tagsOfLateEvents('tagged')).toBe('v1');
    expect(await tagsOfLateEvents('untagged')).toBe(null);
  });

  test('a delete while the image still replicates removes it everywhere in the end', async () => {
    const { world, scheduler, firings } = startWorld();
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    world.deleteManifest('team/app', IMAGE, { region: 'eastus' });
    await scheduler.run();
    expect(world.truth.regionsWith(KEY)).toEqual([]);
    expect(firings.map(({ event }) => event.action).sort()).toEqual([
      ...Array(3).fill('delete'),
      ...Array(3).fill('push'),
    ]);
  });

  test('a delete that overtakes its push leaves a region that never fires an event', async () => {
    const seeds = Array.from({ length: 40 }, (_, seed) => seed);
    const hasNoEvent = await Promise.all(
      seeds.map(async (seed) => {
        const { world, scheduler, firedBy } = startWorld({ seed, faults: { overtake: 1 } });
        world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
        world.deleteManifest('team/app', IMAGE, { region: 'eastus' });
        await scheduler.run();
        expect(world.truth.regionsWith(KEY)).toEqual([]);
        return firedBy('westeurope').length === 0;
      }),
    );
    expect(hasNoEvent).toContain(true);
    expect(hasNoEvent).toContain(false);
  });

  test('a delete and a push of the same digest right after it end with the image everywhere', async () => {
    const { world, scheduler, firedBy } = startWorld();
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    await scheduler.run();
    world.deleteManifest('team/app', IMAGE, { region: 'eastus' });
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    await scheduler.run();
    expect(world.truth.isEverywhere(KEY)).toBe(true);
    expect(firedBy('westeurope').map(({ event }) => event.action)).toEqual(['push', 'delete', 'push']);
    const stamps = firedBy('eastus').map(({ event }) => event.timestamp);
    expect(stamps).toEqual([...stamps].sort());
  });
});

describe('an incomplete image', () => {
  test('children can arrive after their index, in the replicas but not where it was pushed', async () => {
    const { world, scheduler, firedBy } = startWorld({ faults: { childrenAfterIndex: 1 } });
    const image = buildIndex(openRandom(1));
    world.push('team/app', 'v1', image, { region: 'eastus' });
    await scheduler.run();
    expect(firedBy('eastus').at(-1)?.change.manifest).toBe(image);
    for (const region of ['australiaeast', 'westeurope']) expect(firedBy(region)[0]?.change.manifest).toBe(image);
  });

  test('a manifest can be there before its config and layers', async () => {
    const { world, scheduler } = startWorld({ faults: { scatter: 1 } });
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    expect(world.truth.isIn('eastus', KEY)).toBe(true);
    expect(world.isComplete('eastus', 'team/app', IMAGE)).toBe(false);
    await scheduler.run();
    for (const region of REGIONS) expect(world.isComplete(region, 'team/app', IMAGE)).toBe(true);
  });
});

test('after any faults, all replicas hold the same in the end', async () => {
  const share = fc.constantFrom(0, 0.2, 1);
  const plan = fc.record({
    ...{ seed: fc.nat(), childrenAfterIndex: share, scatter: share, overtake: share },
    ...{
      deleted: share,
      pushedAgain: share,
      raced: share,
      outageAt: fc.nat(10),
      addAt: fc.nat(20),
      removeAt: fc.nat(20),
    },
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ seed, deleted, pushedAgain, raced, outageAt, addAt, removeAt, ...faults }) => {
      const { world, scheduler } = startWorld({ seed, faults });
      const startedAt = scheduler.now();
      planLoad(world, scheduler, { seed, images: 15, shares: { deleted, pushedAgain, raced } });
      scheduler.at(startedAt + outageAt * 1_000, () => world.beginOutage('eastus'));
      scheduler.at(startedAt + outageAt * 1_000 + 7_000, () => world.endOutage('eastus'));
      scheduler.at(startedAt + addAt * 1_000, () => world.addReplica('uksouth'));
      // The last chance to be copied must not go with the replica, or the image was never anywhere else.
      scheduler.at(startedAt + 60_000 + removeAt * 1_000, () => world.removeReplica('westeurope'));
      await scheduler.run({ maxSteps: 100_000 });
      const [first, ...others] = [...world.replicas.values()].map((replica) => ({
        manifests: [...replica.manifests]
          .filter(([, { present }]) => present)
          .map(([key]) => key)
          .sort(),
        tags: [...replica.tags].flatMap(([tag, { digest }]) => (digest === null ? [] : [`${tag} ${digest}`])).sort(),
      }));
      for (const other of others) expect(other).toEqual(first);
      expect(
        world.truth
          .keys()
          .filter((key) => world.truth.isEverywhere(key))
          .sort(),
      ).toEqual(first?.manifests);
    }),
    { numRuns: 60 },
  );
});
