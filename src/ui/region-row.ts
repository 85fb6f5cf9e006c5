/** One region of one image: its state, its lag behind the first region, and the evidence. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { RegionAvailability } from '../core/image/region-availability.ts';
import { isLearnedLate } from './arrival-times.ts';
import type { CellKind } from './cell-kind.ts';
import type { Child } from './dom.ts';
import { make, spoken } from './dom.ts';
import { visible } from './format.ts';
import type { IconName } from './icons.ts';
import { icon } from './icons.ts';
import { fixedTime, liveTime } from './live-times.ts';
import { isAwaited, lagText, laterEventText } from './region-state.ts';
import type { Column } from './table.ts';
import { makeCell, rowHeader } from './table.ts';
import { evidenceWords } from './words.ts';

export const regionColumns: readonly Column[] = [
  { name: 'Region' },
  { name: 'State', class: 'state' },
  { name: 'After the first', class: 'lag' },
  { name: 'Time line', class: 'track' },
  { name: 'Recorded' },
  { name: 'Event time' },
  { name: 'Rests on' },
];

export interface RegionLine extends Pick<AvailabilityDocument, 'firstSeenAt'> {
  readonly entry: RegionAvailability;
  readonly kind: CellKind;
  /** What the region lacks that has the rest. */
  readonly lacks?: string | undefined;
}

const marks: Record<CellKind, IconName | undefined> = {
  available: 'available',
  incomplete: 'missing',
  unverified: 'unverified',
  waiting: 'missing',
  delayed: 'delayed',
  missing: 'missing',
  absent: undefined,
  deleted: 'deleted',
  none: undefined,
};

/** @param bar its bar on the time line, drawn by the table */
export function regionCells(line: RegionLine, bar: HTMLElement, now: number): HTMLTableCellElement[] {
  const { region, expected, globalRouting, since, eventTime, evidence } = line.entry;
  const { kind, lacks } = line;
  const drawn = Object.hasOwn(marks, kind) ? marks[kind] : undefined;
  const notes = [...(expected ? [] : ['not waited for']), ...(globalRouting ? [] : ['no global routing'])];
  const later = laterEventText(line.entry);
  const drawing = drawn === undefined ? undefined : icon(drawn);
  return [
    rowHeader(visible(region), ...notes.flatMap(noteParts)),
    makeCell(
      'State',
      { class: 'state' },
      make('span', { class: `pill is-${kind}` }, drawing, lacks ?? visible(line.entry.state)),
    ),
    valueCell('After the first', 'lag', lagParts(line, kind, now)),
    makeCell('Time line', { class: 'track' }, bar),
    valueCell('Recorded', 'recorded', since === null ? [] : [fixedTime(since, now)]),
    valueCell('Event time', 'event-time', eventTime === null ? [] : [fixedTime(eventTime, now), ...noteParts(later)]),
    valueCell('Rests on', 'evidence', evidence.map(evidenceTag)),
  ];
}

function noteParts(note: string): Child[] {
  return note === '' ? [] : [make('span', { class: 'note muted' }, note)];
}

/** The lag, or, while the region is awaited, the least that it will be. */
function lagParts({ entry, firstSeenAt }: RegionLine, kind: CellKind, now: number): Child[] {
  if (isAwaited(kind) && firstSeenAt !== null) {
    const sign = make('span', { 'aria-hidden': 'true' }, '> ');
    return [make('span', {}, spoken('more than '), sign, liveTime('waiting', firstSeenAt, now))];
  }
  if (entry.lagSeconds === null) return [];
  const text = lagText(entry.lagSeconds, isLearnedLate(entry));
  if (!text.startsWith('≤')) return [text];
  return [make('span', {}, spoken('at most '), make('span', { 'aria-hidden': 'true' }, '≤ '), text.slice(2))];
}

/** On a narrow screen, a card omits cells without a value. */
function valueCell(label: string, kind: string, parts: readonly Child[]): HTMLTableCellElement {
  const isEmpty = parts.length === 0;
  return makeCell(label, { class: isEmpty ? `${kind} is-empty` : kind }, ...(isEmpty ? ['–'] : parts));
}

function evidenceTag(evidence: RegionAvailability['evidence'][number]): HTMLElement {
  const [name, meaning] = Object.hasOwn(evidenceWords, evidence) ? evidenceWords[evidence] : [visible(evidence), ''];
  return make('span', { class: 'tag', title: meaning }, name);
}
