import { expect, test } from 'vitest';
import { putNewest } from '../../../src/core/runtime/bounded-map.ts';

test('the oldest leaves, and what is put again is the newest', () => {
  const map = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  putNewest(map, 'a', 3, 2);
  putNewest(map, 'c', 4, 2);
  expect([...map]).toEqual([
    ['a', 3],
    ['c', 4],
  ]);
});

test('nothing leaves before it is full', () => {
  const map = new Map<string, number>();
  putNewest(map, 'a', 1, 2);
  putNewest(map, 'b', 2, 2);
  expect([...map.keys()]).toEqual(['a', 'b']);
});
