/**
 * Where each tag of one image points, region by region: while a tag is being overwritten, two regions resolve it to
 * different digests.
 */
import type { Child } from './dom.ts';
import { make, painted, part, setHidden, spoken } from './dom.ts';
import { plural, shortDigest, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import type { IconName } from './icons.ts';
import { icon } from './icons.ts';
import { regionsOf } from './matrix.ts';
import { digestCode, tagChip } from './parts.ts';
import { createScrollFrame } from './scroll-frame.ts';
import { makeCell, makeRow, makeTable, rowHeader } from './table.ts';
import type { Pointer, TagLine, TagPointers } from './tag-pointers.ts';
import { groupPointers, pointersOf } from './tag-pointers.ts';

/** With more regions than this, only the differences are listed instead of a column for each region. */
const maxColumns = 6;
const groupColumns = ['This image', 'Another image', 'No image'] as const;

const stateIcons: Readonly<Record<string, IconName>> = {
  converged: 'available',
  converging: 'replicating',
  diverged: 'diverged',
};

/** @param digest of the shown image */
export function createTagTable(): { show(lines: readonly TagLine[], digest: string | null): void } {
  const place = part('image-tags');
  const none = part('no-tags');
  const watchTable = createScrollFrame(place);
  const paint = painted<{ lines: readonly TagPointers[]; regions: readonly string[] }>(place, ({ lines, regions }) => {
    if (lines.length === 0) return [];
    const isGrouped = regions.length > maxColumns;
    const { table, body } = makeTable('Tags of this image: where each points in each region', [
      { name: 'Tag' },
      { name: 'State', class: 'state' },
      ...(isGrouped ? groupColumns : regions).map((name) => ({ name })),
    ]);
    const rest = isGrouped ? groupCells : (cells: readonly Pointer[]) => cells.map(pointerCell);
    body.append(...lines.map(({ cells, ...line }) => makeRow(...headCells(line), ...rest(cells))));
    watchTable(table);
    return [table];
  });

  return {
    show(lines, digest) {
      const regions = regionsOf(lines.map(({ document }) => document));
      paint({ lines: lines.map((line) => pointersOf(line, regions, digest)), regions });
      setHidden(place, lines.length === 0);
      setHidden(none, lines.length > 0);
    },
  };
}

function headCells({ name, state }: { name: string; state: string }): HTMLElement[] {
  const pill = make('span', { class: `pill is-${state}` }, icon(stateIcons[state] ?? 'unknown'), visible(state));
  return [rowHeader(tagChip(name)), makeCell('State', { class: 'state' }, pill)];
}

/** Regions grouped by what the tag points at. */
function groupCells(cells: readonly Pointer[]): HTMLElement[] {
  const { here, elsewhere, nowhere } = groupPointers(cells);
  const names = (regions: readonly string[]) => regions.map(visible).join(', ');
  const others = elsewhere.map(({ pointer, regions }) =>
    make('div', {}, ...pointerParts(pointer.digest, false, pointer.image), ` in ${names(regions)}`),
  );
  const [thisImage, another, none] = groupColumns;
  return [
    makeCell(
      thisImage,
      { class: here.length === 0 ? '' : 'is-this', title: names(here) },
      ...(here.length === 0
        ? ['–']
        : [
            icon('available'),
            here.length === cells.length ? `all ${here.length} regions` : plural(here.length, 'region'),
          ]),
    ),
    makeCell(another, {}, ...(others.length === 0 ? ['–'] : others)),
    makeCell(none, {}, nowhere.length === 0 ? '–' : names(nowhere)),
  ];
}

function pointerCell({ region, digest, isThis, image }: Pointer): HTMLElement {
  return makeCell(region, { class: isThis ? 'is-this' : 'is-other' }, ...pointerParts(digest, isThis, image));
}

function pointerParts(digest: string | undefined, isThis: boolean, image: string | undefined): Child[] {
  if (digest === undefined) return [spoken('points nowhere'), make('span', { 'aria-hidden': 'true' }, '–')];
  if (isThis) return [icon('available'), 'this image'];
  if (image === undefined) return [digestCode(digest)];
  const href = formatHash({ ...parseHash(''), screen: 'image', image });
  return [make('a', { href, title: visible(digest) }, make('code', {}, shortDigest(digest)))];
}
