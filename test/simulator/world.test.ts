/**
 * The simulated registry in virtual time: what arrives where and when, and that a seed replays it. If this were wrong,
 * every test that uses the simulator would prove nothing.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toManifestKey } from '../../src/local/simulator/change.ts';
import type { Firing } from '../../src/local/simulator/firing.ts';
import { planLoad } from '../../src/local/simulator/load.ts';
import { buildImage, buildIndex, listManifests } from '../../src/local/simulator/manifest.ts';
import { openRandom } from '../../src/local/simulator/random.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';
import { createWorld } from '../../src/local/simulator/world.ts';
import type { WorldOptions } from '../../src/local/simulator/world-state.ts';

const REGIONS = ['eastus', 'westeurope', 'southeastasia', 'australiaeast'];

function startWorld(options: Partial<WorldOptions> = {}) {
  const scheduler = createVirtualScheduler();
  const world = createWorld({ registry: 'contoso', regions: REGIONS, seed: 7, scheduler, ...options });
  const firings: Firing[] = [];
  world.listen((firing) => firings.push(firing));
  return { world, scheduler, firings, startedAt: scheduler.now() };
}

describe('manifests', () => {
  test('a digest is the sha256 of the manifest bytes, for an index and all it names', () => {
    const image = buildIndex(openRandom(1), { attestations: true });
    expect(image.children).toHaveLength(4);
    for (const part of [...listManifests(image), ...image.children.flatMap((child) => child.blobs)]) {
      expect(part.digest).toBe(`sha256:${createHash('sha256').update(part.bytes).digest('hex')}`);
    }
    const content = JSON.parse(image.bytes.toString());
    expect(content.manifests.map(({ digest }: { digest: string }) => digest)).toEqual(
      image.children.map(({ digest }) => digest),
    );
  });

  test.each(['oci', 'docker'] as const)('%s image manifests name their config and layers with true sizes', (format) => {
    const image = buildImage(openRandom(1), { format });
    const { config, layers, mediaType } = JSON.parse(image.bytes.toString());
    expect(mediaType).toBe(image.mediaType);
    expect([config, ...layers]).toEqual(
      image.blobs.map(({ mediaType: type, digest, bytes }) => ({ mediaType: type, digest, size: bytes.length })),
    );
  });
});

describe('a push', () => {
  test('is in its own region at once, in the others after a lag, and everywhere in the end', async () => {
    const { world, scheduler, startedAt } = startWorld();
    const image = buildImage(openRandom(1));
    const key = toManifestKey('team/app', image.digest);
    world.push('team/app', 'v1', image, { region: 'westeurope' });
    expect(world.truth.regionsWith(key)).toEqual(['westeurope']);
    expect(world.truth.isEverywhere(key)).toBe(false);
    await scheduler.run();
    expect(world.truth.regionsWith(key)).toEqual([...REGIONS].sort());
    const [period] = world.truth.periodsEverywhere(key);
    const arrivals = REGIONS.map((region) => world.truth.periodsIn(region, key)[0]?.from ?? Number.NaN);
    expect(period?.from).toBe(Math.max(...arrivals));
    expect(arrivals.filter((at) => at === startedAt)).toHaveLength(1);
    expect(world.truth.isEverywhere(key, (period?.from ?? 0) - 1)).toBe(false);
    expect(world.truth.isEverywhere(key, period?.from)).toBe(true);
  });

  test('of an index puts the children first, by digest, and in every region the index arrives last', async () => {
    const { world, scheduler, firings } = startWorld();
    const image = buildIndex(openRandom(1));
    world.push('team/app', 'v1', image, { region: 'eastus' });
    await scheduler.run();
    for (const region of REGIONS) {
      const mine = firings.filter((firing) => firing.region === region).map(({ event }) => event.target);
      expect(mine).toHaveLength(3);
      expect(mine.at(-1)).toMatchObject({ digest: image.digest, tag: 'v1' });
      for (const child of mine.slice(0, 2)) expect(child?.tag ?? '').toBe('');
    }
  });

  test('fires one event per region, by default with the same id and each with its own time', async () => {
    const { world, scheduler, firings } = startWorld();
    world.push('team/app', 'v1', buildImage(openRandom(1)));
    await scheduler.run();
    expect(firings.map(({ region }) => region).sort()).toEqual([...REGIONS].sort());
    expect(new Set(firings.map(({ event }) => event.id)).size).toBe(1);
    expect(new Set(firings.map(({ event }) => event.timestamp)).size).toBe(4);
    expect(new Set(firings.map(({ event }) => event.request?.id)).size).toBe(1);
  });

  test('can fire a different id in each region, and repeat the time of the first', async () => {
    const { world, scheduler, firings } = startWorld({ eventIds: 'per-region', timestamps: 'origin' });
    world.push('team/app', 'v1', buildImage(openRandom(1)));
    await scheduler.run();
    expect(new Set(firings.map(({ event }) => event.id)).size).toBe(4);
    expect(new Set(firings.map(({ event }) => event.timestamp)).size).toBe(1);
  });

  test('through a regional host shows that host in every region', async () => {
    const { world, scheduler, firings } = startWorld();
    world.push('team/app', 'v1', buildImage(openRandom(1)), { region: 'westeurope', regionalHost: true });
    await scheduler.run();
    expect(new Set(firings.map(({ event }) => event.request?.host))).toEqual(
      new Set(['contoso.westeurope.geo.azurecr.io']),
    );
  });

  test('a late region takes its factor longer; speed divides everything', async () => {
    async function lastArrival(options: Partial<WorldOptions>): Promise<{ region: string; after: number }> {
      const { world, scheduler, firings, startedAt } = startWorld(options);
      world.push('team/app', 'v1', buildImage(openRandom(1)), { region: 'eastus' });
      await scheduler.run();
      const last = firings.at(-1);
      return { region: last?.region ?? '', after: (last?.at ?? 0) - startedAt };
    }
    const late = await lastArrival({ slowRegions: { westeurope: 100 } });
    expect(late.region).toBe('westeurope');
    expect(late.after).toBeGreaterThan(60_000);
    const fast = await lastArrival({ slowRegions: { westeurope: 100 }, speed: 10 });
    expect(fast.after).toBeCloseTo(late.after / 10, 3);
  });

  test('needs a region that answers', () => {
    const { world } = startWorld();
    const image = buildImage(openRandom(1));
    expect(() => world.push('team/app', 'v1', image, { region: 'mars' })).toThrow(
      /no replica answers in mars; up now: eastus/,
    );
  });
});

describe('deletes and tags', () => {
  test('a delete takes the manifest and its tags, region by region', async () => {
    const { world, scheduler, firings } = startWorld();
    const image = buildImage(openRandom(1));
    const key = toManifestKey('team/app', image.digest);
    world.push('team/app', 'v1', image, { region: 'eastus' });
    await scheduler.run();
    world.deleteManifest('team/app', image, { region: 'eastus' });
    expect(world.truth.regionsWith(key)).toEqual(REGIONS.filter((region) => region !== 'eastus').sort());
    await scheduler.run();
    expect(world.truth.regionsWith(key)).toEqual([]);
    expect(Object.values(world.resolveTag('team/app', 'v1'))).toEqual([null, null, null, null]);
    expect(firings.filter(({ event }) => event.action === 'delete')).toHaveLength(4);
    expect(() => world.deleteManifest('team/app', image, { region: 'eastus' })).toThrow(/is not in eastus/);
  });

  test('untagging fires nothing and leaves the manifest', async () => {
    const { world, scheduler, firings } = startWorld();
    const image = buildImage(openRandom(1));
    world.push('team/app', 'v1', image);
    await scheduler.run();
    world.untag('team/app', 'v1', image);
    await scheduler.run();
    expect(firings).toHaveLength(4);
    expect(Object.values(world.resolveTag('team/app', 'v1'))).toEqual([null, null, null, null]);
    expect(world.truth.isEverywhere(toManifestKey('team/app', image.digest))).toBe(true);
  });

  test('a second tag on the same image fires a push with the same digest', async () => {
    const { world, scheduler, firings } = startWorld();
    const image = buildImage(openRandom(1));
    world.push('team/app', 'v1', image);
    await scheduler.run();
    world.push('team/app', 'latest', image);
    await scheduler.run();
    const tags = firings.map(({ event }) => event.target?.tag);
    expect(tags.filter((tag) => tag === 'latest')).toHaveLength(4);
    expect(new Set(firings.map(({ event }) => event.target?.digest)).size).toBe(1);
  });
});

describe('the same seed', () => {
  async function record(seed: number) {
    const { world, scheduler, firings } = startWorld({ seed });
    planLoad(world, scheduler, { seed, images: 30, shares: { deleted: 0.3, pushedAgain: 0.5, raced: 0.2 } });
    await scheduler.run();
    return { history: world.history, bodies: firings.map(({ region, event }) => ({ region, event })) };
  }

  test('gives the same history and the same bodies, another seed others', async () => {
    const [one, same, other] = [await record(3), await record(3), await record(4)];
    expect(one.history.length).toBeGreaterThan(150);
    expect(one).toEqual(same);
    expect(one.history).not.toEqual(other.history);
  });

  test('runs a thousand pushes over ten hours in virtual time without waiting', async () => {
    const { world, scheduler, startedAt } = startWorld();
    planLoad(world, scheduler, { seed: 1, images: 1_000, everySeconds: 36 });
    const began = performance.now();
    await scheduler.run();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(scheduler.now() - startedAt).toBeGreaterThan(9 * 3_600_000);
    expect(world.truth.keys().every((key) => world.truth.isEverywhere(key))).toBe(true);
  });
});
