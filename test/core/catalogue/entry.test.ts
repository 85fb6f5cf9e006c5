/** What sorted lists need of an image. */
import { expect, test } from 'vitest';
import { entryOf } from '../../../src/core/catalogue/entry.ts';
import { deleteOf, digestOf, pushOf, recordOf, regionsOf, registryOf, replicaSetOf } from '../../support/build.ts';
import { indexType, manifestType } from '../../support/index-of.ts';

const set = replicaSetOf(registryOf({ regions: regionsOf('eastus') }));
const facts = [
  pushOf('westeurope', '2026-06-01T12:00:00Z'),
  pushOf('eastus', '2026-06-01T12:00:07Z'),
  deleteOf('westeurope', '2026-06-01T12:00:09Z'),
];

test.each([
  ['of a manifest, counts from the region that had it first', manifestType, 7_000],
  [
    'of an index whose first region is not known any more, is 0: it is not listed as one that is missing somewhere',
    indexType,
    0,
  ],
])('the lag %s', (_, mediaType, lagMs) => {
  expect(entryOf({ ...recordOf(digestOf(1), facts), mediaType }, set)).toMatchObject({ state: 'available', lagMs });
});
