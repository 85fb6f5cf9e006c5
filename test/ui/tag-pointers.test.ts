/** Where a tag points, as the page of an image shows it: region by region, and with many regions by what it points at. */
import { expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { groupPointers, pointersOf, tagsOf } from '../../src/ui/tag-pointers.ts';
import { digestOf } from '../support/build.ts';

const regions = ['a', 'b', 'c', 'd', 'e'];

/** @param pointed by region */
function lineOf(pointed: Record<string, string>) {
  const tag = {
    ...{ name: 'v1', state: 'diverged' },
    regions: Object.entries(pointed).map(([region, digest]) => ({ region, digest, since: '2026-06-01T12:00:00.000Z' })),
  };
  const image = { registry: 'contoso.azurecr.io', repository: 'team/app', regions: [] };
  const document = { ...image, tag } as unknown as AvailabilityDocument;
  return { name: 'v1', document };
}

const [shown, older, oldest] = [digestOf(1), digestOf(2), digestOf(3)];

test('each region points at the image that is shown, at another, which can be opened, or at none', () => {
  const { state, cells } = pointersOf(lineOf({ a: shown, b: older }), ['a', 'b', 'c'], shown);
  expect(state).toBe('diverged');
  const image = `contoso.azurecr.io/team/app@${older}`;
  expect(cells).toEqual([
    { region: 'a', digest: shown, isThis: true, image: undefined },
    { region: 'b', digest: older, isThis: false, image },
    { region: 'c', digest: undefined, isThis: false, image: undefined },
  ]);
});

test('of a tag that was not asked about nothing is known', () => {
  const { document } = lineOf({});
  const unasked = { ...document, tag: undefined } as unknown as AvailabilityDocument;
  const { state, cells } = pointersOf({ name: 'v1', document: unasked }, ['a'], shown);
  expect([state, cells[0]?.digest]).toEqual(['unknown', undefined]);
});

test('with many regions they are together by what they point at, in the order of the regions', () => {
  const { cells } = pointersOf(lineOf({ a: older, b: shown, c: oldest, e: older }), regions, shown);
  const { here, elsewhere, nowhere } = groupPointers(cells);
  expect({ here, nowhere }).toEqual({ here: ['b'], nowhere: ['d'] });
  expect(elsewhere.map(({ pointer, regions: where }) => [pointer.digest, where])).toEqual([
    [older, ['a', 'e']],
    [oldest, ['c']],
  ]);
});

test('while no image is known, no region points at it', () => {
  const { cells } = pointersOf(lineOf({}), regions, null);
  expect(groupPointers(cells)).toEqual({ here: [], elsewhere: [], nowhere: regions });
});

test('the tags of an image are those that it has, and those that it was pushed with', () => {
  expect(tagsOf({ tags: ['v1'] }, ['prod', 'v1', 'edge'])).toEqual(['v1', 'prod', 'edge']);
});

test.each([
  ['deleting', 'converging', { a: shown }, 'deleting'],
  ['deleted', 'unknown', {}, 'deleted'],
  // The image was pushed again, or the tag is elsewhere by now.
  ['replicating', 'converging', { a: shown }, 'converging'],
  ['deleting', 'converging', { a: shown, b: older }, 'converging'],
  ['deleted', 'converged', { a: older }, 'converged'],
])('a tag of an image that is %s, and %s %j, is shown as %s', (state, tagState, pointed, is) => {
  const { document } = lineOf(pointed);
  const tag = { ...document.tag, state: tagState };
  const line = { name: 'v1', document: { ...document, state, digest: shown, tag } as AvailabilityDocument };
  expect(pointersOf(line, regions, shown).state).toBe(is);
});
