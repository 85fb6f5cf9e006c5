/**
 * Where each tag of one image points, region by region: while a tag is being overwritten, two regions resolve it to
 * different digests.
 */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { Child } from './dom.ts';
import { make, painted, part, setHidden, setText, spoken } from './dom.ts';
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
/** So many regions that resolve a tag to the shown image are named. */
const maxNamedHere = 3;
const groupColumns = ['This image', 'Another image', 'No image'] as const;

const stateIcons: Readonly<Record<string, IconName>> = {
  converged: 'available',
  converging: 'replicating',
  diverged: 'diverged',
  deleting: 'deleting',
  deleted: 'deleted',
};

export interface TagTable {
  /** @param image the document of the shown image */
  show(lines: readonly TagLine[], image: Pick<AvailabilityDocument, 'digest' | 'regions'>): void;
  /** Shows that the tags are not known yet. */
  loading(): void;
}

export function createTagTable(): TagTable {
  const place = part('image-tags');
  const none = part('no-tags');
  const watchTable = createScrollFrame(place);
  interface Shown {
    readonly lines: readonly TagPointers[];
    readonly regions: readonly string[];
    /** Regions that do not have the whole image. */
    readonly lacking: readonly string[];
  }

  const paint = painted<Shown>(place, ({ lines, regions, lacking }) => {
    if (lines.length === 0) return [];
    const isGrouped = regions.length > maxColumns;
    const { table, body } = makeTable('Tags of this image: where each points in each region', [
      { name: 'Tag' },
      { name: 'State', class: 'state' },
      ...(isGrouped ? groupColumns : regions).map((name) => ({ name })),
    ]);
    const rest = (cells: readonly Pointer[]) =>
      isGrouped ? groupCells(cells, lacking) : cells.map((cell) => pointerCell(cell, lacking));
    body.append(...lines.map(({ cells, ...line }) => makeRow(...headCells(line), ...rest(cells))));
    watchTable(table);
    return [table];
  });

  return {
    show(lines, image) {
      const regions = regionsOf(lines.map(({ document }) => document));
      const lacking = image.regions.filter(({ state }) => state !== 'available').map(({ region }) => String(region));
      paint({ lines: lines.map((line) => pointersOf(line, regions, image.digest)), regions, lacking });
      setText(none, 'No tag points here now.');
      setHidden(place, lines.length === 0);
      setHidden(none, lines.length > 0);
    },
    loading() {
      paint({ lines: [], regions: [], lacking: [] });
      setText(none, 'Loading');
      setHidden(place, true);
      setHidden(none, false);
    },
  };
}

function headCells({ name, state }: { name: string; state: string }): HTMLElement[] {
  const pill = make('span', { class: `pill is-${state}` }, icon(stateIcons[state] ?? 'unknown'), visible(state));
  return [rowHeader(tagChip(name)), makeCell('State', { class: 'state' }, pill)];
}

/** Regions grouped by what the tag points at. */
function groupCells(cells: readonly Pointer[], lacking: readonly string[]): HTMLElement[] {
  const { here, elsewhere, nowhere } = groupPointers(cells);
  const partly = here.filter((region) => lacking.includes(region));
  const names = (regions: readonly string[]) => regions.map(visible).join(', ');
  const listed = (regions: readonly string[]) =>
    regions.length > maxColumns
      ? make('span', { title: names(regions) }, plural(regions.length, 'region'))
      : names(regions);
  const others = elsewhere.map(({ pointer, regions }) =>
    make('div', {}, ...pointerParts(pointer.digest, false, pointer.image), ' in ', listed(regions)),
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
            here.length === cells.length
              ? `all ${here.length} regions`
              : here.length > maxNamedHere
                ? plural(here.length, 'region')
                : names(here),
            partly.length === 0
              ? undefined
              : make('span', { class: 'note muted' }, `not available in ${names(partly)}`),
          ]),
    ),
    makeCell(another, {}, ...(others.length === 0 ? ['–'] : others)),
    makeCell(none, {}, nowhere.length === 0 ? '–' : listed(nowhere)),
  ];
}

function pointerCell({ region, digest, isThis, image }: Pointer, lacking: readonly string[]): HTMLElement {
  const isPartly = isThis && lacking.includes(region);
  const note = isPartly ? make('span', { class: 'note muted' }, 'not available') : undefined;
  return makeCell(region, { class: isThis ? 'is-this' : 'is-other' }, ...pointerParts(digest, isThis, image), note);
}

function pointerParts(digest: string | undefined, isThis: boolean, image: string | undefined): Child[] {
  if (digest === undefined) return [spoken('points nowhere'), make('span', { 'aria-hidden': 'true' }, '–')];
  if (isThis) return [icon('available'), 'this image'];
  if (image === undefined) return [digestCode(digest)];
  const href = formatHash({ ...parseHash(''), screen: 'image', image });
  return [make('a', { href, title: visible(digest) }, make('code', {}, shortDigest(digest)))];
}
