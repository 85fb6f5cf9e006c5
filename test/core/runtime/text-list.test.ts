import { expect, test } from 'vitest';
import { splitList, splitWithGaps, unreadOf } from '../../../src/core/runtime/text-list.ts';

test.each([
  ['eastus', ['eastus']],
  ['eastus,westeurope', ['eastus', 'westeurope']],
  [' eastus , westeurope ', ['eastus', 'westeurope']],
  ['eastus\nwesteurope\n', ['eastus', 'westeurope']],
  ['eastus\r\nwesteurope\r\n', ['eastus', 'westeurope']],
  ['eastus\r', ['eastus']],
  ['eastus,\nwesteurope,\n', ['eastus', 'westeurope']],
  ['East US\nWest Europe', ['East US', 'West Europe']],
  ['eastus\n\nwesteurope', ['eastus', 'westeurope']],
  ['', []],
  [' \n\t\n', []],
  ['eastus,', ['eastus']],
  [',eastus', ['eastus']],
  ['eastus,,westeurope,', ['eastus', 'westeurope']],
  ['eastus, \n,westeurope', ['eastus', 'westeurope']],
  [',', []],
])('%j', (text, entries) => {
  expect(splitList(text)).toEqual(entries);
});

// Two variables, one of which was not set.
test.each([
  ['a,', ['a', '']],
  ['a,,b', ['a', '', 'b']],
  [',', ['', '']],
  ['a\n\nb\n', ['a', 'b']],
])('%j with its gaps', (text, entries) => {
  expect(splitWithGaps(text)).toEqual(entries);
});

test.each([
  [undefined, undefined],
  [' ', undefined],
  [' , ', ','],
  ['a,,b', undefined],
  ['a,,B', 'B'],
])('of %j cannot be read: %j', (text, unread) => {
  expect(unreadOf(text, splitList(text ?? ''), (entry) => /[a-z]/.test(entry))).toBe(unread);
});
