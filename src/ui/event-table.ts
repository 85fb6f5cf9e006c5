/** The events published about one image or release: type, time, whether the topic has accepted them, and their data. */
import { make, part, setAttribute, setHidden, setText } from './dom.ts';
import { inShownOrder } from './event-order.ts';
import { visible } from './format.ts';
import { lastAnswer } from './last-answer.ts';
import { fixedTime } from './live-times.ts';
import { copyButton, deliveryPill } from './parts.ts';
import type { RowTable } from './row-table.ts';
import { createRowTable } from './row-table.ts';
import type { Page } from './screen.ts';
import { makeCell, rowHeader } from './table.ts';
import { Unanswered } from './tracker.ts';
import { eventWord } from './words.ts';

/** As `/api/events` answers. */
export interface ShownEvent {
  readonly id: string;
  readonly source?: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  /** Of an image's events; a release's have a revision instead. */
  readonly generation?: number;
  readonly region?: string;
  readonly status: 'pending' | 'published';
  readonly publishedAt: string | null;
  /** Absent in answers of an older tracker. */
  readonly failedAttempts?: { readonly count: number; readonly lastAt: string; readonly lastError: string } | null;
  readonly data?: unknown;
}

const shortId = 10;

/** @returns a function that shows events in the order of event-order.ts */
export function createEventRows(
  page: Page,
  parts: Pick<RowTable<ShownEvent>, 'place' | 'none' | 'caption'>,
): (events: readonly ShownEvent[]) => void {
  const show = createRowTable<ShownEvent>({
    ...parts,
    columns: [
      { name: 'Event' },
      { name: 'Time' },
      { name: 'Delivery', class: 'state' },
      { name: 'Id' },
      { name: 'Payload' },
    ],
    keyOf: ({ id }) => id,
    row(first) {
      const payload = payloadOf(first);
      return (event) => cellsOf(event, payload, page.now());
    },
  });
  return (events) => show(inShownOrder(events));
}

export function createEventTable(page: Page) {
  const show = createEventRows(page, {
    place: 'image-events',
    none: 'no-events',
    caption:
      'Events published about this image: those not accepted yet, those about all regions, then those about one region',
  });
  const again = part<HTMLButtonElement>('publish-again');
  const result = part('publish-result');
  let image = '';

  again.addEventListener('click', async () => {
    again.disabled = true;
    const of = image;
    const said = await page.send('events/replay', { image: of }).then(
      () => 'Publishing again, with the same ids. Receivers drop what they have.',
      (failure: unknown) => {
        if (!(failure instanceof Unanswered)) throw failure;
        return failure.refusal === 'key' ? 'Publishing again needs an admin key.' : visible(failure.message);
      },
    );
    again.disabled = false;
    if (of === image) setText(result, said);
  });

  return {
    /** @param error the topic's last error, while it accepts no events */
    show(events: readonly ShownEvent[], shown = '', error: string | null = null): void {
      if (shown !== image) setText(result, '');
      image = shown;
      const isWaiting = events.some(({ status }) => status === 'pending');
      setText(part('topic-error'), `The topic accepts nothing at the moment: ${lastAnswer(error ?? '')}.`);
      setHidden(part('topic-error'), error === null || !isWaiting);
      show(events);
      setHidden(again, events.length === 0);
    },
  };
}

function cellsOf(event: ShownEvent, payload: HTMLElement, now: number) {
  const { id, type, subject, time, region } = event;
  const tag = /^[^@]*:([^@]*)$/.exec(subject)?.[1];
  const about = region ?? tag;
  return [
    rowHeader(
      make('span', { title: visible(type) }, visible(eventWord(type))),
      about === undefined ? undefined : make('span', { class: 'tag' }, visible(about)),
    ),
    makeCell('Time', {}, fixedTime(time, now)),
    makeCell('Delivery', { class: 'state' }, ...deliveryOf(event, now)),
    makeCell(
      'Id',
      { class: 'id' },
      make('code', { title: visible(id) }, `${visible(id.slice(0, shortId))}…`),
      ' ',
      copyButton('id of the event', () => id),
    ),
    makeCell('Payload', { class: 'payload' }, payload),
  ];
}

function deliveryOf({ publishedAt, failedAttempts: failed = null }: ShownEvent, now: number) {
  const tries = failed?.count ?? 0;
  if (publishedAt !== null) {
    const note = make('span', { class: 'note muted' }, fixedTime(publishedAt, now));
    if (tries > 0) note.append(`, after ${tries} that failed`);
    return [deliveryPill('available', 'Accepted by the topic'), note];
  }
  if (failed === null) return [deliveryPill('replicating', 'Not accepted yet')];
  const times = tries === 1 ? 'once' : `${tries} times`;
  return [
    deliveryPill('delayed', `Not accepted yet: ${lastAnswer(failed.lastError)}, tried ${times}`, failed.lastError),
    make('span', { class: 'note muted' }, 'last ', fixedTime(failed.lastAt, now)),
  ];
}

/** Built once for each event, so that an opened payload stays open. */
function payloadOf({ id, source, type, subject, time, data }: ShownEvent): HTMLElement {
  const event = { specversion: '1.0', id, source, type, subject, time, datacontenttype: 'application/json', data };
  const json = () => JSON.stringify(event, null, 2);
  const text = make('pre', { tabindex: '0', 'aria-label': `Payload of ${visible(eventWord(type))}` });
  const details = make(
    'details',
    {},
    make('summary', {}, 'JSON'),
    text,
    copyButton('event as JSON', json, 'Copy JSON'),
  );
  details.addEventListener('toggle', () => {
    if (details.open) setText(text, visibleLines(json()));
    setAttribute(details, 'data-open', details.open ? '' : undefined);
  });
  return details;
}

const maxJson = 20_000;

function visibleLines(text: string): string {
  return text.slice(0, maxJson).split('\n').map(visible).join('\n');
}
