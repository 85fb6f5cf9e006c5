/** The list of releases, newest first: their state and, for open ones, their progress. */
import type { ListedRelease } from '../core/releases/release-document.ts';
import { make, part, setHidden } from './dom.ts';
import { plural, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import { liveTime } from './live-times.ts';
import { openProgress } from './open-progress.ts';
import { statePill } from './parts.ts';
import type { ReleaseProgress } from './release-words.ts';
import { releaseState } from './release-words.ts';
import { createRowTable } from './row-table.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import { makeCell, rowHeader } from './table.ts';
import type { ShownState } from './words.ts';

const pageSize = '100';

interface Row {
  readonly release: ListedRelease;
  readonly progress: ReleaseProgress | undefined;
}

export function releasesScreen(page: Page): Screen {
  const show = createRowTable<Row>({
    place: 'release-list',
    none: 'no-releases',
    caption: 'Releases, newest first',
    columns: [
      { name: 'Release' },
      { name: 'State', class: 'state' },
      { name: 'Images complete' },
      { name: 'Incomplete' },
      { name: 'Created' },
    ],
    keyOf: ({ release }) => release.name,
    row: () => (row) => cellsOf(row, page.now()),
  });
  const progress = openProgress();
  let title = 'Releases';

  async function refresh(_shown: Shown, ask: Ask): Promise<void> {
    const { releases, next } = await ask<ListPage>('releases', { limit: pageSize });
    showAll(releases);
    setHidden(part('older-releases'), next === null);
    const open = releases.filter(({ availableAt }) => availableAt === null);
    if (await progress.refresh(open, ask)) showAll(releases);
  }

  function showAll(releases: readonly ListedRelease[]): void {
    const rows = releases.map((release) => ({ release, progress: progress.of(release) }));
    const open = rows.filter((row) => ['replicating', 'delayed'].includes(stateOf(row))).length;
    title = open === 0 ? plural(releases.length, 'release') : `${plural(open, 'release')} replicating`;
    show(rows);
  }

  return {
    refresh,
    title: () => title,
    focus: () => part('releases-title').focus({ preventScroll: true }),
    clear() {
      progress.forget();
      title = 'Releases';
      show([]);
    },
  };
}

interface ListPage {
  readonly releases: readonly ListedRelease[];
  readonly next: string | null;
}

function stateOf({ release, progress }: Row): ShownState {
  return releaseState({ ...release, state: progress?.state });
}

function cellsOf(row: Row, now: number): HTMLTableCellElement[] {
  const { release, progress } = row;
  const { name, revision, images, createdAt, availableAt } = release;
  const href = formatHash({ ...parseHash(''), screen: 'release', release: name });
  const isDone = availableAt !== null;
  const complete = isDone ? images.length : progress?.complete;
  const lacking = isDone ? 'none' : progress === undefined ? 'open it to see' : progress.incomplete || 'none';
  return [
    rowHeader(
      make('a', { href, class: 'open' }, visible(name)),
      revision === 1 ? undefined : make('span', { class: 'note muted' }, `revision ${revision}`),
    ),
    makeCell('State', { class: 'state' }, statePill(stateOf(row))),
    makeCell(
      'Images complete',
      {},
      complete === undefined ? `– of ${images.length}` : `${complete} of ${images.length}`,
    ),
    makeCell('Incomplete', {}, lacking),
    makeCell('Created', {}, liveTime('ago', createdAt, now)),
  ];
}
