/** The state of each replica: a region whose events stop shows here first. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { ReplicaReport } from '../core/query/replica-report.ts';
import type { Child } from './dom.ts';
import { make, painted, part, setHidden, setText } from './dom.ts';
import { plural, visible } from './format.ts';
import { icon } from './icons.ts';
import { keyedList } from './keyed.ts';
import { lagShapes, lagSpan } from './lag-shape.ts';
import { liveTime } from './live-times.ts';
import type { ReplicaLine } from './replica-row.ts';
import { replicaColumns, replicaRow } from './replica-row.ts';
import { replicaHeadline, sortWorstFirst } from './replica-words.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import { createScrollFrame } from './scroll-frame.ts';
import { makeTable } from './table.ts';
import { Unanswered } from './tracker.ts';
import { sourceWord } from './words.ts';

/** Computed from hundreds of images, so it is requested only this often. */
const goodForMs = 5_000;

/** The number of images that the lag chart is drawn from, and how often they are requested. */
const drawnImages = 200;
const drawnEveryMs = 30_000;

export function replicasScreen(page: Page): Screen {
  const { table, body } = makeTable(
    'Replicas of this registry: health, webhook, lag and what is missing',
    replicaColumns,
  );
  part('replica-table').append(table);
  createScrollFrame(part('replica-table'))(table);
  const rows = keyedList<ReplicaLine>(
    body,
    ({ region }) => region,
    () => replicaRow(page.now),
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

  /** Draws the lag charts; where the request fails, the table shows numbers only. */
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
      if (of !== registry.name) images = [];
      if (of !== registry.name || page.now() - drawnAt >= drawnEveryMs) await draw(registry.name, ask);
      const regions = sortWorstFirst(report.regions);
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
