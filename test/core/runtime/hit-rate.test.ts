/** An assumption that saves a request is used only while it is mostly right. */
import { expect, test } from 'vitest';
import { hitRate } from '../../../src/core/runtime/hit-rate.ts';

function after(start: 0 | 1, held: readonly boolean[]): boolean {
  const one = hitRate(start);
  for (const hasHeld of held) one.note(hasHeld);
  return one.isGood();
}
const times = (count: number, hasHeld: boolean) => Array.from({ length: count }, () => hasHeld);

test('an assumption that is used from the start is used until it was wrong some times', () => {
  expect(after(1, [])).toBe(true);
  expect(after(1, times(4, false))).toBe(true);
  expect(after(1, times(5, false))).toBe(false);
});

test('one that is not used must be right for a while', () => {
  expect(after(0, [])).toBe(false);
  expect(after(0, times(31, true))).toBe(false);
  expect(after(0, times(32, true))).toBe(true);
});

test('wrong once in three is too often, once in ten is not', () => {
  const mixed = (every: number) => Array.from({ length: 300 }, (_, i) => i % every !== 0);
  expect(after(1, mixed(3))).toBe(false);
  expect(after(1, mixed(10))).toBe(true);
});
