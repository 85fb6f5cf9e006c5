/** The table of due work, through the ports of the rooms that add to it. */
import { expect, test } from 'vitest';
import { memoryDueWork } from '../../../src/adapters/memory-due-work.ts';
import {
  dueCheckQueue,
  dueReconcileQueue,
  dueReleaseQueue,
  dueReplayQueue,
} from '../../../src/core/due-work/due-queues.ts';
import { digestOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const stored = ({ rows }: ReturnType<typeof memoryDueWork>) =>
  [...rows.values()].map(({ dueAt, text }) => [dueAt, JSON.parse(text)]);

test('timers of images, checks and releases are rows', async () => {
  const store = memoryDueWork();
  const timer = dueReconcileQueue(store, () => 0);
  await timer.add(name, 5);
  await timer.add(name, 6, 1);
  await dueCheckQueue(store).add('a'.repeat(40), 3, 7_000, 2_000);
  await dueReleaseQueue(store).add({ name: 'shop', revision: 2 }, 8_000);
  await dueReleaseQueue(store).add({ name: 'shop', revision: 2, wasMissing: true }, 9_000);
  expect(stored(store)).toEqual([
    [5, { kind: 'image', name }],
    [6, { kind: 'image', name, firstNoticedAt: 1 }],
    [7_000, { kind: 'check', id: 'a'.repeat(40), sequence: 3, aheadMs: 2_000 }],
    [8_000, { kind: 'release', name: 'shop', revision: 2 }],
    [9_000, { kind: 'release', name: 'shop', revision: 2, wasMissing: true }],
  ]);
});

test('a timer of an image is cancelled by its time, and no two timers have the same time', async () => {
  const store = memoryDueWork();
  let draws = 0;
  const timer = dueReconcileQueue(store, () => ++draws / 10);
  const first = await timer.add(name, 5_000);
  const second = await timer.add(name, 5_000);
  expect([first, second]).toEqual([5_100, 5_200]);
  await timer.cancel(name, first);
  await timer.cancel(name, first);
  expect(stored(store)).toEqual([[5_200, { kind: 'image', name }]]);
});

test('a step of a replay goes to the queue when it is due now, and to the table when it is not', async () => {
  const clock = manualClock();
  const store = memoryDueWork();
  const sent: unknown[] = [];
  const queue = dueReplayQueue(store, { send: async (...args) => void sent.push(args) }, clock);
  const message = { id: 'abc-1', failures: 0 };
  await queue.send(message, 0);
  await queue.send(message, 45_000);
  expect(sent).toEqual([[message, 0]]);
  expect(stored(store)).toEqual([[clock.now() + 45_000, { kind: 'replay', message }]]);
});
