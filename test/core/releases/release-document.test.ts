/** The events of a release: what is in them, and that the topic accepts them. */
import { expect, test } from 'vitest';
import { describeImage } from '../../../src/core/image/availability.ts';
import type { SeveralDocument } from '../../../src/core/query/several-images.ts';
import { makeRevision } from '../../../src/core/releases/release.ts';
import { durationOf, toReleaseEvent } from '../../../src/core/releases/release-document.ts';
import { at, digestOf, pushOf, recordOf, regionsOf, registryOf, replicaSetOf } from '../../support/build.ts';

const madeAt = at('2026-06-01T12:00:00Z');
const release = makeRevision('shop', { images: [], regions: null, require: 'all' }, undefined, madeAt);

function severalOf(images: number, regions: readonly string[]): SeveralDocument {
  const registry = registryOf({ regions: regionsOf(...regions) });
  const set = replicaSetOf(registry);
  const documents = Array.from({ length: images }, (_, i) => {
    const facts = regions.map((region, n) => pushOf(region, new Date(madeAt + n * 1_000).toISOString()));
    return describeImage(recordOf(digestOf(i), facts, set), registry, set, madeAt);
  });
  const requirement = { regions: set.replicas.map(({ region }) => region), require: 'all' } as const;
  return { satisfied: true, state: 'available', requirement, missing: [], ended: [], images: documents };
}

test('the same fact of the same revision has the same id; another revision or fact has another', () => {
  const several = severalOf(1, ['eastus']);
  const idOf = (changes: object, fact: 'available' | 'delayed' = 'available') =>
    toReleaseEvent({ ...release, ...changes }, fact, several, registryOf()).id;
  const id = idOf({});
  expect(idOf({ availableAt: 5, announcedAt: 6, delayedAt: 7 })).toBe(id);
  const others = [idOf({ revision: 2 }), idOf({ name: 'other' }), idOf({ createdAt: 5 }), idOf({}, 'delayed')];
  expect(new Set([id, ...others]).size).toBe(5);
});

test('the source is the ARM id where there is one', () => {
  const registry = registryOf({ resourceId: '/subscriptions/x' });
  expect(toReleaseEvent(release, 'delayed', severalOf(1, ['eastus']), registry)).toMatchObject({
    source: '/subscriptions/x',
    type: 'AcrReplication.ReleaseDelayed',
  });
});

test('the duration is from the first region of any image to the last of any', () => {
  expect(durationOf(severalOf(2, ['eastus', 'westeurope', 'northeurope']).images)).toBe(2);
  expect(durationOf([])).toBe(0);
});

test('a hundred images in as many regions as there may be fit into an event', () => {
  const many = Array.from({ length: 50 }, (_, i) => `region${i}`);
  const { data } = toReleaseEvent(release, 'available', severalOf(100, many), registryOf());
  expect(JSON.stringify(data).length).toBeLessThan(700_000);
  expect(data.images).toHaveLength(100);
  expect(data.images[0]).toMatchObject({ state: 'available', missing: [] });
  const few = toReleaseEvent(release, 'available', severalOf(40, many.slice(0, 4)), registryOf());
  expect(few.data.images[0]).toHaveProperty('regions');
});
