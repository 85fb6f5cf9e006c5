/** Images × regions: a row for each image, newest first, updated at every poll. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { RefusedEvents } from '../core/image/refused-events.ts';
import type { Child } from './dom.ts';
import { make, painted, setAttribute } from './dom.ts';
import { plural, shortDigest, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import type { DivergedTag } from './image-words.ts';
import { delayedText, deletedAt, divergedText, divergedTip, partText, stateNote } from './image-words.ts';
import type { Keyed } from './keyed.ts';
import { liveTime } from './live-times.ts';
import { imageKey } from './merge-page.ts';
import { answerPill, statePill, tagChip } from './parts.ts';
import { regionCell } from './region-cell.ts';
import { createRegionGrid } from './region-grid.ts';
import { cellValue } from './region-state.ts';
import type { Attention, Listed } from './registry-counts.ts';
import type { Answer } from './shortfall.ts';
import { answerOf } from './shortfall.ts';
import { makeCell, makeRow, rowHeader } from './table.ts';
import { refusedText } from './topic-refusal.ts';
import { kindWord } from './words.ts';

const tagsShown = 3;

export interface Matrix {
  show(rows: readonly (Listed | Unpinned)[]): void;
}

/** A row that leads to the images that are not pinned. */
export interface Unpinned {
  readonly unpinned: Attention;
  readonly count: number;
  readonly registry: string;
}

function isImage(row: Listed | Unpinned): row is Listed {
  return !('unpinned' in row);
}

export function createMatrix(
  place: HTMLElement,
  now: () => number,
  caption = 'Images, and since when each region has them',
): Matrix {
  const grid = createRegionGrid<Listed | Unpinned>(place, {
    caption,
    before: [
      { name: 'Image', class: 'image' },
      { name: 'State', class: 'state' },
    ],
    after: [{ name: 'First seen', class: 'when' }],
    keyOf: (row) => (isImage(row) ? `${row.place ?? ''} ${imageKey(row)}` : row.unpinned),
    row: (row, regions) => (isImage(row) ? imageRow(row, regions, now) : unpinnedRow(regions.length + 3)),
  });
  return { show: (rows) => grid.show(rows, regionsOf(rows.filter(isImage))) };
}

/** All regions of these images, in the order of the answers. */
export function regionsOf(images: readonly Pick<AvailabilityDocument, 'regions'>[]): string[] {
  return [...new Set(images.flatMap(({ regions }) => regions.map(({ region }) => String(region))))].sort();
}

function unpinnedRow(columns: number): Keyed<Listed | Unpinned> {
  const header = rowHeader();
  const paint = painted(header, ({ unpinned, count, registry }: Unpinned) => {
    const href = formatHash({ ...parseHash(''), registry, state: unpinned });
    const text = plural(count, unpinned === 'delayed' ? 'more delayed image' : 'more diverged tag');
    return [make('a', { href, class: 'open' }, text)];
  });
  header.colSpan = columns;
  const node = makeRow(header);
  return {
    node,
    update(row) {
      if (isImage(row)) return;
      setAttribute(node, 'class', `is-pinned is-${row.unpinned}`);
      paint(row);
    },
  };
}

function imageRow(image: Listed, regions: readonly string[], now: () => number): Keyed<Listed | Unpinned> {
  const tags = make('span', { class: 'tags' });
  const about = make('span', { class: 'line muted' });
  const state = makeCell('State', { class: 'state' });
  const cells = regions.map((region) => ({ region, cell: regionCell(region, now) }));
  const when = makeCell('First seen', { class: 'when' });
  if (image.firstSeenAt !== null) when.append(liveTime('ago', image.firstSeenAt, now()));
  const name = rowHeader(make('span', { class: 'line' }, imageLink(image), tags), about);
  const paintTags = painted(tags, tagParts);
  const paintAbout = painted(about, aboutParts);
  const paintState = painted<StateCell>(state, (value) => stateParts(value, now()));

  const node = makeRow(name, state, ...cells.map(({ cell }) => cell.node), when);
  return {
    node,
    update(document) {
      if (!isImage(document)) return;
      const pinned = document.attention === undefined ? undefined : `is-pinned is-${document.attention}`;
      setAttribute(node, 'class', document.state === 'deleting' ? 'is-deleting' : pinned);
      // An image that no region has reported has the requested tag only.
      const asked = document.tag === undefined ? [] : [document.tag.name];
      paintTags(document.tags.length === 0 ? asked : document.tags);
      const diverged = document.divergedTags ?? [];
      paintAbout({
        digest: document.digest,
        kind: kindWord(document.mediaType),
        partOf: document.partOf,
        delayed: delayedText(document),
        diverged,
        refused: document.unpublished,
      });
      const isDiverged = document.attention === 'diverged' || diverged.length > 0;
      paintState({ answer: answerOf(document), note: stateNote(document), gone: deletedAt(document), isDiverged });
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
  readonly partOf: Listed['partOf'];
  readonly delayed: string;
  readonly diverged: readonly DivergedTag[];
  readonly refused: RefusedEvents | undefined;
}

function aboutParts({ digest, kind, partOf, delayed, diverged, refused }: About): Child[] {
  return [
    digest === null ? undefined : make('code', {}, shortDigest(digest)),
    kind === undefined ? undefined : make('span', {}, kind),
    partOf === undefined ? undefined : make('span', { title: visible(partOf.index) }, partText(partOf)),
    delayed === '' ? undefined : make('span', { class: 'delayed-in', 'aria-hidden': 'true' }, delayed),
    diverged.length === 0
      ? undefined
      : make('span', { class: 'diverged-in', title: divergedTip(diverged) }, divergedText(diverged)),
    refused === undefined
      ? undefined
      : make('span', { title: visible(refused.lastError) }, `not accepted: ${refusedText(refused)}`),
  ];
}

interface StateCell {
  readonly answer: Answer;
  readonly note: string;
  /** When it was deleted. */
  readonly gone: string | null;
  readonly isDiverged: boolean;
}

function stateParts({ answer, note, gone, isDiverged }: StateCell, now: number): Child[] {
  return [
    answerPill(answer),
    note === '' ? undefined : make('span', { class: 'muted note' }, note),
    gone === null ? undefined : make('span', { class: 'muted note' }, liveTime('ago', gone, now)),
    isDiverged && answer.look !== 'diverged' ? statePill('diverged') : undefined,
  ];
}
