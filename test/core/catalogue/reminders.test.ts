import { expect, test } from 'vitest';
import { reminders } from '../../../src/core/catalogue/reminders.ts';
import type { ImageName } from '../../../src/core/image/record.ts';
import { imageKey } from '../../../src/core/image/record.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, repositoryOf } from '../../support/build.ts';

const name: ImageName = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

function setUp(cancels: () => Promise<void> = async () => undefined) {
  const calls: string[] = [];
  const timer = {
    async remind(of: ImageName, at: number) {
      calls.push(`set ${imageKey(of)} ${at}`);
    },
    async cancel(of: ImageName, at: number) {
      calls.push(`cancel ${imageKey(of)} ${at}`);
      await cancels();
    },
  };
  return { calls, timers: reminders(timer, 2) };
}

test('the timer of a write stays when the write before it has been counted', async () => {
  const { calls, timers } = setUp();
  await timers.set(name, 1_000);
  const ofTheFirst = timers.last(name);
  await timers.set(name, 2_000);
  await timers.cancel(name, ofTheFirst ?? 0);
  expect(calls).toEqual([`set ${imageKey(name)} 1000`, `set ${imageKey(name)} 2000`]);
  await timers.cancel(name, 2_000);
  expect(calls.at(-1)).toBe(`cancel ${imageKey(name)} 2000`);
  expect(timers.last(name)).toBeUndefined();
});

test('a timer that cannot be cancelled fires, and nothing fails', async () => {
  const { calls, timers } = setUp(() => Promise.reject(new UpstreamError('unavailable', 'no storage')));
  await timers.set(name, 1_000);
  await timers.cancel(name, 1_000);
  expect(calls).toHaveLength(2);
});

test('with more images than are remembered, the timers of the earlier ones fire', async () => {
  const { calls, timers } = setUp();
  const names = [1, 2, 3].map((number) => ({ ...name, digest: digestOf(number) }));
  for (const one of names) await timers.set(one, 1_000);
  for (const one of names) await timers.cancel(one, 1_000);
  expect(calls.filter((call) => call.startsWith('cancel'))).toEqual([
    `cancel ${imageKey({ ...name, digest: digestOf(3) })} 1000`,
  ]);
});
