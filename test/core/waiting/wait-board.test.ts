/** Which requests wait on several instances: listed within seconds, with one write in fifteen seconds and none while no request waits. */
import { describe, expect, test } from 'vitest';
import { memoryWaitStore } from '../../../src/adapters/memory-waits.ts';
import { waitBoard } from '../../../src/core/waiting/wait-board.ts';
import { manualClock } from '../../support/manual-clock.ts';

const log = { info: () => undefined, warn: () => undefined };
const image = { kind: 'image', name: 'contoso.azurecr.io/team/app:v1', registry: 'contoso' } as const;
const release = { kind: 'release', name: 'shop-2.4', registry: null } as const;

function setUp() {
  const clock = manualClock();
  const store = memoryWaitStore();
  let lists = 0;
  const list = store.list.bind(store);
  store.list = () => {
    lists++;
    return list();
  };
  const board = (instance: string) => waitBoard({ store, clock, log, instance });
  return { clock, store, board, lists: () => lists };
}

describe('what it costs', () => {
  test('one write in fifteen seconds while requests wait, however many, and none afterwards', async () => {
    const { clock, store, board } = setUp();
    const one = board('one');
    const leave = Array.from({ length: 500 }, () => one.enter([image, release]));
    await clock.advance(60_000);
    // After one second, and then every fifteen.
    expect(store.writes).toBe(4);
    for (const end of leave) end();
    await clock.advance(3_600_000);
    expect(store.writes).toBe(4);
  });

  test('nothing for requests that are answered at once, and no more where they come and go', async () => {
    const { clock, store, board, lists } = setUp();
    const one = board('one');
    for (let i = 0; i < 100; i++) {
      const leave = one.enter([image]);
      await clock.advance(200);
      leave();
      await clock.advance(1_000);
    }
    expect([store.writes, lists()]).toEqual([0, 0]);
    for (let i = 0; i < 30; i++) {
      const leave = one.enter([image]);
      await clock.advance(1_900);
      leave();
      await clock.advance(100);
    }
    expect(store.writes).toBeLessThanOrEqual(5);
    expect(lists()).toBe(1);
  });

  test('nothing for what has been waited for less than a second, also where others wait longer', async () => {
    const { clock, store, board } = setUp();
    const one = board('one');
    one.enter([image]);
    await clock.advance(15_500);
    one.enter([release]);
    await clock.advance(500);
    const noted = () => store.rows.get('one')?.waits.map(({ name }) => name);
    expect(noted()).toEqual([image.name]);
    await clock.advance(15_000);
    expect(noted()).toEqual([image.name, release.name]);
  });
});

describe('what is listed', () => {
  test('is what every instance holds, this one as it is now', async () => {
    const { clock, board } = setUp();
    const [one, two] = [board('one'), board('two')];
    const start = clock.now();
    one.enter([image]);
    await clock.advance(20_000);
    const leave = two.enter([image, release]);
    const waits = async (of: typeof one) =>
      Object.fromEntries((await of.list()).map((row) => [row.instance, row.waits]));
    expect(await waits(two)).toEqual({
      one: [{ ...image, requests: 1, since: start }],
      two: [
        { ...image, requests: 1, since: start + 20_000 },
        { ...release, requests: 1, since: start + 20_000 },
      ],
    });
    leave();
    leave();
    expect((await waits(two)).two).toEqual([]);
  });

  test('is one request for one that names an image twice', async () => {
    const { board } = setUp();
    const one = board('one');
    const leave = one.enter([image, release, { ...image }]);
    expect((await one.list())[0]?.waits.map(({ requests }) => requests)).toEqual([1, 1]);
    one.enter([image]);
    leave();
    leave();
    expect((await one.list())[0]?.waits.map(({ name, requests }) => [name, requests])).toEqual([[image.name, 1]]);
  });

  test('is each requirement of an image by itself', async () => {
    const { clock, store, board } = setUp();
    const one = board('one');
    const [some, signed] = [
      { ...image, regions: ['eastus'], require: 'any' as const },
      { ...image, artifacts: ['sbom'] },
    ];
    one.enter([image, some]);
    one.enter([{ ...some }]);
    const leave = one.enter([signed]);
    await clock.advance(2_000);
    const expected = [
      { ...image, requests: 1 },
      { ...some, requests: 2 },
      { ...signed, requests: 1 },
    ];
    expect(store.rows.get('one')?.waits).toMatchObject(expected);
    leave();
    expect((await one.list())[0]?.waits).toMatchObject(expected.slice(0, 2));
    expect(store.writes).toBe(1);
  });

  test('leaves out a requirement that has no room in the row, and nothing else', async () => {
    const { clock, store, board } = setUp();
    const one = board('one');
    one.enter([image, { ...image, artifacts: [`text/${'x'.repeat(400_000)}`] }, release]);
    await clock.advance(2_000);
    expect(store.rows.get('one')?.waits).toMatchObject([image, release]);
    expect((await one.list())[0]?.waits).toHaveLength(2);
  });

  test('is nothing of an instance that has closed, also where it was just writing', async () => {
    const { clock, store, board } = setUp();
    const [one, two] = [board('one'), board('two')];
    const written = Promise.withResolvers<void>();
    const put = store.put.bind(store);
    store.put = async (waits) => {
      await written.promise;
      await put(waits);
    };
    one.enter([image]);
    await clock.advance(2_000);
    const closed = one.close(5_000);
    written.resolve();
    await closed;
    expect(store.writes).toBe(1);
    expect((await two.list()).map(({ instance }) => instance)).toEqual(['two']);
    await clock.advance(60_000);
    expect(store.rows.size).toBe(0);
  });

  test('a storage that does not answer delays the end for no longer than its limit', async () => {
    const { clock, store, board } = setUp();
    const one = board('one');
    one.enter([image]);
    await clock.advance(2_000);
    store.remove = () => new Promise(() => undefined);
    let isClosed = false;
    void one.close(5_000).then(() => {
      isClosed = true;
    });
    await clock.advance(5_000);
    expect(isClosed).toBe(true);
  });

  test('is not what an instance left that has died, and its row goes', async () => {
    const { clock, store, board } = setUp();
    const waits = [{ ...image, requests: 1, since: clock.now() }];
    await store.put({ instance: 'dead', writtenAt: clock.now(), waits });
    // Like a live instance whose clock is a minute behind.
    await clock.advance(104_000);
    expect(await board('other').list()).toHaveLength(2);
    await clock.advance(2_000);
    const empty = () => [{ instance: 'other', writtenAt: clock.now(), waits: [] }];
    expect(await board('other').list()).toEqual(empty());
    expect(store.rows.size).toBe(1);
    await clock.advance(600_000);
    const remove = store.remove.bind(store);
    store.remove = () => Promise.reject(new Error('away'));
    expect(await board('other').list()).toEqual(empty());
    store.remove = remove;
    expect(await board('other').list()).toEqual(empty());
    await clock.settle();
    expect(store.rows.size).toBe(0);
  });

  test('counts from the first of repeated requests, and starts again after a break', async () => {
    const { clock, board } = setUp();
    const one = board('one');
    const start = clock.now();
    const since = async () => (await one.list())[0]?.waits[0]?.since;
    one.enter([image])();
    await clock.advance(30_000);
    const leave = one.enter([image]);
    expect(await since()).toBe(start);
    leave();
    await clock.advance(46_000);
    one.enter([image]);
    expect(await since()).toBe(clock.now());
  });

  test('is read at most every five seconds, however many look', async () => {
    const { clock, store, board, lists } = setUp();
    const one = board('one');
    await Promise.all([one.list(), one.list()]);
    await clock.advance(4_000);
    await one.list();
    expect(lists()).toBe(1);
    await clock.advance(1_000);
    store.list = () => Promise.reject(new Error('away'));
    await expect(one.list()).rejects.toThrow('away');
    store.list = async () => [];
    expect(await one.list()).toHaveLength(1);
  });

  test('comes later where the storage does not accept it', async () => {
    const { clock, store, board } = setUp();
    const put = store.put.bind(store);
    store.put = () => Promise.reject(new Error('away'));
    const one = board('one');
    one.enter([image]);
    await clock.advance(20_000);
    store.put = put;
    await clock.advance(15_000);
    expect([...store.rows.keys()]).toEqual(['one']);
  });
});
