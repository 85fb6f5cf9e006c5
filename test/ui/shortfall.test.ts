/** The state that the page shows of an image, where the question asks for more or less than the image. */
import { expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { describeImage } from '../../src/core/image/availability.ts';
import { delayedText } from '../../src/ui/image-words.ts';
import { inRegionOrder } from '../../src/ui/region-order.ts';
import { cellValue } from '../../src/ui/region-state.ts';
import { answerOf } from '../../src/ui/shortfall.ts';
import { at, digestOf, pushOf, recordOf, regionOf, registryOf, replicaSetOf, tagOf } from '../support/build.ts';

const now = at('2026-06-01T13:00:00Z');
const west = regionOf('westeurope');
const pushes = [pushOf('eastus', '2026-06-01T12:00:00Z'), pushOf('westeurope', '2026-06-01T12:00:01Z')];
const documentOf = (facts: typeof pushes) =>
  describeImage(recordOf(digestOf(1), facts), registryOf(), replicaSetOf(), now);
const everywhere = documentOf(pushes);
const short = { ...everywhere, satisfied: false, missing: [west] };
const tagIn = (state: 'diverged' | 'converging', ...regions: readonly string[]) => ({
  ...{ name: tagOf('prod'), state },
  regions: regions.map((name) => ({ region: regionOf(name), digest: digestOf(2), since: '2026-06-01T12:00:00.000Z' })),
});

test.each<[string, string, string | undefined, AvailabilityDocument]>([
  ['available', 'available', undefined, everywhere],
  [
    'signature missing',
    'incomplete',
    'no signature',
    { ...short, artifacts: [{ kind: 'signature', known: true, missing: [west] }] },
  ],
  ['diverged', 'incomplete', 'another prod', { ...short, tag: tagIn('diverged', 'westeurope') }],
  ['converging', 'incomplete', 'no prod', { ...short, tag: tagIn('converging') }],
  // Missing as an image, and enough of it for the question.
  ['available', 'available', undefined, { ...documentOf(pushes.slice(0, 1)), satisfied: true, missing: [] }],
  ['replicating', 'waiting', undefined, documentOf(pushes.slice(0, 1))],
])('%s, and in the region %s: %s', (words, kind, lacks, document) => {
  expect(answerOf(document).words).toBe(words);
  expect(cellValue(document, 'westeurope')).toMatchObject({ kind, lacks });
});

test('a region that lacks one platform does not look like one that lacks all', () => {
  const one = documentOf(pushes.slice(0, 1));
  const member = (n: number, platform: string, missing: readonly string[]) =>
    ({ digest: digestOf(n), kind: 'platform', platform, artifactType: null, missing }) as never;
  const amd = member(2, 'linux/amd64', []);
  const split = { ...one, delayed: true, members: [amd, member(3, 'linux/arm64', ['westeurope'])] };
  expect(cellValue(split, 'westeurope')).toMatchObject({ kind: 'delayed', lacks: 'missing linux/arm64' });
  expect(delayedText(split)).toBe('linux/arm64 missing in westeurope');
  const none = { ...split, members: [member(2, 'linux/amd64', ['westeurope'])] };
  expect(cellValue(none, 'westeurope').lacks).toBeUndefined();
  expect(delayedText(none)).toBe('missing in westeurope');
  expect(cellValue({ ...split, satisfied: true, missing: [] }, 'westeurope')).toMatchObject({ kind: 'available' });
});

test('regions where something is missing come first, then the others by part of the world', () => {
  const [entry] = everywhere.regions;
  if (entry === undefined) throw new Error('no region');
  const one = (name: string, state: 'available' | 'missing' | 'deleted', expected = true) => ({
    ...{ ...entry, region: regionOf(name), state, expected },
  });
  const regions = [
    one('australiaeast', 'available'),
    one('brazilsouth', 'deleted'),
    one('qatarcentral', 'missing', false),
    one('uksouth', 'missing'),
    one('westus', 'available'),
  ];
  const missing = ['brazilsouth', 'uksouth'].map(regionOf);
  const order = (state: AvailabilityDocument['state']) => {
    const document = { ...everywhere, state, regions, missing };
    return inRegionOrder(document, regions).map(({ region }) => String(region));
  };
  expect(order('replicating')).toEqual(['uksouth', 'brazilsouth', 'westus', 'australiaeast', 'qatarcentral']);
  // Those that still have it.
  expect(order('deleting')).toEqual(['westus', 'australiaeast', 'brazilsouth', 'uksouth', 'qatarcentral']);
});
