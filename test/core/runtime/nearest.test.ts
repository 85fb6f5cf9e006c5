import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesBetween, nearest } from '../../../src/core/runtime/nearest.ts';

const known = ['image', 'regions', 'require', 'timeout'];

test.each([
  ['region', 'regions'],
  ['Regions', 'regions'],
  ['regoins', 'regions'],
  ['requires', 'require'],
  ['img', 'image'],
  ['time-out', 'timeout'],
  ['timeuot', 'timeout'],
])('%s is %s', (name, wanted) => {
  expect(nearest(name, known)).toBe(wanted);
});

test('of nothing there is none', () => {
  expect(nearest('image', [])).toBeUndefined();
});

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['kitten', 'sitting', 3],
  ['ab', 'ba', 1],
  ['verfy', 'verify', 1],
])('from %j to %j it is %i', (from, to, changes) => {
  expect(changesBetween(from, to)).toBe(changes);
});

test('it is as far from here to there as back, and nowhere only to itself', () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(word, word, (one, other) => {
      expect(changesBetween(one, other)).toBe(changesBetween(other, one));
      expect(changesBetween(one, other) === 0).toBe(one === other);
      expect(changesBetween(one, other)).toBeLessThanOrEqual(Math.max(one.length, other.length));
    }),
  );
});
