/**
 * A fact that was announced in one generation and is still true is not announced in the next: one push in one region would have two
 * events with different ids, and a consumer that counts arrivals would count two.
 */

import { describe, expect, test } from 'vitest';
import { announcementSubject, parseAnnouncementKey } from '../../../src/core/image/announcement-key.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import { decide } from '../../../src/core/image/decide.ts';
import type { ImageName, ImageRecord } from '../../../src/core/image/record.ts';
import { pendingKeys } from '../../../src/core/image/record.ts';
import type { ReplicaSet } from '../../../src/core/model/replica-set.ts';
import {
  at,
  deleteOf,
  digestOf,
  policy,
  pushOf,
  regionOf,
  regionsOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
} from '../../support/build.ts';

const name: ImageName = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const two = replicaSetOf();
const three = replicaSetOf(registryOf({ regions: regionsOf('eastus', 'northeurope', 'westeurope') }));

interface Announced {
  readonly record: ImageRecord | undefined;
  /** `generation event`, in the order in which they were announced. */
  readonly announced: readonly string[];
}

function announceAll(
  facts: readonly Fact[],
  set: ReplicaSet,
  before: Announced = { record: undefined, announced: [] },
): Announced {
  return facts.reduce<Announced>(({ record, announced }, fact) => {
    const decision = decide(record, name, { kind: 'fact', fact }, { set, policy, now: fact.receivedAt });
    const made = decision.announcements.map((one) => `${one.generation} ${announcementSubject(one)}`);
    return { record: decision.record, announced: [...announced, ...made] };
  }, before);
}

/** The replica of that region was removed until then, and there is another one now. */
function replaced(set: ReplicaSet, region: string, lastAbsentAt: string): ReplicaSet {
  const replicas = set.replicas.map((one) =>
    one.region === regionOf(region) ? { ...one, lastAbsentAt: at(lastAbsentAt) } : one,
  );
  return { ...set, replicas };
}

describe('pushed again after it was deleted everywhere', () => {
  const deleted = announceAll(
    [deleteOf('eastus', '2026-06-01T12:00:00Z'), deleteOf('westeurope', '2026-06-01T12:00:01Z')],
    two,
  );
  const elsewhere = announceAll([pushOf('northeurope', '2026-06-01T12:01:00Z')], two, deleted);

  test('a region outside the set has it first, and is published once', () => {
    expect(elsewhere.announced.slice(-1)).toEqual(['1 availableInRegion.northeurope']);
    const { announced } = announceAll([pushOf('eastus', '2026-06-01T12:01:01Z')], two, elsewhere);
    expect(announced.slice(elsewhere.announced.length)).toEqual(['2 availableInRegion.eastus']);
  });

  test('what that region does later is published', () => {
    const { announced } = announceAll(
      [
        pushOf('eastus', '2026-06-01T12:01:01Z'),
        deleteOf('northeurope', '2026-06-01T12:02:00Z'),
        pushOf('northeurope', '2026-06-01T12:03:00Z'),
      ],
      two,
      elsewhere,
    );
    expect(announced.slice(-2)).toEqual(['2 deletedInRegion.northeurope', '2 availableInRegion.northeurope']);
  });

  test('a region that has not had it since is not published as deleted again', () => {
    const { announced } = announceAll(
      [pushOf('eastus', '2026-06-01T12:01:01Z'), deleteOf('westeurope', '2026-06-01T12:00:01Z')],
      two,
      deleted,
    );
    expect(announced.slice(deleted.announced.length)).toEqual(['2 availableInRegion.eastus']);
  });
});

describe('pushed again between two deletes, which is reported after it was published as gone', () => {
  const gone = announceAll(
    [
      pushOf('eastus', '2026-06-01T12:00:00Z'),
      pushOf('westeurope', '2026-06-01T12:00:01Z'),
      deleteOf('eastus', '2026-06-01T12:00:10Z'),
      deleteOf('westeurope', '2026-06-01T12:00:20Z'),
    ],
    two,
  );
  const between = announceAll(
    [pushOf('eastus', '2026-06-01T12:00:21Z', { eventTime: '2026-06-01T12:00:15Z' })],
    two,
    gone,
  );

  test('publishes nothing by itself, nor with a push in a region that is not expected', () => {
    expect(gone.announced.slice(-1)).toEqual(['1 deletedInAllReplicas']);
    const { announced } = announceAll([pushOf('northeurope', '2026-06-01T12:00:22Z')], two, between);
    expect(announced.slice(gone.announced.length)).toEqual(['1 availableInRegion.northeurope']);
  });

  test('with the next push it is new, and so where it is again', () => {
    const { announced } = announceAll([pushOf('westeurope', '2026-06-01T12:00:25Z')], two, between);
    expect(announced.slice(gone.announced.length)).toEqual([
      '2 availableInRegion.eastus',
      '2 availableInRegion.westeurope',
      '2 availableInAllReplicas',
    ]);
  });

  test('also where the next push is in the same region', () => {
    const { record, announced } = announceAll([pushOf('eastus', '2026-06-01T12:00:25Z')], two, between);
    expect(announced.slice(gone.announced.length)).toEqual(['2 availableInRegion.eastus']);
    expect(record?.completedFor).toEqual([]);
  });

  test('once the other replica is removed, it is everywhere again', () => {
    const one = replicaSetOf(registryOf({ regions: regionsOf('eastus') }));
    const { announcements } = decide(
      between.record,
      name,
      { kind: 'reevaluate' },
      { set: one, policy, now: at('2026-06-01T13:00:00Z') },
    );
    expect(announcements.map((announced) => `${announced.generation} ${announcementSubject(announced)}`)).toEqual([
      '2 availableInRegion.eastus',
      '2 availableInAllReplicas',
    ]);
  });

  test('a replica that is not waited for may have deleted it later than it was pushed everywhere else', () => {
    const set = replicaSetOf(registryOf({ observedOnly: regionsOf('uksouth') }));
    const later = announceAll([deleteOf('uksouth', '2026-06-01T12:00:30Z')], set, gone);
    const { announced } = announceAll(
      [
        pushOf('eastus', '2026-06-01T12:00:31Z', { eventTime: '2026-06-01T12:00:25Z' }),
        pushOf('westeurope', '2026-06-01T12:00:32Z', { eventTime: '2026-06-01T12:00:26Z' }),
      ],
      set,
      later,
    );
    expect(announced.slice(-3)).toEqual([
      '2 availableInRegion.eastus',
      '2 availableInRegion.westeurope',
      '2 availableInAllReplicas',
    ]);
  });
});

describe('complete again for a set that has grown', () => {
  const both = [pushOf('eastus', '2026-06-01T12:00:00Z'), pushOf('westeurope', '2026-06-01T12:00:01Z')];
  const complete = announceAll(both, two);
  const grown = announceAll([pushOf('northeurope', '2026-06-01T13:00:00Z')], three, complete);

  test('only the new region is published, and that it is everywhere', () => {
    expect(grown.announced.slice(complete.announced.length)).toEqual([
      '2 availableInRegion.northeurope',
      '2 availableInAllReplicas',
    ]);
  });

  test('what the topic had not accepted yet keeps its id', () => {
    const pending = pendingKeys(grown.record as ImageRecord).map(parseAnnouncementKey);
    expect(pending.map((one) => `${one.generation} ${announcementSubject(one)}`)).toEqual(grown.announced);
  });

  test('and so through a third generation', () => {
    const four = replicaSetOf(registryOf({ regions: regionsOf('eastus', 'northeurope', 'uksouth', 'westeurope') }));
    const { announced } = announceAll([pushOf('uksouth', '2026-06-01T14:00:00Z')], four, grown);
    expect(announced.slice(grown.announced.length)).toEqual([
      '3 availableInRegion.uksouth',
      '3 availableInAllReplicas',
    ]);
  });

  test('a replica that was removed and made again has events of its own', () => {
    const set = replaced(two, 'westeurope', '2026-06-01T14:00:00Z');
    const { announced } = announceAll([pushOf('westeurope', '2026-06-01T14:01:00Z')], set, complete);
    expect(announced.slice(complete.announced.length)).toEqual([
      '2 availableInRegion.westeurope',
      '2 availableInAllReplicas',
    ]);
  });

  test('also when its predecessor was published two generations ago', () => {
    const set = replaced(three, 'westeurope', '2026-06-01T14:00:00Z');
    const { announced } = announceAll([pushOf('westeurope', '2026-06-01T14:01:00Z')], set, grown);
    expect(announced.slice(grown.announced.length)).toEqual([
      '3 availableInRegion.westeurope',
      '3 availableInAllReplicas',
    ]);
  });
});
