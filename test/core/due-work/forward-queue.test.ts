/** Forwards are sent by the instance that stored them, and by a sweep when that instance has died. */
import { describe, expect, test } from 'vitest';
import { memoryDueWork } from '../../../src/adapters/memory-due-work.ts';
import type { DueWork } from '../../../src/core/due-work/due-work.ts';
import { dueForwardQueue } from '../../../src/core/due-work/forward-queue.ts';
import { sweeper } from '../../../src/core/due-work/sweeper.ts';
import type { ForwardOrder } from '../../../src/core/image/forward-entry.ts';
import type { DueWorkStore } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, repositoryOf, tagOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

describe('a forward', () => {
  const orderOf = (n: number): ForwardOrder => ({
    target: 'cluster',
    name: { ...name, digest: digestOf(n) },
    tag: tagOf('v1'),
    mediaType: null,
    pushedAt: '2026-06-01T12:00:00Z',
    madeAt: 5,
    id: `5f0c7b1e-0000-8000-a000-${String(n).padStart(12, '0')}`,
  });

  function world(store: DueWorkStore & { readonly rows: ReadonlyMap<string, unknown> } = memoryDueWork()) {
    const clock = manualClock();
    const sent: [n: string, attempt: number, at: number][] = [];
    const begin = clock.now();
    const log = { info: () => undefined, warn: () => undefined };
    const note = async ({ order, attempt }: DueWork & { kind: 'forward' }) => {
      sent.push([order.id.slice(-1), attempt, clock.now() - begin]);
    };
    const queue = (run: typeof note = note) =>
      dueForwardQueue({ dueWork: store, clock, log, deadLetter: async () => undefined, run });
    const sweeps = sweeper({
      dueWork: store,
      clock,
      log,
      run: (work) => (work.kind === 'forward' ? note(work) : Promise.resolve()),
    });
    return { clock, store, sent, queue, sweeps };
  }

  test('is sent at once by the instance that stored it, and its row is removed', async () => {
    const { clock, store, sent, queue, sweeps } = world();
    await queue().put(orderOf(1), 0, 0);
    await sweeps.sweep();
    await clock.settle();
    expect(sent).toEqual([['1', 0, 0]]);
    expect(store.rows.size).toBe(0);
  });

  test('is tried again when its pause is over, before the next sweep', async () => {
    const { clock, store, sent, queue } = world();
    await queue().put(orderOf(1), 1, 5_000);
    await clock.advance(4_999);
    expect(sent).toEqual([]);
    await clock.advance(1);
    expect(sent).toEqual([['1', 1, 5_000]]);
    expect(store.rows.size).toBe(0);
  });

  test('whose pause is longer is left to the sweep', async () => {
    const { clock, sent, queue, sweeps } = world();
    await queue().put(orderOf(1), 2, 15_000);
    await clock.advance(15_000);
    expect(sent).toEqual([]);
    await sweeps.sweep();
    expect(sent).toEqual([['1', 2, 15_000]]);
  });

  test.each([
    [0, 60_000],
    [5_000, 65_000],
  ])('put with a pause of %i ms comes back when the instance that sends it dies', async (delayMs, backAt) => {
    const { clock, sent, queue, sweeps } = world();
    await queue(() => new Promise(() => undefined)).put(orderOf(1), 0, delayMs);
    for (let time = 0; time < backAt; time += 5_000) {
      await sweeps.sweep();
      expect(sent).toEqual([]);
      await clock.advance(5_000);
    }
    await sweeps.sweep();
    expect(sent).toEqual([['1', 0, backAt]]);
  });

  test('is sent by the next sweep when its instance dies during the pause', async () => {
    const { clock, store, sent, sweeps } = world();
    // Only the row is left.
    await store.add({ kind: 'forward', order: orderOf(1), attempt: 1 }, clock.now() + 5_000);
    await clock.advance(15_000);
    await sweeps.sweep();
    expect(sent).toEqual([['1', 1, 15_000]]);
  });

  test('is sent by one of sweep and instance, when both find it due', async () => {
    const { clock, sent, queue, sweeps } = world();
    await queue().put(orderOf(1), 1, 5_000);
    await Promise.all([clock.advance(5_000), clock.sleep(5_000).then(sweeps.sweep)]);
    await clock.settle();
    expect(sent).toHaveLength(1);
  });

  test('is not sent by the instance, when another has claimed it during the pause', async () => {
    const { clock, store, sent, queue } = world();
    await queue().put(orderOf(1), 1, 5_000);
    await clock.advance(4_000);
    const { items } = await store.due({ before: clock.now() + 60_000, cursor: undefined, limit: 10 });
    for (const item of items) await store.postpone(item, clock.now() + 60_000, 0);
    await clock.advance(5_000);
    expect(items).toHaveLength(1);
    expect(sent).toEqual([]);
  });

  test('that fails comes back after a minute', async () => {
    const { clock, sent, queue, sweeps } = world();
    const fails = async () => {
      throw new UpstreamError('unavailable', 'the tables are away');
    };
    await queue(fails).put(orderOf(1), 0, 0);
    await clock.advance(60_000);
    await sweeps.sweep();
    expect(sent).toEqual([['1', 0, 60_000]]);
  });

  test.each([0, 5_000])('among many put with a pause of %i ms is delayed by none that fails', async (delayMs) => {
    const { clock, store, queue } = world();
    const begun: string[] = [];
    let atOnce = 0;
    let most = 0;
    const stumbling = queue(async ({ order }) => {
      most = Math.max(most, ++atOnce);
      const nth = begun.push(order.id);
      await clock.sleep(1_000);
      atOnce--;
      if (nth <= 8) throw new UpstreamError('unavailable', 'the tables are away');
    });
    for (let n = 0; n < 20; n++) await stumbling.put(orderOf(n), 0, delayMs);
    await clock.advance(delayMs + 10_000);
    expect(begun).toHaveLength(20);
    expect(most).toBe(8);
    expect(store.rows.size).toBe(8);
  });

  test('among many waits for a permit, and is left to the sweep when none is free in time', async () => {
    const { clock, store, sent, queue, sweeps } = world();
    let atOnce = 0;
    let most = 0;
    const slow = queue(async () => {
      most = Math.max(most, ++atOnce);
      await clock.sleep(20_000);
      atOnce--;
    });
    for (let n = 0; n < 40; n++) await slow.put(orderOf(n), 0, 0);
    await clock.advance(61_000);
    expect(most).toBe(8);
    // Begun in time: at once, after twenty seconds, and no later than after thirty.
    expect(store.rows.size).toBe(40 - 16);
    await sweeps.sweep();
    expect(sent).toHaveLength(40 - 16);
    expect(store.rows.size).toBe(0);
  });
});
