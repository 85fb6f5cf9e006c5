/** What ARM's answers prove: a list shows new replicas, and does not prove that one it lacks is gone. */
import { describe, expect, test } from 'vitest';
import type { Replica, ReplicaSet } from '../../../src/core/model/replica-set.ts';
import type { Finding } from '../../../src/core/replicas/replica-proof.ts';
import { namesToAsk, nextReplicas } from '../../../src/core/replicas/replica-proof.ts';
import { regionOf } from '../../support/build.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const minute = 60_000;

function replicaIn(region: string, changes: Partial<Replica> = {}): Replica {
  return {
    region: regionOf(region),
    name: region,
    expected: true,
    provisioningState: 'Succeeded',
    health: 'healthy',
    globalRouting: true,
    seeding: false,
    ...changes,
  };
}

const { name: _name, ...home } = replicaIn('eastus', { provisioningState: null });
const setOf = (replicas: readonly Replica[], gone: ReplicaSet['gone'] = []): ReplicaSet => ({
  replicas,
  gone,
  source: 'arm',
  refreshedAt: now - minute,
  verify: 'missing',
});
const listOf = (...replicas: Replica[]) => ({ home, replicas });
const foundAs = (...found: [string, Finding][]) => new Map(found);
const west = replicaIn('westeurope');
const known = setOf([home, west]);

describe('a replica that was known', () => {
  test.each<[string, Map<string, Finding>, Replica[]]>([
    ['is neither listed nor asked about', foundAs(), []],
    ['is not listed, and the answer was unclear', foundAs(['westeurope', 'unclear']), []],
    ['is listed, and the answer was unclear', foundAs(['westeurope', 'unclear']), [west]],
    ['is not listed, and there when asked for', foundAs(['westeurope', west]), []],
  ])('stays when it %s', (_, found, listed) => {
    expect(nextReplicas(known, listOf(...listed), found, now).replicas).toEqual([home, west]);
  });

  test('that ARM answers is absent stays until ARM answers so again two minutes later', () => {
    const absent = foundAs(['westeurope', 'absent']);
    const first = nextReplicas(known, listOf(), absent, now);
    expect(first.replicas).toMatchObject([{ region: 'eastus' }, { region: 'westeurope', missingAt: now }]);
    const soon = nextReplicas(setOf(first.replicas), listOf(), absent, now + 2 * minute - 1);
    expect(soon.replicas).toMatchObject([{ region: 'eastus' }, { region: 'westeurope', missingAt: now }]);
    const later = nextReplicas(setOf(soon.replicas), listOf(), absent, now + 2 * minute);
    expect(later).toEqual({
      replicas: [home],
      gone: [{ region: 'westeurope', name: 'westeurope', at: now + 2 * minute }],
    });
  });

  test('that is found under its name in another region is not here', () => {
    const moved = foundAs(['westeurope', replicaIn('northeurope', { name: 'westeurope' })]);
    const { replicas } = nextReplicas(known, listOf(), moved, now);
    expect(replicas).toMatchObject([{ region: 'eastus' }, { region: 'westeurope', missingAt: now }]);
  });
});

describe('a replica that is new', () => {
  test.each<[string, Finding]>([
    ['ARM gave no clear answer about it', 'unclear'],
    ['it is there', west],
  ])('is expected at once where %s', (_, finding) => {
    const { replicas } = nextReplicas(setOf([home]), listOf(west), foundAs(['westeurope', finding]), now);
    expect(replicas).toEqual([home, west]);
  });

  test('in place of one that is gone does not get the reports of that one', () => {
    const gone = [{ region: regionOf('westeurope'), name: 'westeurope', at: now - minute }];
    const another = replicaIn('westeurope', { name: 'another' });
    const next = nextReplicas(setOf([home], gone), listOf(another), foundAs(['another', another]), now);
    expect(next).toEqual({ replicas: [home, { ...another, lastAbsentAt: now - minute }], gone: [] });
  });

  test('counts for more than the one that leaves, in whatever order they are listed', () => {
    const leaving = replicaIn('westeurope', { name: 'old', provisioningState: 'Deleting' });
    const another = replicaIn('westeurope', { name: 'new' });
    const found = foundAs(['old', leaving], ['new', another]);
    for (const listed of [
      [leaving, another],
      [another, leaving],
    ]) {
      expect(nextReplicas(setOf([home]), listOf(...listed), found, now).replicas).toEqual([home, another]);
    }
  });
});

test('every name is asked about once: what is listed and what was known, but not the home region', () => {
  const observed = { ...replicaIn('japaneast', { expected: false }), name: undefined };
  const { name: _, ...unnamed } = observed;
  const before = setOf([home, west, unnamed]);
  expect(namesToAsk(before, listOf(west, replicaIn('northeurope', { name: 'north' })))).toEqual([
    'westeurope',
    'north',
  ]);
});
