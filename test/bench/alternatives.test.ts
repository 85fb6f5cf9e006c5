/**
 * Whether the comparison compares: the loop's requests are what arithmetic says, the trackers of an afternoon fail as
 * they must, and ours would be found out if it did.
 */
import { describe, expect, test } from 'vitest';
import { askUntilEverywhere, requestsPerAsking } from '../../bench/alternatives/head-loop.ts';
import { judge } from '../../bench/alternatives/judge.ts';
import { replicaEndpoints } from '../../bench/alternatives/replica-endpoints.ts';
import type { Received } from '../../bench/alternatives/simple-trackers.ts';
import { oneRow, rowPerDelivery } from '../../bench/alternatives/simple-trackers.ts';
import { slowStorage } from '../../bench/alternatives/slow-storage.ts';
import type { Seen } from '../../bench/alternatives/stage.ts';
import { runStage } from '../../bench/alternatives/stage.ts';
import { virtualTime } from '../../bench/alternatives/virtual-time.ts';
import { ours, simple } from '../../bench/alternatives/ways.ts';
import { toManifestKey } from '../../src/local/simulator/change.ts';
import { buildImage } from '../../src/local/simulator/manifest.ts';
import { openRandom } from '../../src/local/simulator/random.ts';
import { createWorld } from '../../src/local/simulator/world.ts';

const regions = ['eastus', 'westeurope', 'southeastasia'];
const hour = 3_600_000;

describe('virtual time', () => {
  test('lets what sleeps overlap, and passes at once', async () => {
    const { clock, scheduler, pass } = virtualTime();
    const startedAt = clock.now();
    const ends: number[] = [];
    const nap = async (milliseconds: number) => {
      await clock.sleep(milliseconds);
      await clock.sleep(milliseconds);
      ends.push(clock.now() - startedAt);
    };
    scheduler.at(startedAt + 10, () => nap(100));
    scheduler.at(startedAt + 20, () => nap(50));
    await pass(hour);
    expect(ends).toEqual([120, 210]);
    expect(clock.now() - startedAt).toBe(hour);
  });

  test('a sleep that is called off ends then, and a failure is not lost', async () => {
    const { clock, scheduler, pass } = virtualTime();
    const off = new AbortController();
    const woken = clock.sleep(hour, off.signal).then(() => clock.now());
    const at = clock.now() + 1_000;
    scheduler.at(at, () => off.abort());
    await pass(2_000);
    expect(await woken).toBe(at);
    scheduler.at(clock.now() + 1, () => Promise.reject(new Error('it failed')));
    await expect(pass(10)).rejects.toThrow('it failed');
  });
});

test.each([10, 30])('a loop every %i s asks exactly as often as arithmetic says', async (everySeconds) => {
  const time = virtualTime();
  const { scheduler } = time;
  const world = createWorld({ registry: 'contoso', regions, seed: 7, scheduler, lagSeconds: 60 });
  const endpoints = replicaEndpoints(world, scheduler.now);
  const image = buildImage(openRandom(7));
  const everyMs = everySeconds * 1_000;
  const startAt = scheduler.now() + 1_500;
  let endedAt = 0;
  world.push('team/app', 'v1', image, { region: 'eastus' });
  scheduler.at(startAt, async () => {
    await askUntilEverywhere({ fetch: endpoints.fetch, time, regions, everyMs }, 'team/app', image.digest);
    endedAt = scheduler.now();
  });
  await time.pass(hour);
  const key = toManifestKey('team/app', image.digest);
  const rounds = regions.map((region) => {
    const arrivedAt = world.truth.periodsIn(region, key)[0]?.from ?? Number.NaN;
    return 1 + Math.ceil(Math.max(0, arrivedAt - startAt) / everyMs);
  });
  const asked = rounds.reduce((sum, one) => sum + one, 0);
  expect(asked).toBeGreaterThan(regions.length);
  expect(endpoints.requests).toBe(regions.length + requestsPerAsking * asked);
  expect(endpoints.manifestRequests).toBe(asked);
  expect(endedAt).toBe(startAt + (Math.max(...rounds) - 1) * everyMs);
});

describe('simple trackers', () => {
  /** @returns what was published, when the second is received so long after the first */
  async function receiveAll(make: typeof oneRow, pauseMs: number, ...events: Received[]): Promise<string[]> {
    const time = virtualTime();
    const published: string[] = [];
    const receive = make(slowStorage(time.clock, 1), 2, (image) => void published.push(image));
    for (const [place, one] of events.entries()) {
      time.scheduler.at(time.clock.now() + place * pauseMs, () => receive(one));
    }
    await time.pass(hour);
    return published;
  }
  const east: Received = { id: '1', region: 'eastus', image: 'a' };
  const west: Received = { id: '1', region: 'westeurope', image: 'a' };

  test('one row publishes what comes one at a time, loses an update of two at once, and publishes a simultaneous repeat twice', async () => {
    expect(await receiveAll(oneRow, 1_000, east, east, west, west)).toEqual(['a']);
    expect(await receiveAll(oneRow, 1, east, west)).toEqual([]);
    expect(await receiveAll(oneRow, 40, east, west)).toEqual(['a']);
    expect(await receiveAll(oneRow, 1_000, east, { ...east, image: 'b' }, west)).toEqual(['a']);
  });

  test('a row per delivery id takes regions with one id for repeats, and two pushes for two regions', async () => {
    expect(await receiveAll(rowPerDelivery, 1_000, east, west)).toEqual([]);
    expect(await receiveAll(rowPerDelivery, 1_000, east, { ...west, id: '2' })).toEqual(['a']);
    expect(await receiveAll(rowPerDelivery, 1_000, east, { ...east, id: '2' })).toEqual(['a']);
    expect(await receiveAll(rowPerDelivery, 1, east, { ...west, id: '2' })).toEqual(['a', 'a']);
  });
});

describe('a whole run', () => {
  const scenario = {
    ...{ seed: 3, regions, images: 12, lagSeconds: 2, lagSpread: 0.5, secondTags: 0.3 },
    faults: { loss: 0.1, repeat: 0.3, reorder: 0.3 },
  };

  test('one row never publishes what was lost; the tracker publishes everything, once, and not too early', async () => {
    const row = judge(await runStage(scenario, 1, simple(oneRow)), 'published');
    expect(row.never).toBeGreaterThan(0);
    const run = await runStage(scenario, 2, ours(3, true));
    expect(run.images.filter(({ lost }) => lost > 0).length).toBeGreaterThan(0);
    expect(run.storageRequests).toBeGreaterThan(0);
    expect(run.images.every(({ waits }) => waits.length === 2)).toBe(true);
    for (const by of ['published', 'waits'] as const) {
      expect(judge(run, by)).toMatchObject({ images: 12, early: 0, twice: 0, never: 0 });
    }
  });

  test('a tracker that says yes to everything is early', async () => {
    const run = await runStage(scenario, 1, ({ publish }) => ({
      receive: async (_region, { repository, digest }) => publish(`${repository}@${digest}`, String(Math.random())),
      wait: async () => undefined,
    }));
    expect(judge(run, 'published').early).toBe(12);
    expect(judge(run, 'published').twice).toBe(12);
  });
});

describe('the verdict', () => {
  const seen = (one: Partial<Seen>): Seen => ({ everywhereAt: 1_000, lost: 0, published: [], waits: [], ...one });
  const judged = (image: Partial<Seen>, by: 'published' | 'waits') =>
    judge({ registryRequests: 0, manifestRequests: 0, storageRequests: 0, images: [seen(image)] }, by);

  test.each<[string, Partial<Seen>, object]>([
    ['in time', { published: [{ id: 'a', at: 1_500 }] }, { p50: 0.5, early: 0, twice: 0, never: 0 }],
    ['early', { published: [{ id: 'a', at: 999 }] }, { early: 1, never: 0 }],
    [
      'under one id again',
      {
        published: [
          { id: 'a', at: 1_000 },
          { id: 'a', at: 2_000 },
        ],
      },
      { twice: 0, p50: 0 },
    ],
    [
      'under two ids',
      {
        published: [
          { id: 'a', at: 1_000 },
          { id: 'b', at: 2_000 },
        ],
      },
      { twice: 1 },
    ],
    ['never', { lost: 1 }, { never: 1, neverThoughNothingLost: 0 }],
    ['never, of what never was', { everywhereAt: undefined }, { never: 0, early: 0 }],
  ])('published %s', (_what, image, verdict) => expect(judged(image, 'published')).toMatchObject(verdict));

  test('of waiters, those count that were there', () => {
    const waits = [
      { from: 0, at: 3_000 },
      { from: 2_000, at: 2_000 },
    ];
    expect(judged({ waits }, 'waits')).toMatchObject({ p50: 2, p99: 2, early: 0, never: 0 });
    expect(judged({ waits: [{ from: 0, at: undefined }] }, 'waits')).toMatchObject({ never: 1 });
  });
});
