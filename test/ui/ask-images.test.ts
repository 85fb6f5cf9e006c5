/** Lists whose first pages are short, since few images pass the filter. */
import { expect, test } from 'vitest';
import { askImages } from '../../src/ui/ask-images.ts';
import type { Ask } from '../../src/ui/screen.ts';
import type { Query } from '../../src/ui/tracker.ts';

/** @param pages the number of images on each page */
function trackerOf(pages: readonly number[]) {
  const asked: Query[] = [];
  const ask = (async (_route: string, query: Query) => {
    const at = Number(query.cursor ?? 0);
    asked.push(query);
    return {
      images: Array.from({ length: pages[at] ?? 0 }, () => ({})),
      next: at + 1 < pages.length ? String(at + 1) : null,
    };
  }) as unknown as Ask;
  return { ask, asked };
}

test.each<[string, number[], number, number, string | null]>([
  ['is not all there is: the next ones are requested', [0, 0, 4], 4, 3, null],
  ['is the last: there are none', [0, 0], 0, 2, null],
  ['has some: two more are requested', [1, 0, 2, 5], 3, 3, '3'],
  ['is full: no other is requested', [10, 10], 10, 1, '1'],
  ['is empty like all others: requests end', Array.from({ length: 40 }, () => 0), 0, 20, '20'],
])('a page that %s', async (_title, pages, images, requests, next) => {
  const { ask, asked } = trackerOf(pages);
  const answer = await askImages(ask, { registry: 'contoso', region: 'japaneast', missing: 'true' }, 10);
  expect([answer.images.length, answer.pages, answer.next]).toEqual([images, requests, next]);
  expect(asked).toHaveLength(requests);
  expect(new Set(asked.map(({ region, missing }) => `${region} ${missing}`))).toEqual(new Set(['japaneast true']));
  expect(asked[0]).toMatchObject({ limit: '10' });
});
