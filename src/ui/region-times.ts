/** Where one image is and since when: a row for each region, with a bar on a common time line. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { RegionAvailability } from '../core/image/region-availability.ts';
import { make, painted, part } from './dom.ts';
import { keyedList } from './keyed.ts';
import { inRegionOrder } from './region-order.ts';
import type { RegionLine } from './region-row.ts';
import { regionCells, regionColumns } from './region-row.ts';
import { cellValue } from './region-state.ts';
import { createScrollFrame } from './scroll-frame.ts';
import { makeRow, makeTable, patchRow } from './table.ts';
import type { Bar, Timeline } from './timeline.ts';
import { timelineOf } from './timeline.ts';

export interface RegionTimes {
  show(document: AvailabilityDocument): void;
  clear(): void;
}

export function createRegionTimes(now: () => number): RegionTimes {
  const { table, body } = makeTable('Regions: state, time and evidence of this image', regionColumns);
  const axis = make('span', { class: 'axis', 'aria-hidden': 'true' });
  table.classList.add('times');
  table.querySelector('th.track')?.append(axis);
  part('image-regions').append(table);
  createScrollFrame(part('image-regions'))(table);
  const bars = new Map<string, HTMLElement>();
  const rows = keyedList<RegionLine>(
    body,
    ({ entry }) => entry.region,
    ({ entry: { region } }) => {
      const bar = make('span', { class: 'bar' });
      bars.set(region, bar);
      const node = makeRow();
      return { node, update: (line) => patchRow(node, regionCells(line, bar, now())) };
    },
  );
  const paintAxis = painted<Timeline['ticks']>(axis, (ticks) => ticks.map(tick));

  return {
    show(document) {
      const { state, firstSeenAt } = document;
      const regions = inRegionOrder(document, document.regions);
      const lineOf = (entry: RegionAvailability): RegionLine => {
        const { kind, lacks } = cellValue(document, entry.region);
        return { entry, firstSeenAt, kind, lacks };
      };
      rows.show(regions.map(lineOf));
      const timeline = timelineOf(regions, state, now(), firstSeenAt);
      paintAxis(timeline.ticks);
      regions.forEach(({ region }, index) => {
        draw(bars.get(region), timeline.bars[index]);
      });
    },
    clear: () => rows.clear(),
  };
}

function tick({ at, label }: Timeline['ticks'][number]): HTMLElement {
  const node = make('span', {}, label);
  node.style.setProperty('--at', String(at));
  return node;
}

function draw(bar: HTMLElement | undefined, shape: Bar | undefined): void {
  if (bar === undefined) return;
  bar.className = `bar bar-${shape?.kind ?? 'none'}`;
  bar.style.setProperty('--length', String(shape?.length ?? 0));
}
