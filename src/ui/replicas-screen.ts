/** How each replica is doing: a region that has gone silent shows here first. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { RegionReport, ReplicaReport } from '../core/query/replica-report.ts';
import type { Child } from './dom.ts';
import { make, painted, part, setHidden, setText } from './dom.ts';
import { formatSeconds, plural, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import { icon } from './icons.ts';
import { keyedList } from './keyed.ts';
import { lagChart, spanText } from './lag-chart.ts';
import type { LagShape, LagSpan } from './lag-shape.ts';
import { distribution, lagShapes, lagSpan } from './lag-shape.ts';
import { liveTime } from './live-times.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import { createScrollFrame } from './scroll-frame.ts';
import { makeCell, makeRow, makeTable, patchRow, rowHeader } from './table.ts';
import { Unanswered } from './tracker.ts';
import { sourceWord } from './words.ts';

/** Told from hundreds of images: an answer is good for a while. */
const goodForMs = 5_000;

interface Drawing {
  readonly shape: LagShape;
  readonly span: LagSpan;
}

type Line = RegionReport & { readonly registry: string; readonly drawing: Drawing | undefined };

/** Images that the shape of the lag is drawn from, and how long it is good for. */
const drawnImages = 200;
const drawnEveryMs = 30_000;

export function replicasScreen(page: Page): Screen {
  const { table, body } = makeTable('Replicas of this registry: health, webhook, lag and what is missing', [
    { name: 'Region' },
    { name: 'Health', class: 'state' },
    { name: 'Webhook', class: 'state' },
    { name: 'Last webhook' },
    { name: 'Lag p50', class: 'number' },
    { name: 'Lag p95', class: 'number' },
    { name: 'Lag over the last day', class: 'shape' },
    { name: 'There', class: 'number' },
    { name: 'Missing now', class: 'number' },
  ]);
  part('replica-table').append(table);
  createScrollFrame(part('replica-table'))(table);
  const rows = keyedList<Line>(
    body,
    ({ region }) => region,
    () => {
      const node = makeRow();
      const shape = make('div', {});
      const paintShape = painted<Drawing | undefined>(shape, drawingParts);
      return {
        node,
        update(line) {
          paintShape(line.drawing);
          patchRow(node, cellsOf(line, shape, page.now()));
        },
      };
    },
  );
  const paintSource = painted(part('replica-source'), (report: Source) => sourceParts(report, page.now()));
  const paintCauses = painted(part('causes-list'), (causes: ReplicaReport['likelyCauses']) =>
    causes.map((cause) => causeItem(cause, page.now())),
  );
  let of = '';
  let answeredAt = 0;
  let drawnAt = 0;
  let images: readonly AvailabilityDocument[] = [];
  let title = 'Replicas';

  /** Without it the numbers stand alone. */
  async function draw(registry: string, ask: Ask): Promise<void> {
    const answer = await ask<{ images: readonly AvailabilityDocument[] }>('images', {
      registry,
      limit: String(drawnImages),
    }).catch((failure: unknown) => {
      if (failure instanceof Unanswered) return undefined;
      throw failure;
    });
    images = answer?.images ?? [];
    drawnAt = page.now();
  }

  return {
    async refresh({ registry }: Shown, ask: Ask) {
      if (of === registry.name && page.now() - answeredAt < goodForMs) return;
      const report = await ask<ReplicaReport>('replicas', { registry: registry.name });
      const { source, refreshedAt, stale, likelyCauses } = report;
      const regions = report.regions.toSorted(worstFirst);
      if (of !== registry.name) images = [];
      if (of !== registry.name || page.now() - drawnAt >= drawnEveryMs) await draw(registry.name, ask);
      const names = regions.map(({ region }) => region);
      const drawings = new Map(
        lagShapes(images, names).map((shape) => {
          const span = lagSpan(shape, images.length === drawnImages, drawnAt);
          return [shape.region, { shape, span }];
        }),
      );
      rows.show(regions.map((line) => ({ ...line, registry: registry.name, drawing: drawings.get(line.region) })));
      setHidden(part('replica-table'), regions.length === 0);
      setText(part('replica-headline'), replicaHeadline(regions));
      setHidden(part('replica-headline'), regions.length === 0);
      paintSource({ source, refreshedAt, stale, count: regions.filter(({ expected }) => expected).length });
      paintCauses(likelyCauses);
      setHidden(part('causes'), likelyCauses.length === 0);
      of = registry.name;
      answeredAt = page.now();
      title = `Replicas · ${visible(registry.name)}`;
    },
    title: () => title,
    focus: () => part('replicas-title').focus({ preventScroll: true }),
    clear() {
      rows.clear();
      of = '';
    },
  };
}

type Source = Pick<ReplicaReport, 'source' | 'refreshedAt' | 'stale'> & { readonly count: number };

function sourceParts({ source, refreshedAt, stale, count }: Source, now: number): Child[] {
  return [
    `${plural(count, 'expected region')}, ${sourceWord(source)}, read `,
    liveTime('ago', refreshedAt, now),
    stale ? make('span', { class: 'pill is-delayed' }, icon('delayed'), 'more than an hour old') : undefined,
  ];
}

function causeItem({ title, trackingId, regions, since }: ReplicaReport['likelyCauses'][number], now: number) {
  return make(
    'li',
    {},
    make('strong', {}, visible(title)),
    make('span', {}, regions.map(visible).join(', ')),
    make('code', {}, visible(trackingId)),
    since === null ? undefined : make('span', { class: 'muted' }, 'since ', liveTime('ago', since, now)),
  );
}

/** What is missing most, then what is slowest; those that nobody waits for last. */
function worstFirst(a: RegionReport, b: RegionReport): number {
  const rank = ({ expected }: RegionReport) => (expected ? 0 : 1);
  const slow = ({ lag }: RegionReport) => lag.p95Seconds ?? -1;
  return (
    rank(a) - rank(b) ||
    b.missingImages - a.missingImages ||
    slow(b) - slow(a) ||
    (String(a.region) < String(b.region) ? -1 : 1)
  );
}

/** @param regions the worst first */
function replicaHeadline(regions: readonly RegionReport[]): string {
  const expected = regions.filter((region) => region.expected);
  const [worst] = expected;
  if (worst === undefined) return 'No region is expected to have images.';
  const { region, missingImages, lag } = worst;
  const wrong = wrongWebhooks(expected);
  if (missingImages > 0)
    return `${visible(region)} is behind: ${plural(missingImages, 'image')} missing there now.${wrong}`;
  if (lag.p95Seconds === null) return `No image is missing in any region.${wrong}`;
  return `No image is missing in any region. The slowest is ${visible(region)}: 95 of 100 images are there within ${formatSeconds(lag.p95Seconds)}.${wrong}`;
}

/** A webhook that does not work is the first thing to mend, wherever its region stands in the table. */
function wrongWebhooks(regions: readonly RegionReport[]): string {
  const wrong = regions.filter(({ webhook }) => webhook.status !== 'ok' && webhook.status !== 'unknown');
  if (wrong.length === 0) return '';
  const named = wrong.slice(0, wrong.length > 3 ? 2 : 3);
  const rest = wrong.length - named.length;
  const text = named.map(({ region, webhook }) => `${visible(region)} (${visible(webhook.status)})`).join(', ');
  return ` Webhooks to correct: ${text}${rest === 0 ? '' : ` and ${rest} more`}.`;
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

function cellsOf(line: Line, shape: HTMLElement, now: number): HTMLTableCellElement[] {
  const { region, lastWebhookAt, webhook, lag, missingImages } = line;
  const seconds = (value: number | null) => (value === null ? '–' : formatSeconds(value));
  return [
    rowHeader(visible(region), ...notesOf(line).map((note) => make('span', { class: 'note muted' }, note))),
    makeCell('Health', { class: 'state' }, healthPill(line), statusNote(line)),
    makeCell('Webhook', { class: 'state' }, ...webhookParts(webhook)),
    makeCell('Last webhook', {}, lastWebhookAt === null ? 'never' : liveTime('ago', lastWebhookAt, now)),
    makeCell('Lag p50', { class: 'number' }, seconds(lag.p50Seconds)),
    makeCell('Lag p95', { class: 'number' }, seconds(lag.p95Seconds)),
    makeCell('Lag over the last day', { class: 'shape' }, shape),
    makeCell('There', { class: 'number' }, thereOf(line)),
    makeCell('Missing now', { class: 'number' }, missingImages === 0 ? '0' : missingLink(line)),
  ];
}

/** Of the newest images that were not deleted; without them, what the tracker has counted. */
function thereOf({ drawing, lag }: Line): string {
  const points = drawing?.shape.points ?? [];
  if (points.length === 0) return String(lag.count);
  return `${points.filter((point) => point.lag !== null).length} of ${points.length}`;
}

function notesOf({ expected, observedOnly, globalRouting }: RegionReport): string[] {
  const role = observedOnly ? ['observed only'] : expected ? [] : ['not waited for'];
  return [...role, ...(globalRouting ? [] : ['no global routing'])];
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

/** Of a replica that is not healthy, what Azure says is the matter. */
function statusNote({ health, status }: RegionReport): HTMLElement | undefined {
  const words = [status?.displayStatus, status?.message].filter((text) => typeof text === 'string').join(': ');
  if (health === 'unknown' && words === '') return make('span', { class: 'note muted' }, 'Azure has not said');
  if (health === 'healthy' || words === '') return undefined;
  return make('span', { class: 'note muted', title: visible(status?.timestamp ?? '') }, visible(words));
}

function webhookParts({ status, reason, checkedAt }: RegionReport['webhook']): Child[] {
  const name = status === 'ok' ? 'available' : status === 'unknown' ? 'unknown' : 'delayed';
  const title = checkedAt === null ? (reason ?? 'Not looked at') : `Looked at ${checkedAt}`;
  const words = reason ?? (status === 'unknown' ? 'the tracker may not read the webhooks of this registry' : null);
  return [
    make('span', { class: `pill is-${name}`, title: visible(title) }, icon(name), visible(status)),
    words === null ? undefined : make('span', { class: 'note muted' }, visible(words)),
  ];
}

function missingLink({ region, registry, missingImages }: Line): HTMLElement {
  const href = formatHash({ ...parseHash(''), registry, missing: region });
  return make(
    'a',
    { href, 'aria-label': `${plural(missingImages, 'image')} missing in ${visible(region)}` },
    String(missingImages),
  );
}
