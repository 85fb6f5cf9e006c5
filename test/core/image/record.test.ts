/** The state of an image, by the reports of its regions and the replica set. */

import { describe, expect, test } from 'vitest';
import type { Evidence, Fact } from '../../../src/core/image/arrival.ts';
import { decide } from '../../../src/core/image/decide.ts';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import { hasPending, pendingKeys, tagsToShow } from '../../../src/core/image/record.ts';
import {
  imageState,
  isAvailableIn,
  isComplete,
  isManifestDeleted,
  isUnverified,
  predatesReplica,
} from '../../../src/core/image/state.ts';
import type { ReplicaSet } from '../../../src/core/model/replica-set.ts';
import {
  at,
  deleteOf,
  digestOf,
  factOf,
  policy,
  pushOf,
  regionOf,
  regionsOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
} from '../../support/build.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const time = (minute: number) => `2026-06-01T12:${String(minute).padStart(2, '0')}:00Z`;
const setOf = (verify: ReplicaSet['verify'], ...regions: string[]) =>
  replicaSetOf(registryOf({ verify, regions: regionsOf(...regions) }));
const two = replicaSetOf();

function recordOf(facts: readonly Fact[], set: ReplicaSet = two): ImageRecord {
  const record = facts.reduce<ImageRecord | undefined>(
    (before, fact) => decide(before, name, { kind: 'fact', fact }, { set, policy, now: fact.receivedAt }).record,
    undefined,
  );
  return record ?? expect.fail('no record');
}

describe('a copy counts', () => {
  const evidence: Evidence[] = ['webhook', 'eventGrid', 'deliveryLog', 'probe', 'deepProbe'];
  test.each<[ReplicaSet['verify'], Evidence[]]>([
    ['missing', evidence],
    ['confirm', ['probe', 'deepProbe']],
    ['deep', ['deepProbe']],
  ])('with verify %s by %j', (verify, enough) => {
    const set = setOf(verify, 'eastus');
    for (const one of evidence) {
      const record = recordOf([pushOf('eastus', time(0), { evidence: one })], set);
      const counts = isAvailableIn(record, regionOf('eastus'), set);
      expect([one, counts]).toEqual([one, enough.includes(one)]);
      expect(isUnverified(record.arrivals.eastus, set)).toBe(!counts);
      expect(imageState(record, set)).toBe(counts ? 'available' : 'replicating');
    }
  });

  test('in no region once it is deleted, whatever confirmed it', () => {
    const set = setOf('deep', 'eastus');
    const record = recordOf([pushOf('eastus', time(0), { evidence: 'deepProbe' }), deleteOf('eastus', time(1))], set);
    expect(isAvailableIn(record, regionOf('eastus'), set)).toBe(false);
  });
});

describe('the state', () => {
  const away = pushOf('northeurope', time(0));
  const doubt = (region: string) => factOf('doubt', region, time(2));
  test.each<[string, Fact[], ReturnType<typeof imageState>]>([
    ['in one of two', [pushOf('eastus', time(0))], 'replicating'],
    ['in both', [pushOf('eastus', time(0)), pushOf('westeurope', time(1))], 'available'],
    [
      'deleted in one of two',
      [pushOf('eastus', time(0)), pushOf('westeurope', time(0)), deleteOf('eastus', time(1))],
      'deleting',
    ],
    [
      'pushed again where it was deleted',
      [pushOf('eastus', time(0)), deleteOf('eastus', time(1)), pushOf('westeurope', time(2))],
      'replicating',
    ],
    [
      'deleted and pushed elsewhere at one instant',
      [deleteOf('eastus', time(1)), pushOf('westeurope', time(1))],
      'deleting',
    ],
    ['deleted in both', [deleteOf('eastus', time(1)), deleteOf('westeurope', time(1))], 'deleted'],
    [
      'deleted where it was, and never in the other',
      [pushOf('eastus', time(0)), deleteOf('eastus', time(1))],
      'deleted',
    ],
    ['only in a region that is not expected', [away], 'replicating'],
    ['deleted only in a region that is not expected', [away, deleteOf('northeurope', time(1))], 'deleted'],
    [
      'deleted where it is expected, and left in a region that is not expected',
      [away, pushOf('eastus', time(0)), deleteOf('eastus', time(1))],
      'deleted',
    ],
    [
      'left where it is expected, deleted in a region that is not expected',
      [away, pushOf('eastus', time(0)), deleteOf('northeurope', time(1))],
      'replicating',
    ],
    [
      'only in a region that is not expected, and its repository is deleted elsewhere',
      [away, doubt('eastus')],
      'replicating',
    ],
    [
      'deleted where it was, and its repository in the other',
      [pushOf('eastus', time(0)), doubt('westeurope'), deleteOf('eastus', time(3))],
      'deleted',
    ],
  ])('%s', (_, facts, state) => {
    expect(imageState(recordOf(facts), two)).toBe(state);
  });

  test('a region that reported only a delete without a digest does not keep it from being gone', () => {
    const record = recordOf([pushOf('eastus', time(0)), doubt('westeurope'), deleteOf('eastus', time(3))]);
    expect(isManifestDeleted(record, two)).toBe(true);
    expect(pendingKeys(record)).toContain('000001.deletedInAllReplicas');
  });

  test('of an image that no region has reported is unknown', () => {
    expect(imageState(undefined, two)).toBe('unknown');
  });

  test('without any replica nothing is complete', () => {
    const none = setOf('missing');
    expect(isComplete(recordOf([pushOf('eastus', time(0))], none), none)).toBe(false);
  });
});

describe('a region that has reported since ARM was read, and was not among the replicas', () => {
  const facts = [pushOf('eastus', time(1)), deleteOf('eastus', time(2)), pushOf('northeurope', time(3))];
  test.each([
    [time(0), 'replicating', false],
    [time(5), 'deleted', true],
  ])('asked at %s', (refreshedAt, state, gone) => {
    const set: ReplicaSet = { ...two, source: 'arm', refreshedAt: at(refreshedAt) };
    expect([imageState(recordOf(facts, set), set), isManifestDeleted(recordOf(facts, set), set)]).toEqual([
      state,
      gone,
    ]);
  });
});

test('what has been announced is pending until the topic has accepted it, and a forward until the queue has', () => {
  const record = recordOf([pushOf('eastus', time(0))]);
  const [key] = pendingKeys(record);
  expect([pendingKeys(record).length, hasPending(record)]).toEqual([1, true]);
  expect(pendingKeys(record, at(time(0)))).toEqual([]);
  const decisionContext = { set: two, policy, now: at(time(1)) };
  const command = { kind: 'eventsAccepted', keys: [key ?? ''], at: at(time(1)) } as const;
  const accepted = decide(record, name, command, decisionContext).record ?? expect.fail('no record');
  expect([pendingKeys(accepted), hasPending(accepted)]).toEqual([[], false]);
  const forwards = [{ key: 'a', madeAt: 0, queuedAt: null }];
  expect(hasPending({ ...accepted, forwards })).toBe(true);
  expect(hasPending({ ...accepted, forwards: [{ key: 'a', madeAt: 0, queuedAt: 1 }] })).toBe(false);
});

test('current tags point here in some region', () => {
  const tagged = (region: string, minute: number, tag: string) => pushOf(region, time(minute), { tag });
  const record = recordOf([tagged('eastus', 0, 'v2'), tagged('eastus', 1, 'v1')]);
  expect(tagsToShow(record)).toEqual(['v1', 'v2']);
  const inWest = tagged('westeurope', 0, 'v3');
  const deleted = [tagged('eastus', 0, 'v1'), deleteOf('eastus', time(2))];
  expect(tagsToShow(recordOf([...deleted, inWest]))).toEqual(['v3']);
  // Deleted everywhere, it is known by the tags that it had until then, but not by one that had been untagged before.
  const untagged = factOf('untag', 'eastus', time(1), { tag: 'v2' });
  expect(tagsToShow(recordOf([tagged('eastus', 0, 'v2'), untagged, ...deleted]))).toEqual(['v1']);
});

test.each([
  [time(4), true],
  [time(5), true],
  [time(6), false],
])(
  'a report received at %s, with the earlier replica proven gone at five minutes past, is void: %s',
  (learned, isPast) => {
    const replicas = two.replicas.map((replica) => ({ ...replica, lastAbsentAt: at(time(5)) }));
    expect(predatesReplica(regionOf('eastus'), at(learned), { ...two, replicas })).toBe(isPast);
    expect(predatesReplica(regionOf('eastus'), at(learned), two)).toBe(false);
  },
);

test('a delete without a digest in a new replica is not mistaken for one of the old replica, though it has reported nothing else', () => {
  const replicas = two.replicas.map((replica) => ({ ...replica, lastAbsentAt: at(time(5)) }));
  const facts = [
    pushOf('eastus', time(6)),
    factOf('doubt', 'westeurope', time(8)),
    pushOf('westeurope', time(9), { eventTime: time(7) }),
  ];
  const record = recordOf(facts, { ...two, replicas });
  expect(isUnverified(record.arrivals.westeurope, two)).toBe(true);
});
