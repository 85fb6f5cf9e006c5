/** The requirement of a wait in words. */
import { expect, test } from 'vitest';
import type { Required } from '../../src/ui/requirement-words.ts';
import { requirementText, requirementTip } from '../../src/ui/requirement-words.ts';

const five = ['eastus', 'northeurope', 'uksouth', 'westeurope', 'westus'];

test.each<[string, Required]>([
  ['every region', {}],
  ['any region', { require: 'any' }],
  ['1 region', { require: 1 }],
  ['2 regions', { require: 2 }],
  ['eastus', { regions: ['eastus'] }],
  ['eastus', { regions: ['eastus'], require: 'any' }],
  ['eastus, uksouth', { regions: ['eastus', 'uksouth'] }],
  ['any of eastus, uksouth', { regions: ['eastus', 'uksouth'], require: 'any' }],
  ['4 of eastus, northeurope and 3 more', { regions: five, require: 4 }],
  ['every region; with sbom, signature', { artifacts: ['sbom', 'signature'] }],
  ['any region; with sbom; only linux/arm64', { require: 'any', artifacts: ['sbom'], platforms: ['linux/arm64'] }],
  ['every region; with a\\u{202e}b', { artifacts: ['a\u202eb'] }],
])('%s', (text, required) => {
  expect(requirementText(required)).toBe(text);
});

test('the tool tip has the names that the text leaves out', () => {
  expect(requirementTip({ regions: five.slice(0, 3), artifacts: ['sbom'] })).toBeUndefined();
  expect(requirementTip({ regions: five })).toBe(five.join(', '));
});
