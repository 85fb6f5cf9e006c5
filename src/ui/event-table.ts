/** The events published about one image or release: type, time, whether the topic has accepted them, and their data. */
import type { Child } from './dom.ts';
import { make, painted, part, setAttribute, setHidden, setText } from './dom.ts';
import { inShownOrder, withoutManyRegions } from './event-order.ts';
import { visible } from './format.ts';
import { lastAnswer, reasonIn } from './last-answer.ts';
import { fixedTime } from './live-times.ts';
import { copyButton, deliveryPill } from './parts.ts';
import type { RowTable } from './row-table.ts';
import { createRowTable } from './row-table.ts';
import type { Page } from './screen.ts';
import { makeCell, rowHeader } from './table.ts';
import { tagOfSubject } from './tag-pointers.ts';
import type { Refusal } from './topic-refusal.ts';
import { topicRefusal } from './topic-refusal.ts';
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
      return (event) => {
        payload.show(event);
        return cellsOf(event, payload.node, page.now());
      };
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
  const paintProblem = painted<{ nothing: string; refusal: Refusal | undefined }>(
    part('topic-error'),
    ({ nothing, refusal }) => [make('span', {}, nothing, ...refusalParts(refusal, page.now()))],
  );
  const allEvents = part<HTMLButtonElement>('all-events');
  let isAll = false;
  let shownEvents: readonly ShownEvent[] = [];
  let image = '';

  function showEvents(): void {
    const { shown, more } = withoutManyRegions(shownEvents);
    show(isAll ? shownEvents : shown);
    setHidden(allEvents, isAll || more === 0);
    setText(allEvents, `Show ${more} more events, each about one region`);
  }

  allEvents.addEventListener('click', () => {
    isAll = true;
    showEvents();
  });
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
      if (shown !== image) {
        setText(result, '');
        isAll = false;
      }
      image = shown;
      const isWaiting = events.some(({ status }) => status === 'pending');
      const refusal = topicRefusal(events);
      const nothing =
        error === null || !isWaiting ? '' : `The topic accepts nothing at the moment: ${lastAnswer(error)}.`;
      paintProblem({ nothing, refusal });
      setHidden(part('topic-error'), nothing === '' && refusal === undefined);
      shownEvents = events;
      showEvents();
      setHidden(again, events.length === 0);
    },
  };
}

function refusalParts(refusal: Refusal | undefined, now: number): Child[] {
  return refusal === undefined ? [] : [` ${refusal.text}, last at `, fixedTime(refusal.lastAt, now), '.'];
}

function cellsOf(event: ShownEvent, payload: HTMLElement, now: number) {
  const { id, type, subject, time, region } = event;
  const about = region ?? tagOfSubject(subject);
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
  const reason = reasonIn(failed.lastError);
  return [
    deliveryPill('delayed', `Not accepted yet: ${lastAnswer(failed.lastError)}, tried ${times}`, failed.lastError),
    reason === '' ? undefined : make('span', { class: 'note' }, reason),
    make('span', { class: 'note muted' }, 'last ', fixedTime(failed.lastAt, now)),
  ];
}

/** Built once for each event, so that an opened payload stays open. */
function payloadOf(first: ShownEvent) {
  let event = first;
  const json = () => {
    const { id, source, type, subject, time, data } = event;
    const written = { specversion: '1.0', id, source, type, subject, time, datacontenttype: 'application/json', data };
    return JSON.stringify(written, null, 2);
  };
  const text = make('pre', { tabindex: '0', 'aria-label': `Payload of ${visible(eventWord(first.type))}` });
  // The tracker stores no payload: it makes it from what is known at the moment.
  const note = make('p', { class: 'muted' });
  const node = make(
    'details',
    {},
    make('summary', {}, 'JSON'),
    make('div', { class: 'opened' }, note, text, copyButton('event as it would be sent now', json, 'Copy JSON')),
  );
  const paint = () => {
    const wasSent = event.status === 'published';
    setText(note, `As it would be sent now${wasSent ? '. What was sent may show an earlier state' : ''}.`);
    if (node.open) setText(text, visibleLines(json()));
  };
  node.addEventListener('toggle', () => {
    paint();
    setAttribute(node, 'data-open', node.open ? '' : undefined);
  });
  return {
    node,
    show(next: ShownEvent): void {
      event = next;
      paint();
    },
  };
}

const maxJson = 20_000;

function visibleLines(text: string): string {
  return text.slice(0, maxJson).split('\n').map(visible).join('\n');
}
