/** Images × regions: a row for each image, newest first, which fills while one looks. */
import type { AvailabilityDocument } from '../core/availability.ts';
import type { Child } from './dom.ts';
import { make, painted } from './dom.ts';
import { formatSeconds, shortDigest, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import type { Keyed, KeyedList } from './keyed.ts';
import { keyedList } from './keyed.ts';
import { liveTime } from './live-times.ts';
import { imageKey } from './merge-page.ts';
import { statePill, tagChip } from './parts.ts';
import { regionCell } from './region-cell.ts';
import { cellValue } from './region-state.ts';
import { createScrollFrame } from './scroll-frame.ts';
import { makeCell, makeRow, makeTable, rowHeader } from './table.ts';
import type { ShownState } from './words.ts';
import { kindWord, shownState } from './words.ts';

const tagsShown = 3;

export interface Matrix {
  show(images: readonly AvailabilityDocument[]): void;
}

export function createMatrix(place: HTMLElement, now: () => number): Matrix {
  const watchTable = createScrollFrame(place);
  let columns = '';
  let rows: KeyedList<AvailabilityDocument> | undefined;

  function begin(regions: readonly string[]): void {
    const { table, body } = makeTable('Images, newest first, and since when each region has them', [
      { name: 'Image', class: 'image' },
      { name: 'State', class: 'state' },
      ...regions.map((name) => ({ name, class: 'region' })),
      { name: 'First seen', class: 'when' },
    ]);
    table.classList.add('matrix');
    place.replaceChildren(table);
    watchTable(table);
    rows = keyedList(body, imageKey, (image) => imageRow(image, regions, now));
  }

  return {
    show(images) {
      const regions = regionsOf(images);
      if (rows === undefined || columns !== regions.join()) begin(regions);
      columns = regions.join();
      rows?.show(images);
      place.hidden = images.length === 0;
    },
  };
}

/** Every region any of them speaks of, in the order of every answer. */
export function regionsOf(images: readonly Pick<AvailabilityDocument, 'regions'>[]): string[] {
  return [...new Set(images.flatMap(({ regions }) => regions.map(({ region }) => String(region))))].sort();
}

function imageRow(
  image: AvailabilityDocument,
  regions: readonly string[],
  now: () => number,
): Keyed<AvailabilityDocument> {
  const tags = make('span', { class: 'tags' });
  const about = make('span', { class: 'line muted' });
  const state = makeCell('State', { class: 'state' });
  const cells = regions.map((region) => ({ region, cell: regionCell(region, now) }));
  const when = makeCell('First seen', { class: 'when' });
  if (image.firstSeenAt !== null) when.append(liveTime('ago', image.firstSeenAt, now()));
  const name = rowHeader(make('span', { class: 'line' }, imageLink(image), tags), about);
  const paintTags = painted(tags, tagParts);
  const paintAbout = painted(about, aboutParts);
  const paintState = painted(state, stateParts);

  return {
    node: makeRow(name, state, ...cells.map(({ cell }) => cell.node), when),
    update(document) {
      paintTags(document.tags);
      paintAbout({ digest: document.digest, kind: kindWord(document.mediaType) });
      paintState({ state: shownState(document), note: stateNote(document) });
      for (const { region, cell } of cells) cell.update(cellValue(document, region));
    },
  };
}

function imageLink({ image, repository }: AvailabilityDocument): HTMLElement {
  const href = formatHash({ ...parseHash(''), screen: 'image', image });
  return make('a', { href, class: 'open', title: visible(image) }, visible(repository));
}

function tagParts(tags: readonly string[]): Child[] {
  const more = tags.length - tagsShown;
  return [
    ...tags.slice(0, tagsShown).map(tagChip),
    more > 0 ? make('span', { class: 'muted', title: tags.map(visible).join(', ') }, `+${more}`) : undefined,
  ];
}

function aboutParts({ digest, kind }: { digest: string | null; kind: string | undefined }): Child[] {
  return [
    digest === null ? undefined : make('code', {}, shortDigest(digest)),
    kind === undefined ? undefined : make('span', {}, kind),
  ];
}

function stateParts({ state, note }: { state: ShownState; note: string }): Child[] {
  return [statePill(state), note === '' ? undefined : make('span', { class: 'muted note' }, note)];
}

/** How far it is, or how long it took. */
export function stateNote({ state, requirement, firstSeenAt, availableAt }: AvailabilityDocument): string {
  if (state === 'deleted' || state === 'unknown') return '';
  if (state !== 'available') return `${requirement.have} of ${requirement.needed}`;
  if (firstSeenAt === null || availableAt === null) return '';
  return `in ${formatSeconds((Date.parse(availableAt) - Date.parse(firstSeenAt)) / 1000)}`;
}
