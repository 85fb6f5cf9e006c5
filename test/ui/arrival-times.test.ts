/** How long regions took, and how exactly that is known. */
import { expect, test } from 'vitest';
import { describeImage } from '../../src/core/image/availability.ts';
import { arrivalSpan, isLearnedLate } from '../../src/ui/arrival-times.ts';
import { at, digestOf, pushOf, recordOf, registryOf, replicaSetOf } from '../support/build.ts';

const now = at('2026-06-01T13:00:00Z');
const pushes = [pushOf('eastus', '2026-06-01T12:00:00Z'), pushOf('westeurope', '2026-06-01T12:00:04Z')];
const documentOf = (facts: typeof pushes) =>
  describeImage(recordOf(digestOf(1), facts), registryOf(), replicaSetOf(), now);

test.each([
  [['webhook'], false],
  [['eventGrid'], false],
  [['probe'], true],
  [['deepProbe'], true],
  [['deliveryLog'], true],
  [['webhook', 'probe'], false],
  [[], false],
] as const)('%j is learned late: %s', (evidence, isLate) => {
  expect(isLearnedLate({ evidence })).toBe(isLate);
});

test('all have it after the time of the last region, or after the time when all had it first', () => {
  const there = documentOf(pushes);
  expect(arrivalSpan({ ...there, availableAt: null })).toBeUndefined();
  const availableAt = '2026-06-01T12:00:05.000Z';
  expect(arrivalSpan({ ...there, availableAt })).toEqual({ seconds: 4, isAtMost: false });
  // Deleted and pushed again in a region.
  const again = there.regions.map((region) => ({ ...region, lagSeconds: (region.lagSeconds ?? 0) * 100 }));
  expect(arrivalSpan({ ...there, availableAt, regions: again })).toEqual({ seconds: 5, isAtMost: false });
});
