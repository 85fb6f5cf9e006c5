/** A guess that saves a request is only worth it while it holds: this is what decides. */
import { expect, test } from 'vitest';
import { hitRate } from '../../../src/core/runtime/hit-rate.ts';

function after(start: 0 | 1, held: readonly boolean[]): boolean {
  const one = hitRate(start);
  for (const hasHeld of held) one.note(hasHeld);
  return one.isGood();
}
const times = (count: number, hasHeld: boolean) => Array.from({ length: count }, () => hasHeld);

test('what is believed from the start is believed until it fails some times', () => {
  expect(after(1, [])).toBe(true);
  expect(after(1, times(4, false))).toBe(true);
  expect(after(1, times(5, false))).toBe(false);
});

test('what is not believed has to hold for a while', () => {
  expect(after(0, [])).toBe(false);
  expect(after(0, times(31, true))).toBe(false);
  expect(after(0, times(32, true))).toBe(true);
});

test('one in three that fails is too many, one in ten is not', () => {
  const mixed = (every: number) => Array.from({ length: 300 }, (_, i) => i % every !== 0);
  expect(after(1, mixed(3))).toBe(false);
  expect(after(1, mixed(10))).toBe(true);
});
