/** Sweeps of due work: late, missed, two at once, cut off in the middle, and with more due than can be done at once. */

import { describe, expect, test } from 'vitest';
import { memoryDueWork } from '../../../src/adapters/memory-due-work.ts';
import type { DueWork } from '../../../src/core/due-work/due-work.ts';
import { sweepEveryMs } from '../../../src/core/due-work/due-work.ts';
import { runDueWork } from '../../../src/core/due-work/run-due-work.ts';
import { sweeper } from '../../../src/core/due-work/sweeper.ts';
import type { ForwardOrder } from '../../../src/core/image/forward-entry.ts';
import type { DueWorkStore } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, repositoryOf, tagOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const hour = 3_600_000;
const forever = () => new Promise<never>(() => undefined);
const away = async () => {
  throw new UpstreamError('unavailable', 'the tables are away');
};
const nameOf = (n: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) });
const imageOf = (n: number): DueWork => ({ kind: 'image', name: nameOf(n) });
const order: ForwardOrder = {
  target: 'cluster',
  name: nameOf(1),
  tag: tagOf('v1'),
  mediaType: null,
  pushedAt: '2026-06-01T12:00:00Z',
  madeAt: 5,
  id: '5f0c7b1e-0000-8000-a000-000000000000',
};

function world(store: DueWorkStore & { readonly rows?: ReadonlyMap<string, unknown> } = memoryDueWork()) {
  const clock = manualClock();
  const lines: string[] = [];
  const note = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const done: DueWork[] = [];
  const instance = (run: (work: DueWork) => Promise<void> = async () => undefined) =>
    sweeper({
      dueWork: store,
      clock,
      log: { info: note, warn: note },
      async run(work) {
        await run(work);
        done.push(work);
      },
    });
  return { clock, store, lines, done, instance };
}

describe('a sweep', () => {
  test('does what is due, once, and leaves the rest', async () => {
    const { clock, store, done, instance } = world();
    await store.add(imageOf(1), clock.now() - 1);
    await store.add(imageOf(2), clock.now() + sweepEveryMs);
    const one = instance();
    await one.sweep();
    await one.sweep();
    expect(done).toEqual([imageOf(1)]);
    await clock.advance(sweepEveryMs);
    await one.sweep();
    expect(done).toEqual([imageOf(1), imageOf(2)]);
    expect(store.rows?.size).toBe(0);
  });

  test('catches up with all that was missed for an hour', async () => {
    const { clock, store, done, instance } = world();
    for (let n = 0; n < 240; n++) await store.add(imageOf(n), clock.now() + n * sweepEveryMs);
    await clock.advance(hour);
    await instance().sweep();
    expect(done).toEqual(Array.from({ length: 240 }, (_, n) => imageOf(n)));
    expect(store.rows?.size).toBe(0);
  });

  test('does work that was added twice once', async () => {
    const { clock, store, done, instance } = world();
    await store.add(imageOf(1), clock.now() - 5);
    await store.add(imageOf(1), clock.now());
    await instance().sweep();
    expect(done).toEqual([imageOf(1)]);
    expect(store.rows?.size).toBe(0);
  });

  test('that is cut off in the middle loses nothing: another does what was not done', async () => {
    const { clock, store, done, instance } = world();
    for (let n = 0; n < 5; n++) await store.add(imageOf(n), clock.now());
    // It is killed while two of them are under way.
    void instance((work) =>
      [1, 3].some((n) => work.kind === 'image' && work.name.digest === digestOf(n)) ? forever() : Promise.resolve(),
    ).sweep();
    await clock.settle();
    expect(done).toHaveLength(3);
    await instance().sweep();
    expect(done).toHaveLength(5);
    expect(new Set(done.map((work) => JSON.stringify(work))).size).toBe(5);
  });

  test('beside another does no harm: each does all, or what is left', async () => {
    const { clock, store, done, instance } = world();
    for (let n = 0; n < 200; n++) await store.add(imageOf(n), clock.now());
    await Promise.all([instance().sweep(), instance().sweep()]);
    expect(new Set(done.map((work) => JSON.stringify(work))).size).toBe(200);
    expect(store.rows?.size).toBe(0);
  });

  test('beside another sends each forward once', async () => {
    const { clock, store, done, instance } = world();
    for (let attempt = 0; attempt < 50; attempt++) await store.add({ kind: 'forward', order, attempt }, clock.now());
    await Promise.all([instance().sweep(), instance().sweep()]);
    expect(done).toHaveLength(50);
    expect(store.rows?.size).toBe(0);
  });

  test('that dies while it sends a forward: the forward comes back after a minute, and not before', async () => {
    const { clock, store, done, instance } = world();
    await store.add({ kind: 'forward', order, attempt: 0 }, clock.now());
    void instance(forever).sweep();
    await clock.settle();
    const other = instance();
    await clock.advance(59_000);
    await other.sweep();
    expect(done).toEqual([]);
    await clock.advance(1_000);
    await other.sweep();
    expect(done).toHaveLength(1);
  });

  test('of thousands does a bounded number at once, and all of them', async () => {
    const { clock, store, done, instance } = world();
    await Promise.all(Array.from({ length: 3_000 }, (_, n) => store.add(imageOf(n), clock.now())));
    let atOnce = 0;
    let most = 0;
    const sweeping = instance(async () => {
      most = Math.max(most, ++atOnce);
      await clock.sleep(10);
      atOnce--;
    }).sweep();
    await clock.advance(5_000);
    await sweeping;
    expect(done).toHaveLength(3_000);
    expect(most).toBeLessThanOrEqual(32);
    expect(most).toBeGreaterThan(16);
    expect(store.rows?.size).toBe(0);
  });

  test('ends although one item is slow; that item is not started again and delays no other', async () => {
    const { clock, store, done, instance } = world();
    await store.add(imageOf(1), clock.now());
    let begun = 0;
    const one = instance((work) => {
      if (JSON.stringify(work) !== JSON.stringify(imageOf(1))) return Promise.resolve();
      begun++;
      return clock.sleep(120_000);
    });
    for (let n = 2; n < 7; n++) {
      await store.add(imageOf(n), clock.now());
      const sweeping = one.sweep();
      await clock.advance(sweepEveryMs);
      await sweeping;
      expect(done).toContainEqual(imageOf(n));
    }
    expect(begun).toBe(1);
    await clock.advance(120_000);
    expect(done).toContainEqual(imageOf(1));
    expect(store.rows?.size).toBe(0);
  });

  test('fails when it cannot read what is due, and the next one does it', async () => {
    const memory = memoryDueWork();
    let isAway = true;
    const { clock, store, done, instance } = world({
      ...memory,
      due: (query) => (isAway ? away() : memory.due(query)),
    });
    await store.add(imageOf(1), clock.now());
    const one = instance();
    await expect(one.sweep()).rejects.toThrow(UpstreamError);
    isAway = false;
    await one.sweep();
    expect(done).toEqual([imageOf(1)]);
  });
});

describe('work that fails', () => {
  test('for now is tried again every half minute, and the others are done', async () => {
    const { clock, store, done, lines, instance } = world();
    for (let n = 0; n < 20; n++) await store.add(imageOf(n), clock.now());
    let tries = 0;
    const one = instance(async (work) => {
      if (JSON.stringify(work) === JSON.stringify(imageOf(3)) && ++tries <= 4) await away();
    });
    await one.sweep();
    expect(done).toHaveLength(19);
    expect(lines).toEqual(['due work failed, will retry {"failures":1,"error":"unavailable: the tables are away"}']);
    const { items } = await store.due({ before: clock.now() + hour, cursor: undefined, limit: 9 });
    expect(items).toMatchObject([{ work: imageOf(3), failures: 1, scheduledFor: clock.now() }]);
    for (let time = 0; time < 4 * 30_000; time += sweepEveryMs) {
      await clock.advance(sweepEveryMs);
      await one.sweep();
    }
    expect(tries).toBe(5);
    expect(done).toHaveLength(20);
    expect(store.rows?.size).toBe(0);
  });

  test('ten times in a row has a log line of its own, for an alert', async () => {
    const { clock, store, lines, instance } = world();
    await store.add(imageOf(1), clock.now());
    const one = instance(() => away());
    for (let time = 0; time < 9 * 30_000; time += 30_000) {
      await one.sweep();
      await clock.advance(30_000);
    }
    const lasting = () => lines.filter((line) => line.startsWith('due work keeps failing'));
    expect(lasting()).toEqual([]);
    await one.sweep();
    expect(lasting()).toEqual(['due work keeps failing {"failures":1,"error":"unavailable: the tables are away"}']);
  });

  test('forever, or is unknown here, is tried less and less often, and never lost', async () => {
    const { clock, store, instance } = world();
    await store.add(imageOf(1), clock.now());
    let tries = 0;
    const one = instance(async () => {
      tries++;
      throw new TypeError('an unexpected error');
    });
    for (let time = 0; time < 24 * hour; time += 60_000) {
      await one.sweep();
      await clock.advance(60_000);
    }
    expect(tries).toBeGreaterThan(24);
    expect(tries).toBeLessThan(40);
    expect(store.rows?.size).toBe(1);
  });

  test('and cannot be postponed either stays due', async () => {
    const memory = memoryDueWork();
    let isAway = true;
    const { clock, store, done, lines, instance } = world({
      ...memory,
      postpone: (...postponed) => (isAway ? away() : memory.postpone(...postponed)),
    });
    await store.add(imageOf(1), clock.now());
    const one = instance(() => (isAway ? away() : Promise.resolve()));
    await one.sweep();
    expect(lines[0]).toContain('due work not removed');
    isAway = false;
    await one.sweep();
    expect(done).toEqual([imageOf(1)]);
  });

  test('to be removed once it is done is done again', async () => {
    const memory = memoryDueWork();
    let isAway = true;
    const { clock, store, done, instance } = world({
      ...memory,
      remove: (item) => (isAway ? away() : memory.remove(item)),
    });
    await store.add(imageOf(1), clock.now());
    const one = instance();
    await one.sweep();
    isAway = false;
    await one.sweep();
    expect(done).toEqual([imageOf(1), imageOf(1)]);
    expect(memory.rows.size).toBe(0);
  });
});

test('closing waits for what is under way, and begins nothing new', async () => {
  const { clock, store, done, instance } = world();
  for (let n = 0; n < 100; n++) await store.add(imageOf(n), clock.now());
  const one = instance(() => clock.sleep(1_000));
  const sweeping = one.sweep();
  await clock.settle();
  const closing = one.close(5_000);
  await clock.advance(1_000);
  await closing;
  await sweeping;
  expect(done).toHaveLength(32);
  expect(store.rows?.size).toBe(68);
});

describe('due work', () => {
  const item = { key: '1', text: '', scheduledFor: 7_000, failures: 0, clockAheadMs: 0 };
  function workers(checks = true) {
    const calls: unknown[] = [];
    const call =
      (what: string) =>
      async (...args: unknown[]) =>
        void calls.push([what, ...args]);
    const run = runDueWork({
      tracker: { registries: [{ name: 'contoso' }] as never, reconcile: call('reconcile'), recount: call('recount') },
      checks: checks ? { resume: call('check') } : undefined,
      forwarder: { deliver: call('forward') as never },
      releases: { resume: call('release') },
      replays: { send: call('replay') },
    });
    return { run: (work: DueWork, changes = {}) => run(work, { ...item, work, ...changes }), calls };
  }

  test('goes to the room that does it', async () => {
    const { run, calls } = workers();
    await run({ kind: 'image', name: nameOf(1), firstNoticedAt: 5 });
    await run({ kind: 'forward', order, attempt: 2 });
    await run({ kind: 'release', name: 'shop', revision: 2 });
    await run({ kind: 'replay', message: { id: 'abc-1', failures: 1 } });
    expect(calls).toEqual([
      ['reconcile', nameOf(1), 7_000, 5],
      ['forward', order, 2],
      ['release', { kind: 'release', name: 'shop', revision: 2 }],
      ['replay', { id: 'abc-1', failures: 1 }, 0],
    ]);
  });

  test('of an image whose registry has left the settings is nothing to do', async () => {
    const { run, calls } = workers();
    await run({ kind: 'image', name: { ...nameOf(1), registry: 'fabrikam' } });
    expect(calls).toEqual([]);
  });

  test('of a check says how far our clock is ahead of the clock of its times, however late the sweep is', async () => {
    const { run, calls } = workers();
    const check = { kind: 'check', id: 'a'.repeat(40), sequence: 3 } as const;
    await run({ ...check, aheadMs: 0 });
    await run({ ...check, aheadMs: 20_000 }, { clockAheadMs: -50_000 });
    expect(calls).toEqual([
      ['check', check.id, 3, 0],
      ['check', check.id, 3, -30_000],
    ]);
  });

  test('of a check waits while there are no settings for checks', async () => {
    const { run } = workers(false);
    await expect(run({ kind: 'check', id: 'a'.repeat(40), sequence: 3, aheadMs: 0 })).rejects.toThrow('no settings');
  });
});
