/** Images × regions: a row for each image, newest first, updated at every poll. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { Child } from './dom.ts';
import { make, painted, setAttribute } from './dom.ts';
import { formatSeconds, shortDigest, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import type { Keyed } from './keyed.ts';
import { liveTime } from './live-times.ts';
import { imageKey } from './merge-page.ts';
import { statePill, tagChip } from './parts.ts';
import { regionCell } from './region-cell.ts';
import { createRegionGrid } from './region-grid.ts';
import { cellKind, cellValue } from './region-state.ts';
import type { Listed } from './registry-counts.ts';
import { makeCell, makeRow, rowHeader } from './table.ts';
import type { ShownState } from './words.ts';
import { kindWord, shownState } from './words.ts';

const tagsShown = 3;
const maxDelayedNamed = 3;

export interface Matrix {
  show(images: readonly Listed[]): void;
}

export function createMatrix(
  place: HTMLElement,
  now: () => number,
  caption = 'Images, and since when each region has them',
): Matrix {
  const grid = createRegionGrid<Listed>(place, {
    caption,
    before: [
      { name: 'Image', class: 'image' },
      { name: 'State', class: 'state' },
    ],
    after: [{ name: 'First seen', class: 'when' }],
    keyOf: (image) => `${image.place ?? ''} ${imageKey(image)}`,
    row: (image, regions) => imageRow(image, regions, now),
  });
  return { show: (images) => grid.show(images, regionsOf(images)) };
}

/** All regions of these images, in the order of the answers. */
export function regionsOf(images: readonly Pick<AvailabilityDocument, 'regions'>[]): string[] {
  return [...new Set(images.flatMap(({ regions }) => regions.map(({ region }) => String(region))))].sort();
}

function imageRow(image: Listed, regions: readonly string[], now: () => number): Keyed<Listed> {
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

  const node = makeRow(name, state, ...cells.map(({ cell }) => cell.node), when);
  return {
    node,
    update(document) {
      setAttribute(node, 'class', document.attention === undefined ? undefined : `is-pinned is-${document.attention}`);
      // An image that no region has reported has the requested tag only.
      const asked = document.tag === undefined ? [] : [document.tag.name];
      paintTags(document.tags.length === 0 ? asked : document.tags);
      paintAbout({ digest: document.digest, kind: kindWord(document.mediaType), delayed: delayedIn(document) });
      const isDiverged = document.attention === 'diverged' || document.isDiverged === true;
      paintState({ state: shownState(document), note: stateNote(document), isDiverged });
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

interface About {
  readonly digest: string | null;
  readonly kind: string | undefined;
  readonly delayed: string;
}

function aboutParts({ digest, kind, delayed }: About): Child[] {
  return [
    digest === null ? undefined : make('code', {}, shortDigest(digest)),
    kind === undefined ? undefined : make('span', {}, kind),
    delayed === '' ? undefined : make('span', { class: 'delayed-in', 'aria-hidden': 'true' }, delayed),
  ];
}

/** Where regions are mere marks under upright names, delayed ones are named in the row as well. */
function delayedIn(document: AvailabilityDocument): string {
  const delayed = document.regions
    .filter((region) => cellKind(region, document) === 'delayed')
    .map(({ region }) => region);
  if (delayed.length === 0) return '';
  const named = delayed.slice(0, delayed.length > maxDelayedNamed ? maxDelayedNamed - 1 : maxDelayedNamed).map(visible);
  const rest = delayed.length - named.length;
  return `missing in ${named.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
}

function stateParts({ state, note, isDiverged }: { state: ShownState; note: string; isDiverged: boolean }): Child[] {
  return [
    statePill(state),
    isDiverged ? statePill('diverged') : undefined,
    note === '' ? undefined : make('span', { class: 'muted note' }, note),
  ];
}

/** How many regions have it, or how long it took. */
export function stateNote({ state, requirement, firstSeenAt, availableAt }: AvailabilityDocument): string {
  if (state === 'deleted' || state === 'unknown') return '';
  if (state !== 'available') return `${requirement.have} of ${requirement.needed}`;
  if (firstSeenAt === null || availableAt === null) return '';
  return `in ${formatSeconds((Date.parse(availableAt) - Date.parse(firstSeenAt)) / 1000)}`;
}
