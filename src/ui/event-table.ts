/** What was told about one image, newest first: which event, when, and whether the topic has taken it. */
import { make, part, setHidden } from './dom.ts';
import { visible } from './format.ts';
import { icon } from './icons.ts';
import { keyedList } from './keyed.ts';
import { fixedTime } from './live-times.ts';
import { copyButton } from './parts.ts';
import { createScrollFrame } from './scroll-frame.ts';
import { makeCell, makeRow, makeTable, patchRow, rowHeader } from './table.ts';
import { eventWord } from './words.ts';

/** As `/api/events` answers. */
export interface ToldEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly generation: number;
  readonly region?: string;
  readonly status: 'pending' | 'published';
  readonly publishedAt: string | null;
}

const shortId = 10;

export function createEventTable(now: () => number): { show(events: readonly ToldEvent[]): void } {
  const place = part('image-events');
  const { table, body } = makeTable('Events told about this image, newest first', [
    { name: 'Event' },
    { name: 'Told' },
    { name: 'Status', class: 'state' },
    { name: 'Id' },
  ]);
  place.append(table);
  createScrollFrame(place)(table);
  const rows = keyedList<ToldEvent>(
    body,
    ({ id }) => id,
    () => {
      const node = makeRow();
      return { node, update: (event) => patchRow(node, cellsOf(event, now())) };
    },
  );

  return {
    show(events) {
      rows.show(events.toSorted((a, b) => (a.time === b.time ? 0 : a.time < b.time ? 1 : -1)));
      setHidden(place, events.length === 0);
      setHidden(part('no-events'), events.length > 0);
    },
  };
}

function cellsOf({ id, type, subject, time, region, status }: ToldEvent, now: number): HTMLTableCellElement[] {
  const tag = /^[^@]*:([^@]*)$/.exec(subject)?.[1];
  const about = region ?? tag;
  return [
    rowHeader(
      make('span', { title: visible(type) }, visible(eventWord(type))),
      about === undefined ? undefined : make('span', { class: 'tag' }, visible(about)),
    ),
    makeCell('Told', {}, fixedTime(time, now)),
    makeCell('Status', { class: 'state' }, statusPill(status)),
    makeCell(
      'Id',
      { class: 'id' },
      make('code', { title: visible(id) }, `${visible(id.slice(0, shortId))}…`),
      ' ',
      copyButton('id of the event', () => id),
    ),
  ];
}

function statusPill(status: ToldEvent['status']): HTMLElement {
  const isPublished = status === 'published';
  const name = isPublished ? 'available' : 'replicating';
  return make('span', { class: `pill is-${name}` }, icon(name), isPublished ? 'published' : 'pending');
}
