/** How each replica is doing: a region that has gone silent shows here first. */
import type { RegionReport, ReplicaReport } from '../core/replica-report.ts';
import type { Child } from './dom.ts';
import { make, painted, part, setHidden } from './dom.ts';
import { formatSeconds, plural, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import { icon } from './icons.ts';
import { keyedList } from './keyed.ts';
import { liveTime } from './live-times.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import { createScrollFrame } from './scroll-frame.ts';
import { makeCell, makeRow, makeTable, patchRow, rowHeader } from './table.ts';
import { sourceWord } from './words.ts';

/** Told from hundreds of images: an answer is good for a while. */
const goodForMs = 5_000;

type Line = RegionReport & { readonly registry: string };

export function replicasScreen(page: Page): Screen {
  const { table, body } = makeTable('Replicas of this registry: health, webhook, lag and what is missing', [
    { name: 'Region' },
    { name: 'Health', class: 'state' },
    { name: 'Webhook', class: 'state' },
    { name: 'Last webhook' },
    { name: 'Lag p50', class: 'number' },
    { name: 'Lag p95', class: 'number' },
    { name: 'Images', class: 'number' },
    { name: 'Missing now', class: 'number' },
  ]);
  part('replica-table').append(table);
  createScrollFrame(part('replica-table'))(table);
  const rows = keyedList<Line>(
    body,
    ({ region }) => region,
    () => {
      const node = makeRow();
      return { node, update: (line) => patchRow(node, cellsOf(line, page.now())) };
    },
  );
  const paintSource = painted(part('replica-source'), (report: Source) => sourceParts(report, page.now()));
  const paintCauses = painted(part('causes-list'), (causes: ReplicaReport['likelyCauses']) =>
    causes.map((cause) => causeItem(cause, page.now())),
  );
  let of = '';
  let answeredAt = 0;
  let title = 'Replicas';

  return {
    async refresh({ registry }: Shown, ask: Ask) {
      if (of === registry.name && page.now() - answeredAt < goodForMs) return;
      const report = await ask<ReplicaReport>('replicas', { registry: registry.name });
      const { source, refreshedAt, stale, regions, likelyCauses } = report;
      rows.show(regions.map((region) => ({ ...region, registry: registry.name })));
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

function cellsOf(line: Line, now: number): HTMLTableCellElement[] {
  const { region, lastWebhookAt, webhook, lag, missingImages } = line;
  const seconds = (value: number | null) => (value === null ? '–' : formatSeconds(value));
  return [
    rowHeader(visible(region), ...notesOf(line).map((note) => make('span', { class: 'note muted' }, note))),
    makeCell('Health', { class: 'state' }, healthPill(line)),
    makeCell('Webhook', { class: 'state' }, ...webhookParts(webhook)),
    makeCell('Last webhook', {}, lastWebhookAt === null ? 'never' : liveTime('ago', lastWebhookAt, now)),
    makeCell('Lag p50', { class: 'number' }, seconds(lag.p50Seconds)),
    makeCell('Lag p95', { class: 'number' }, seconds(lag.p95Seconds)),
    makeCell('Images', { class: 'number' }, String(lag.count)),
    makeCell('Missing now', { class: 'number' }, missingImages === 0 ? '0' : missingLink(line)),
  ];
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

function webhookParts({ status, reason, checkedAt }: RegionReport['webhook']): Child[] {
  const name = status === 'ok' ? 'available' : status === 'unknown' ? 'unknown' : 'delayed';
  const title = checkedAt === null ? (reason ?? 'Not looked at') : `Looked at ${checkedAt}`;
  const isFinding = reason !== null && checkedAt !== null;
  return [
    make('span', { class: `pill is-${name}`, title: visible(title) }, icon(name), visible(status)),
    isFinding ? make('span', { class: 'note muted' }, visible(reason)) : undefined,
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
