import { describe, expect, test } from 'vitest';
import {
  expectedRegions,
  findReplica,
  isKnown,
  isStale,
  replicaSetFromSettings,
  staleAfterMs,
  withObservedOnly,
} from '../../../src/core/model/replica-set.ts';
import { at, regionOf, regionsOf, registryOf } from '../../support/build.ts';

const noon = at('2026-06-01T12:00:00Z');
const registry = registryOf({
  regions: regionsOf('West Europe', 'eastus'),
  observedOnly: regionsOf('westeurope', 'australiaeast'),
});
const plain = { provisioningState: null, health: 'unknown', globalRouting: true, seeding: false };

test('the set from settings lists every region in alphabetical order, and waits for those not only observed', () => {
  expect(replicaSetFromSettings(registry, noon)).toEqual({
    source: 'settings',
    verify: 'missing',
    refreshedAt: noon,
    replicas: [
      { region: 'australiaeast', expected: false, ...plain },
      { region: 'eastus', expected: true, ...plain },
      { region: 'westeurope', expected: false, ...plain },
    ],
  });
});

test('an observed-only region keeps the status from ARM, and stays observed only', () => {
  const status = { provisioningState: 'Syncing', health: 'healthy', globalRouting: false, seeding: true } as const;
  const arm = {
    source: 'arm',
    refreshedAt: noon,
    verify: 'missing',
    replicas: [
      { region: regionOf('eastus'), expected: true, ...status },
      { region: regionOf('westeurope'), expected: true, ...status },
    ],
  } as const;
  const set = withObservedOnly(registry, arm);
  expect(findReplica(set, regionOf('westeurope'))).toEqual({ region: 'westeurope', expected: false, ...status });
  expect(findReplica(set, regionOf('eastus'))).toEqual({ region: 'eastus', expected: true, ...status });
  expect(expectedRegions(set)).toEqual(['eastus']);
  expect(set.source).toBe('arm');
});

test('a region outside the set is not found', () => {
  expect(findReplica(replicaSetFromSettings(registry, noon), regionOf('northeurope'))).toBeUndefined();
});

describe('a set is stale', () => {
  test.each([
    ['settings', staleAfterMs * 100, false],
    ['arm', staleAfterMs, false],
    ['arm', staleAfterMs + 1, true],
    ['remembered', 0, false],
    ['remembered', staleAfterMs, false],
    ['remembered', staleAfterMs + 1, true],
  ] as const)('from %s after %i ms: %s', (source, age, stale) => {
    expect(isStale({ replicas: [], source, refreshedAt: noon, verify: 'missing' }, noon + age)).toBe(stale);
  });
});

test('a set without expected regions has no replica', () => {
  expect(isKnown(replicaSetFromSettings(registry, noon))).toBe(true);
  const observed = registryOf({ regions: undefined, observedOnly: regionsOf('australiaeast') });
  expect(isKnown(replicaSetFromSettings(observed, noon))).toBe(false);
});
