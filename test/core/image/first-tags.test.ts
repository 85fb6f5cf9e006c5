/** A tag that turns out to have had no digest before. */
import { expect, test } from 'vitest';
import type { DecisionContext } from '../../../src/core/image/context.ts';
import { withFirstTags } from '../../../src/core/image/first-tags.ts';
import { at, digestOf, policy, pushOf, recordOf, registryOf, replicaSetOf, tagOf } from '../../support/build.ts';

const tag = tagOf('v1');
const context: DecisionContext = { set: replicaSetOf(registryOf()), policy, now: at('2026-06-01T12:00:10Z') };
const [inOne, inBoth] = [['eastus'], ['eastus', 'westeurope']].map((regions) =>
  recordOf(
    digestOf(1),
    regions.map((region) => pushOf(region, '2026-06-01T12:00:01Z', { tag: 'v1' })),
  ),
);
const given = (record = inOne) => record ?? expect.fail('no record');

test('a first tag that is everywhere already has converged, and that is announced', () => {
  const before = given(inBoth);
  const { record, announcements } = withFirstTags(before, [tag], context);
  expect(before.tags.v1).toMatchObject({ state: 'open', isCompared: false });
  expect(record.tags.v1).toMatchObject({ state: 'converged', isCompared: true });
  expect(record.uncomparedTags).toEqual([]);
  expect(announcements).toEqual([{ kind: 'tagConverged', generation: 1, tag: { name: 'v1', round: 1 } }]);
});

test('a first tag that is on its way is compared, and nothing is announced', () => {
  const { record, announcements } = withFirstTags(given(inOne), [tag], context);
  expect(record.tags.v1).toMatchObject({ state: 'open', isCompared: true });
  expect(record.uncomparedTags).toEqual([]);
  expect(announcements).toEqual([]);
});

test.each([[[]], [[tagOf('v2')]]])('the record stays as it is where the first tags are others: %j', (tags) => {
  const before = given(inBoth);
  expect(withFirstTags(before, tags, context)).toEqual({ record: before, announcements: [] });
});
