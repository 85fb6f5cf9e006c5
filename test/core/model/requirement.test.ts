import { describe, expect, test } from 'vitest';
import type { RequirementInput } from '../../../src/core/model/requirement.ts';
import { defaultRequirement, parseRequirement, withSet } from '../../../src/core/model/requirement.ts';
import { regionsOf, registryOf, replicaSetOf } from '../../support/build.ts';

const set = replicaSetOf(
  registryOf({
    regions: regionsOf('westeurope', 'eastus', 'southeastasia'),
    observedOnly: regionsOf('australiaeast', 'southeastasia'),
  }),
);
const empty = replicaSetOf(registryOf({ regions: undefined }));

function ask(regions?: string, require?: string): RequirementInput {
  return { regions, require };
}

describe('a requirement', () => {
  test.each<[string, RequirementInput, string[], 'all' | 'any' | number, number]>([
    ['nothing: every expected region', ask(), ['eastus', 'westeurope'], 'all', 2],
    ['nothing, as empty texts', ask('', ''), ['eastus', 'westeurope'], 'all', 2],
    ['all', ask(undefined, 'all'), ['eastus', 'westeurope'], 'all', 2],
    ['any', ask(undefined, 'any'), ['eastus', 'westeurope'], 'any', 1],
    ['a number', ask(undefined, '1'), ['eastus', 'westeurope'], 1, 1],
    ['the highest number', ask(undefined, '2'), ['eastus', 'westeurope'], 2, 2],
    ['one region', ask('westeurope'), ['westeurope'], 'all', 1],
    ['any of two', ask('westeurope,eastus', 'any'), ['eastus', 'westeurope'], 'any', 1],
    ['spaces and spellings', ask(' West Europe , EastUS '), ['eastus', 'westeurope'], 'all', 2],
    ['on lines', ask('eastus\nwesteurope\n'), ['eastus', 'westeurope'], 'all', 2],
    ['on lines of Windows', ask('eastus\r\nwesteurope\r\n', '2\r\n'), ['eastus', 'westeurope'], 2, 2],
    ['a line break alone', ask('\n', '\r\n'), ['eastus', 'westeurope'], 'all', 2],
    ['commas with nothing beside them', ask(',eastus,,westeurope,'), ['eastus', 'westeurope'], 'all', 2],
    ['one region twice', ask('eastus,East US', '1'), ['eastus'], 1, 1],
    // Not waited for by default, but if named.
    ['an observed-only region', ask('australiaeast'), ['australiaeast'], 'all', 1],
    ['an observed-only region among others', ask('southeastasia,eastus'), ['eastus', 'southeastasia'], 'all', 2],
  ])('%s', (_what, input, regions, require, needed) => {
    expect(parseRequirement(input, set)).toMatchObject({ ok: true, value: { regions, require, needed } });
  });

  test.each<[string, RequirementInput, string, RegExp]>([
    ['a region elsewhere', ask('northeurope'), 'regions', /"northeurope" is not a region of this registry/],
    ['a region elsewhere among known ones', ask('eastus,northeurope'), 'regions', /"northeurope"/],
    ['a comma alone', ask(' , '), 'regions', /"," is not/],
    ['a name no region has', ask('<script>'), 'regions', /"<script>" is not/],
    ['a name that every object has', ask('constructor'), 'regions', /"constructor" is not/],
    ['more than there are', ask(undefined, '3'), 'require', /3 of 2 regions can never be met/],
    ['more than were named', ask('eastus', '2'), 'require', /2 of 1 regions can never be met/],
    ['one region twice for two', ask('eastus,eastus', '2'), 'require', /2 of 1 regions can never be met/],
  ])('cannot be %s; the known regions are named', (_what, input, field, reason) => {
    const requirement = parseRequirement(input, set);
    expect(requirement).toEqual({
      ok: false,
      problems: [{ field, reason: expect.stringMatching(reason) }],
    });
    const [problem] = requirement.ok ? [] : requirement.problems;
    expect(problem?.reason).toContain('known regions: australiaeast, eastus, southeastasia, westeurope');
  });

  test.each(['0', '-1', '1.5', '01', '1e1', '1 2', 'most', 'ALL', '９', '99999999999999999999'])(
    'cannot have %j regions',
    (require) => {
      expect(parseRequirement(ask(undefined, require), set)).toEqual({
        ok: false,
        problems: [
          { field: 'require', reason: `must be "all", "any" or a number from 1 (got ${JSON.stringify(require)})` },
        ],
      });
    },
  );

  test('quotes hostile names cut short', () => {
    const requirement = parseRequirement(ask('r'.repeat(2_000)), set);
    const [problem] = requirement.ok ? [] : requirement.problems;
    expect(problem?.reason.length).toBeLessThan(250);
  });
});

describe('before any region is known', () => {
  test('nothing can be required', () => {
    expect(parseRequirement(ask(), empty)).toEqual({
      ok: false,
      problems: [{ field: 'require', reason: '0 of 0 regions can never be met (none); known regions: none yet' }],
    });
  });

  test('a requirement of no regions is never met', () => {
    expect(defaultRequirement(empty)).toEqual({ regions: [], require: 'all', needed: 1 });
  });
});

test('without any input every expected region is required', () => {
  expect(defaultRequirement(set)).toEqual({ regions: ['eastus', 'westeurope'], require: 'all', needed: 2 });
});

describe('a requirement during a wait', () => {
  const parse = (input: RequirementInput) => {
    const requirement = parseRequirement(input, set);
    return requirement.ok ? requirement.value : expect.fail('no requirement');
  };
  const grown = replicaSetOf(registryOf({ regions: regionsOf('eastus', 'northeurope', 'westeurope') }));
  const shrunk = replicaSetOf(registryOf({ regions: regionsOf('eastus') }));

  test.each<[string, RequirementInput, number, number]>([
    ['of every region', ask(), 3, 1],
    ['of any', ask(undefined, 'any'), 1, 1],
    ['of a number', ask(undefined, '2'), 2, 1],
  ])('%s follows the set', (_, input, neededOfThree, neededOfOne) => {
    const requirement = parse(input);
    expect(withSet(requirement, grown)).toMatchObject({
      regions: ['eastus', 'northeurope', 'westeurope'],
      needed: neededOfThree,
    });
    expect(withSet(requirement, shrunk)).toMatchObject({ regions: ['eastus'], needed: neededOfOne });
  });

  test('of named regions stays what it was, and every one does while no replica is known', () => {
    const named = parse(ask('eastus,westeurope'));
    for (const other of [grown, shrunk, empty]) expect(withSet(named, other)).toBe(named);
    const all = parse(ask());
    expect(withSet(all, empty)).toBe(all);
  });
});
