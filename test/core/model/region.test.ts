import { describe, expect, test } from 'vitest';
import { parseRegion, sortRegions } from '../../../src/core/model/region.ts';
import { regionsOf } from '../../support/build.ts';

const spellings: [string, string][] = [
  ['westeurope', 'westeurope'],
  ['WestEurope', 'westeurope'],
  ['West Europe', 'westeurope'],
  ['WEST EUROPE', 'westeurope'],
  ['  east us 2 ', 'eastus2'],
  // Copied from a web page.
  ['East\u00a0US', 'eastus'],
  ['Central US EUAP', 'centraluseuap'],
  ['usgovvirginia', 'usgovvirginia'],
  ['chinanorth3', 'chinanorth3'],
];

const bad: [string, unknown][] = [
  ['nothing', ''],
  ['spaces', '   '],
  ['a digit first', '2eastus'],
  ['a dash', 'west-europe'],
  ['an underscore', 'west_europe'],
  ['a dot', 'east.us'],
  ['a slash', 'eastus/westeurope'],
  ['one letter', 'e'],
  ['41 letters', 'e'.repeat(41)],
  ['2,000 letters', 'e'.repeat(2_000)],
  ['other letters', 'ostküste'],
  // U+212A lower-cases to a plain k.
  ['the Kelvin sign', 'u\u212asouth'],
  ['a number', 5],
  ['null', null],
  ['undefined', undefined],
  ['a list', ['eastus']],
];

describe('a region', () => {
  test.each(spellings)('%j is %s', (text, region) => {
    expect(parseRegion(text)).toBe(region);
  });

  test.each(bad)('is not %s', (_what, value) => {
    expect(parseRegion(value)).toBeUndefined();
  });
});

test('regions are listed in alphabetical order, each once', () => {
  const regions = regionsOf('West Europe', 'eastus2', 'eastus', 'westeurope', 'australiaeast');
  expect(sortRegions(regions)).toEqual(['australiaeast', 'eastus', 'eastus2', 'westeurope']);
});
