/**
 * What was announced in one generation and is still so is not announced in the next: one push in one region would be told
 * under two ids, and a consumer that counts arrivals would count two.
 */
import { describe, expect, test } from 'vitest';
import { newsOf, parseAnnouncementKey } from '../../src/core/announcement.ts';
import type { Fact } from '../../src/core/arrival.ts';
import { decide } from '../../src/core/decide.ts';
import type { ImageName, ImageRecord } from '../../src/core/image.ts';
import { pendingKeys } from '../../src/core/image.ts';
import type { ReplicaSet } from '../../src/core/replica-set.ts';
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
} from '../support/build.ts';

const name: ImageName = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const two = replicaSetOf();
const three = replicaSetOf(registryOf({ regions: regionsOf('eastus', 'northeurope', 'westeurope') }));

interface Told {
  readonly record: ImageRecord | undefined;
  /** `generation news`, in the order in which they were announced. */
  readonly told: readonly string[];
}

function tell(facts: readonly Fact[], set: ReplicaSet, before: Told = { record: undefined, told: [] }): Told {
  return facts.reduce<Told>(({ record, told }, fact) => {
    const decision = decide(record, name, { kind: 'fact', fact }, { set, policy, now: fact.receivedAt });
    const made = decision.announcements.map((one) => `${one.generation} ${newsOf(one)}`);
    return { record: decision.record, told: [...told, ...made] };
  }, before);
}

/** The replica of that region was removed until then, and there is another one now. */
function replaced(set: ReplicaSet, region: string, absentAt: string): ReplicaSet {
  const replicas = set.replicas.map((one) =>
    one.region === regionOf(region) ? { ...one, absentAt: at(absentAt) } : one,
  );
  return { ...set, replicas };
}

describe('pushed again after it was deleted everywhere', () => {
  const deleted = tell(
    [deleteOf('eastus', '2026-06-01T12:00:00Z'), deleteOf('westeurope', '2026-06-01T12:00:01Z')],
    two,
  );
  const elsewhere = tell([pushOf('northeurope', '2026-06-01T12:01:00Z')], two, deleted);

  test('a region outside the set has it first, and is told once', () => {
    expect(elsewhere.told.slice(-1)).toEqual(['1 availableInRegion.northeurope']);
    const { told } = tell([pushOf('eastus', '2026-06-01T12:01:01Z')], two, elsewhere);
    expect(told.slice(elsewhere.told.length)).toEqual(['2 availableInRegion.eastus']);
  });

  test('what that region does later is news', () => {
    const { told } = tell(
      [
        pushOf('eastus', '2026-06-01T12:01:01Z'),
        deleteOf('northeurope', '2026-06-01T12:02:00Z'),
        pushOf('northeurope', '2026-06-01T12:03:00Z'),
      ],
      two,
      elsewhere,
    );
    expect(told.slice(-2)).toEqual(['2 deletedInRegion.northeurope', '2 availableInRegion.northeurope']);
  });

  test('a region that has not had it since is not told as deleted anew', () => {
    const { told } = tell(
      [pushOf('eastus', '2026-06-01T12:01:01Z'), deleteOf('westeurope', '2026-06-01T12:00:01Z')],
      two,
      deleted,
    );
    expect(told.slice(deleted.told.length)).toEqual(['2 availableInRegion.eastus']);
  });
});

describe('complete again for a set that has grown', () => {
  const both = [pushOf('eastus', '2026-06-01T12:00:00Z'), pushOf('westeurope', '2026-06-01T12:00:01Z')];
  const complete = tell(both, two);
  const grown = tell([pushOf('northeurope', '2026-06-01T13:00:00Z')], three, complete);

  test('only the new region is told, and that it is everywhere', () => {
    expect(grown.told.slice(complete.told.length)).toEqual([
      '2 availableInRegion.northeurope',
      '2 availableInAllReplicas',
    ]);
  });

  test('what the topic had not taken yet keeps its id', () => {
    const pending = pendingKeys(grown.record as ImageRecord).map(parseAnnouncementKey);
    expect(pending.map((one) => `${one.generation} ${newsOf(one)}`)).toEqual(grown.told);
  });

  test('and so through a third generation', () => {
    const four = replicaSetOf(registryOf({ regions: regionsOf('eastus', 'northeurope', 'uksouth', 'westeurope') }));
    const { told } = tell([pushOf('uksouth', '2026-06-01T14:00:00Z')], four, grown);
    expect(told.slice(grown.told.length)).toEqual(['3 availableInRegion.uksouth', '3 availableInAllReplicas']);
  });

  test('a replica that was removed and made again has news of its own', () => {
    const set = replaced(two, 'westeurope', '2026-06-01T14:00:00Z');
    const { told } = tell([pushOf('westeurope', '2026-06-01T14:01:00Z')], set, complete);
    expect(told.slice(complete.told.length)).toEqual(['2 availableInRegion.westeurope', '2 availableInAllReplicas']);
  });

  test('also when its predecessor was told of two generations ago', () => {
    const set = replaced(three, 'westeurope', '2026-06-01T14:00:00Z');
    const { told } = tell([pushOf('westeurope', '2026-06-01T14:01:00Z')], set, grown);
    expect(told.slice(grown.told.length)).toEqual(['3 availableInRegion.westeurope', '3 availableInAllReplicas']);
  });
});
