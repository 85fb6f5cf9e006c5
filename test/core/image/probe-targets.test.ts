/** Which replicas are probed for an image, by what each has reported. */
import { expect, test } from 'vitest';
import type { Fact } from '../../../src/core/image/arrival.ts';
import { probeTargets } from '../../../src/core/image/probe-targets.ts';
import { at, deleteOf, digestOf, pushOf, recordOf, registryOf, replicaSetOf } from '../../support/build.ts';

const plain = registryOf();
const confirming = registryOf({ verify: 'confirm' });
const early = '2026-06-01T12:00:00Z';
const later = '2026-06-01T12:00:01Z';
const now = '2026-06-01T12:05:00Z';
const seenNow = (region: string) => ({ ...pushOf(region, now), evidence: 'probe' as const });
const seenEarly = (region: string) => ({ ...pushOf(region, later), evidence: 'probe' as const });

test.each<[what: string, facts: Fact[], presence: string[], absence: string[], registry?: typeof plain]>([
  ['no region has reported it', [], ['eastus', 'westeurope'], []],
  ['one has it', [pushOf('eastus', early)], ['westeurope'], []],
  ['both have it', [pushOf('eastus', early), pushOf('westeurope', early)], [], []],
  [
    'one has deleted it',
    [pushOf('eastus', early), pushOf('westeurope', early), deleteOf('eastus', now)],
    [],
    ['westeurope'],
  ],
  [
    'one deleted it long ago',
    [pushOf('eastus', early), pushOf('westeurope', early), deleteOf('eastus', later)],
    ['eastus'],
    ['westeurope'],
  ],
  [
    'one has deleted what the other never had',
    [pushOf('eastus', early), deleteOf('eastus', later)],
    ['eastus', 'westeurope'],
    [],
  ],
  [
    'a probe found it in one just after the other deleted it',
    [deleteOf('eastus', later), seenNow('westeurope')],
    ['eastus'],
    [],
  ],
  ['and that is long ago', [deleteOf('eastus', early), seenEarly('westeurope')], ['eastus'], ['westeurope']],
  [
    'pushed again where it was deleted just now',
    [deleteOf('eastus', now), pushOf('eastus', now, { eventTime: '2026-06-01T12:06:00Z' })],
    ['westeurope'],
    [],
  ],
  ['a copy that is not confirmed', [pushOf('eastus', early)], ['eastus', 'westeurope'], [], confirming],
  [
    'one, unconfirmed, while the other deletes it',
    [pushOf('westeurope', early), deleteOf('eastus', now)],
    ['westeurope'],
    [],
    confirming,
  ],
])('%s', (_what, facts, presence, absence, registry = plain) => {
  const set = replicaSetOf(registry);
  const image = facts.length === 0 ? undefined : recordOf(digestOf(1), facts, set);
  expect(probeTargets(image, set, at(now) - 60_000)).toEqual({ presence, absence });
});
