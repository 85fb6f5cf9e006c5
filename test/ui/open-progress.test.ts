/** How often the page requests the progress of open releases. */
import { expect, test } from 'vitest';
import type { ListedRelease } from '../../src/core/releases/release-document.ts';
import { openProgress } from '../../src/ui/open-progress.ts';
import type { Ask } from '../../src/ui/screen.ts';
import { Unanswered } from '../../src/ui/tracker.ts';

const releaseOf = (name: string): ListedRelease => ({
  ...{ name, revision: 1, images: ['contoso.azurecr.io/team/app:v1'] },
  ...{ requirement: { regions: null, require: 'all' }, createdAt: '2026-06-01T12:00:00.000Z' },
  ...{ availableAt: null, announcedAt: null, delayed: false },
});

test('one that cannot be answered does not have all of them asked about each time', async () => {
  const asked: string[] = [];
  const ask = (async (route: string) => {
    asked.push(route);
    if (route === 'releases/gone') throw new Unanswered('question', 'no such release');
    return { images: [{ satisfied: true }], missing: [], ended: [], state: 'replicating' };
  }) as unknown as Ask;
  const progress = openProgress();
  const open = ['shop', 'gone'].map(releaseOf);
  const rounds: boolean[] = [];
  for (let round = 0; round < 6; round++) rounds.push(await progress.refresh(open, ask));
  expect(rounds).toEqual([true, false, false, false, false, true]);
  expect(asked).toHaveLength(4);
  const [shop, gone] = open.map((release) => progress.of(release));
  expect(shop?.complete).toBe(1);
  expect(gone).toBeUndefined();
  // The progress of a new one is requested at once.
  expect(await progress.refresh([releaseOf('new'), ...open], ask)).toBe(true);
});
