/**
 * A timer set by an instance whose clock is ahead rings before its time by the clock of whoever hears it. It is spent all
 * the same: whoever counted on it to come would wait for ever.
 */
import { expect, test } from 'vitest';
import { WorldError } from '../../src/core/errors.ts';
import { digestOf, pushOf, repositoryOf } from '../support/build.ts';
import { memoryTracker } from '../support/memory-tracker.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

/** One image, with events that the topic does not take. */
async function withTimer() {
  const away = async () => {
    throw new WorldError('unavailable', 'the topic is away');
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
  await tracker.wake(name, at);
  expect(set()).toBe(before + 1);
});

test('one that was set for an earlier time is none that anybody counts on', async () => {
  const { tracker, at, set } = await withTimer();
  const before = set();
  await tracker.wake(name, at - 1);
  await tracker.wake(name);
  expect(set()).toBe(before);
});

test('what is learned afterwards does not count on it either', async () => {
  const memory = memoryTracker();
  const deliver = (region: string) => memory.tracker.receive({ name, fact: pushOf(region, '2026-06-01T12:00:00Z') });
  await deliver('eastus');
  await deliver('westeurope');
  await memory.clock.settle();
  const { at } = memory.timer.set.at(-1) ?? expect.fail('no timer was set');
  await memory.tracker.wake(name, at);
  // Everything is told: there was nothing to set another for.
  const before = memory.timer.set.length;
  await memory.tracker.receive({ name, fact: { ...pushOf('eastus', '2026-06-01T12:00:01Z'), kind: 'delete' } });
  expect(memory.timer.set).toHaveLength(before + 1);
});

test('nor on one that was noted only after it had rung', async () => {
  const memory = await withTimer();
  const { store, clock } = memory;
  await clock.advance(60_000);
  const rungAt = clock.now() + 400;
  // Whoever set the timer comes to note it while the image is looked at here.
  const publish = async () => {
    const { record, version } = (await store.read(name)) ?? expect.fail('no image was stored');
    await store.commit({ record: { ...record, wakeAt: rungAt }, basedOn: version });
    throw new WorldError('unavailable', 'the topic is away');
  };
  const here = memoryTracker({ clock, ports: { ...memory, publisher: { publish } } });
  const before = memory.set();
  await here.tracker.wake(name, rungAt);
  expect((await store.read(name))?.record.wakeAt).toBe(rungAt);
  expect(memory.set()).toBe(before + 1);
});
