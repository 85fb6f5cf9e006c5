/** One replica as a row: health, webhook, lag as numbers and as a chart, and the number of missing images. */
import type { RegionReport } from '../core/query/replica-report.ts';
import type { Child } from './dom.ts';
import { make, painted } from './dom.ts';
import { formatSeconds, plural, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import { icon } from './icons.ts';
import type { Keyed } from './keyed.ts';
import { lagChart, spanText } from './lag-chart.ts';
import type { LagShape, LagSpan } from './lag-shape.ts';
import { distribution } from './lag-shape.ts';
import { fixedTime, liveTime } from './live-times.ts';
import { imagesThere, roleNotes } from './replica-words.ts';
import type { Column } from './table.ts';
import { makeCell, makeRow, patchRow, rowHeader } from './table.ts';

interface Drawing {
  readonly shape: LagShape;
  readonly span: LagSpan;
}

export type ReplicaLine = RegionReport & { readonly registry: string; readonly drawing: Drawing | undefined };

export const replicaColumns: readonly Column[] = [
  { name: 'Region' },
  { name: 'Health', class: 'state' },
  { name: 'Webhook', class: 'state' },
  { name: 'Last webhook' },
  { name: 'Lag p50', class: 'number' },
  { name: 'Lag p95', class: 'number' },
  { name: 'Lag over the last day', class: 'shape' },
  { name: 'There', class: 'number' },
  { name: 'Missing now', class: 'number' },
];

export function replicaRow(now: () => number): Keyed<ReplicaLine> {
  const node = makeRow();
  const shape = make('div', {});
  const paintShape = painted<Drawing | undefined>(shape, drawingParts);
  return {
    node,
    update(line) {
      paintShape(line.drawing);
      patchRow(node, cellsOf(line, shape, now()));
    },
  };
}

function drawingParts(drawing: Drawing | undefined): Child[] {
  if (drawing === undefined || drawing.shape.points.length === 0) return ['–'];
  const { shape, span } = drawing;
  const rows = distribution(shape).map(([name, count]) =>
    make('div', {}, make('dt', {}, name), make('dd', {}, String(count))),
  );
  return [
    lagChart(shape, span),
    make(
      'details',
      {},
      make('summary', {}, `${spanText(span)} · distribution`),
      make('dl', { class: 'spread' }, ...rows),
    ),
  ];
}

function cellsOf(line: ReplicaLine, shape: HTMLElement, now: number): HTMLTableCellElement[] {
  const { region, webhook, lag } = line;
  const seconds = (value: number | null) => (value === null ? '–' : formatSeconds(value));
  const unmeasured = lag.p50Seconds === null ? make('span', { class: 'note muted' }, 'none reported') : undefined;
  return [
    rowHeader(visible(region), ...roleNotes(line).map((note) => make('span', { class: 'note muted' }, note))),
    makeCell('Health', { class: 'state' }, healthPill(line), statusNote(line)),
    makeCell('Webhook', { class: 'state' }, ...webhookParts(webhook)),
    makeCell('Last webhook', { class: 'state' }, ...lastWebhookParts(line, now)),
    makeCell('Lag p50', { class: 'number' }, seconds(lag.p50Seconds), unmeasured),
    makeCell('Lag p95', { class: 'number' }, seconds(lag.p95Seconds)),
    makeCell('Lag over the last day', { class: 'shape' }, shape),
    makeCell('There', { class: 'number' }, imagesThere(line, line.drawing?.shape.points ?? [])),
    makeCell('Missing now', { class: 'number' }, missingParts(line)),
  ];
}

function healthPill({ health, provisioningState }: RegionReport): HTMLElement {
  const isOdd = provisioningState !== null && provisioningState !== 'Succeeded';
  const name = health === 'healthy' ? 'available' : health === 'unhealthy' ? 'delayed' : 'unknown';
  return make(
    'span',
    { class: `pill is-${name}` },
    icon(name),
    visible(isOdd ? `${health}, ${provisioningState}` : health),
  );
}

/** For an unhealthy replica, Azure's status message. */
function statusNote({ health, status }: RegionReport): HTMLElement | undefined {
  const words = [status?.displayStatus, status?.message].filter((text) => typeof text === 'string').join(': ');
  if (health === 'unknown' && words === '') return make('span', { class: 'note muted' }, 'Azure does not report it');
  if (health === 'healthy' || words === '') return undefined;
  return make('span', { class: 'note muted', title: visible(status?.timestamp ?? '') }, visible(words));
}

function webhookParts({ status, reason, checkedAt }: RegionReport['webhook']): Child[] {
  const name = status === 'ok' ? 'available' : status === 'unknown' ? 'unknown' : 'delayed';
  const title = checkedAt === null ? (reason ?? 'Not checked') : `Checked at ${checkedAt}`;
  const words = reason ?? (status === 'unknown' ? 'the tracker may not read the webhooks of this registry' : null);
  return [
    make('span', { class: `pill is-${name}`, title: visible(title) }, icon(name), visible(status)),
    words === null ? undefined : make('span', { class: 'note muted' }, visible(words)),
  ];
}

function lastWebhookParts({ lastWebhookAt, silent, unreportedImages }: ReplicaLine, now: number): Child[] {
  const time = lastWebhookAt === null ? 'never' : liveTime('ago', lastWebhookAt, now);
  if (!(unreportedImages > 0)) return [time];
  const images = plural(unreportedImages, 'image');
  if (!silent) return [time, make('span', { class: 'note muted' }, `${images} not reported`)];
  const reported = `other regions have reported ${images}`;
  const words =
    lastWebhookAt === null
      ? [`no webhook yet; ${reported}`]
      : ['nothing since ', fixedTime(lastWebhookAt, now), `; ${reported} since`];
  return [
    make('span', { class: 'pill is-delayed' }, icon('delayed'), time),
    make('span', { class: 'note muted' }, ...words),
  ];
}

/** Images are missing only in a region that is expected to have them. */
function missingParts(line: ReplicaLine): Child {
  if (!line.expected) return make('span', { title: 'This region is not expected to have the images.' }, '–');
  return line.missingImages === 0 ? '0' : missingLink(line);
}

function missingLink({ region, registry, missingImages }: ReplicaLine): HTMLElement {
  const href = formatHash({ ...parseHash(''), registry, missing: region });
  return make(
    'a',
    { href, 'aria-label': `${plural(missingImages, 'image')} missing in ${visible(region)}` },
    String(missingImages),
  );
}
