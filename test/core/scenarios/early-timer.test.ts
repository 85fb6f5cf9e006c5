/**
 * A timer set by an instance whose clock is ahead fires before its time by the clock of the instance that runs it. It does not
 * fire again, so work that relied on it alone would never be done.
 */
import { expect, test } from 'vitest';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, pushOf, repositoryOf } from '../../support/build.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

/** One image, with events that the topic does not accept. */
async function withTimer() {
  const away = async () => {
    throw new UpstreamError('unavailable', 'the topic is away');
  };
  const memory = memoryTracker({ ports: { publisher: { publish: away } } });
  await memory.tracker.receive({ name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') });
  const { at } = memory.timer.set.at(-1) ?? expect.fail('no timer was set');
  expect(at).toBeGreaterThan(memory.clock.now());
  return { ...memory, at, set: () => memory.timer.set.length };
}

test('another is set while something is open', async () => {
  const { tracker, at, set } = await withTimer();
  const before = set();
  await tracker.reconcile(name, at);
  expect(set()).toBe(before + 1);
});

test('one that was set for an earlier time does not count as set', async () => {
  const { tracker, at, set } = await withTimer();
  const before = set();
  await tracker.reconcile(name, at - 1);
  await tracker.reconcile(name);
  expect(set()).toBe(before);
});

test.each([
  ['before its time by the clock of the instance that runs it', 0],
  ['in time by that clock, which is ahead', 50_000],
])('a report after it has fired %s does not count on it either', async (_when, aheadMs) => {
  const memory = memoryTracker();
  const deliver = (region: string) => memory.tracker.receive({ name, fact: pushOf(region, '2026-06-01T12:00:00Z') });
  await deliver('eastus');
  await deliver('westeurope');
  await memory.clock.settle();
  // The write that everything is published did not read the record, so the timer is in it still.
  const { record, version } = (await memory.store.read(name)) ?? expect.fail('no image was stored');
  const at = memory.clock.now() + 30_000;
  await memory.store.commit({ record: { ...record, requeueAt: at }, basedOn: version });
  const { clock } = memory;
  const ahead = { ...clock, now: () => clock.now() + aheadMs };
  await memoryTracker({ clock: ahead, ports: memory }).tracker.reconcile(name, at);
  // Everything is published: there was nothing to set another for.
  expect(memory.timer.set).toEqual([]);
  const deleted = { ...pushOf('eastus', '2026-06-01T12:00:01Z'), kind: 'delete' as const };
  await memoryTracker({ clock, ports: memory }).tracker.receive({ name, fact: deleted });
  expect(memory.timer.set).toHaveLength(1);
});

test('nothing open, nothing set: a timer that is not needed any more is cancelled', async () => {
  const memory = memoryTracker();
  await memory.tracker.receive({ name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') });
  expect(memory.timer.set).toHaveLength(1);
  await memory.tracker.receive({ name, fact: pushOf('westeurope', '2026-06-01T12:00:00Z') });
  await memory.clock.settle();
  expect(memory.timer.set).toEqual([]);
  expect((await memory.store.read(name))?.record.requeueAt).toBeNull();
  // What opens it again sets one again.
  await memory.tracker.receive({ name, fact: pushOf('eastus', '2026-06-01T12:00:01Z', { tag: 'v1' }) });
  expect(memory.timer.set).toHaveLength(1);
  await memory.tracker.receive({ name, fact: pushOf('westeurope', '2026-06-01T12:00:01Z', { tag: 'v1' }) });
  await memory.clock.settle();
  expect(memory.timer.set).toEqual([]);
});

test('nor on one that was stored in the record only after it had fired', async () => {
  const memory = await withTimer();
  const { store, clock } = memory;
  await clock.advance(60_000);
  const scheduledFor = clock.now() + 400;
  // The instance that set the timer stores it while this one reconciles the image.
  const publish = async () => {
    const { record, version } = (await store.read(name)) ?? expect.fail('no image was stored');
    await store.commit({ record: { ...record, requeueAt: scheduledFor }, basedOn: version });
    throw new UpstreamError('unavailable', 'the topic is away');
  };
  const here = memoryTracker({ clock, ports: { ...memory, publisher: { publish } } });
  const before = memory.set();
  await here.tracker.reconcile(name, scheduledFor);
  expect((await store.read(name))?.record.requeueAt).toBe(scheduledFor);
  expect(memory.set()).toBe(before + 1);
});
