/** Invented regions: their number is limited, and replicas are never dropped for them. */
import { expect, test } from 'vitest';
import { availability } from '../../../src/core/image/availability.ts';
import { decide } from '../../../src/core/image/decide.ts';
import { maxRegions } from '../../../src/core/image/kept-regions.ts';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import { arrivalRegions } from '../../../src/core/image/record.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import {
  at,
  deleteOf,
  digestOf,
  policy,
  pushOf,
  regionsOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
} from '../../support/build.ts';

const registry = registryOf();
const set = replicaSetOf(registry);
const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const start = at('2026-06-01T12:00:00Z');

/** Each region reports one second after the one before, and the topic accepts the events. */
function pushedIn(regions: readonly string[], inSet = set, before?: ImageRecord): ImageRecord {
  const record = regions.reduce<ImageRecord | undefined>((known, region) => {
    const now = (known?.changedAt ?? start) + 1_000;
    const fact = pushOf(region, new Date(now).toISOString());
    const around = { set: inSet, policy, now };
    const { record: next } = decide(known, name, { kind: 'fact', fact }, around);
    const keys = (next?.announcements ?? []).map(({ key }) => key);
    return decide(next, name, { kind: 'eventsAccepted', keys, at: now }, around).record;
  }, before);
  if (record === undefined) throw new Error('no region was pushed to');
  return record;
}

const invented = (count: number) => Array.from({ length: count }, (_, i) => `nowhere${i + 1}`);

test('of 2,000 invented regions the last are kept, with every replica, and a small document', () => {
  const record = pushedIn(['eastus', ...invented(2_000), 'westeurope']);
  const kept = arrivalRegions(record);
  expect(kept).toHaveLength(maxRegions);
  expect(kept).toEqual(expect.arrayContaining(['eastus', 'nowhere1953', 'nowhere2000', 'westeurope']));
  expect(JSON.stringify(record).length).toBeLessThan(30_000);

  const question = { registry, repository: name.repository, digest: name.digest, tag: undefined };
  const known = { record, pointers: undefined };
  const document = availability(question, known, defaultRequirement(set), set, start, 900_000);
  expect(document).toMatchObject({ state: 'available', satisfied: true, regions: { length: maxRegions } });
  expect(JSON.stringify(document).length).toBeLessThan(20_000);
});

test('more replicas than that are all kept', () => {
  const regions = invented(60);
  const record = pushedIn([...regions, 'elsewhere'], replicaSetOf(registryOf({ regions: regionsOf(...regions) })));
  expect(arrivalRegions(record)).toHaveLength(61);
});

test('an event of an invented region that comes late is not dropped at once', () => {
  const record = pushedIn(invented(maxRegions));
  const fact = deleteOf('latecomer', new Date(start - 60_000).toISOString());
  const decision = decide(record, name, { kind: 'fact', fact }, { set, policy, now: start });
  expect(decision.outcome).toBe('recorded');
  expect(arrivalRegions(decision.record)).toContain('latecomer');
  expect(arrivalRegions(decision.record)).toHaveLength(maxRegions);
});
