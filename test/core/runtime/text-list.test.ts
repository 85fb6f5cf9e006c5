import { expect, test } from 'vitest';
import { splitList } from '../../../src/core/runtime/text-list.ts';

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
  // Two variables, one of which was not set.
  ['eastus,', ['eastus', '']],
  [',', ['', '']],
])('%j', (text, entries) => {
  expect(splitList(text)).toEqual(entries);
});
