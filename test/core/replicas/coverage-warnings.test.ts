import { expect, test } from 'vitest';
import type { ReplicaSet } from '../../../src/core/model/replica-set.ts';
import { coverageWarnings } from '../../../src/core/replicas/coverage-warnings.ts';
import { regionsOf, registryOf, replicaSetOf } from '../../support/build.ts';

const endpoints = (...names: string[]) => new Map(regionsOf(...names).map((region) => [region, 'https://r.example']));
const setOf = (...names: string[]): ReplicaSet => replicaSetOf(registryOf({ regions: regionsOf(...names) }));

function warned(changes: Parameters<typeof registryOf>[0], ...sets: ReplicaSet[]): string[] {
  const lines: string[] = [];
  const check = coverageWarnings({
    info: () => undefined,
    warn: (line, fields) => void lines.push(`${line} ${fields?.reason}`),
  });
  for (const set of sets) check(registryOf({ regions: undefined, ...changes }), set);
  return lines;
}

const none = 'regional endpoints not usable has none of the regions that are waited for: eastus, westeurope';

test('endpoints of other regions than ARM lists are warned of, once', () => {
  const set = setOf('eastus', 'westeurope');
  expect(warned({ regionalEndpoints: endpoints('northeurope') }, set, set)).toEqual([none]);
});

test('and again when the regions have become others', () => {
  const [both, one] = [setOf('eastus', 'westeurope'), setOf('northeurope')];
  expect(warned({ regionalEndpoints: endpoints('northeurope') }, both, one, both)).toEqual([none, none]);
});

test('of some regions they are warned of where every report must be confirmed', () => {
  const set = setOf('eastus', 'westeurope');
  expect(warned({ regionalEndpoints: endpoints('eastus') }, set)).toEqual([]);
  expect(warned({ regionalEndpoints: endpoints('eastus'), verify: 'deep' }, set)).toEqual([
    'regional endpoints not usable lacks westeurope, where "verify" can never be satisfied',
  ]);
});

test.each([
  ['the standard host names', { regionalEndpoints: true }],
  ['none at all', { regionalEndpoints: false }],
  [
    'regions in the settings, which were looked at before the start',
    { regions: regionsOf('eastus'), regionalEndpoints: endpoints('northeurope') },
  ],
])('%s are not', (_what, changes) => {
  expect(warned(changes, setOf('eastus', 'westeurope'))).toEqual([]);
});

test('nothing is known while no region is', () => {
  expect(warned({ regionalEndpoints: endpoints('eastus') }, { ...setOf('eastus'), replicas: [] })).toEqual([]);
});
