/**
 * Rows × regions for any kind of row. Many regions are grouped by part of the world; where more regions than fit, each is
 * a mark.
 */
import { make, spoken } from './dom.ts';
import type { Place } from './geography.ts';
import { byPlace, placeLabel } from './geography.ts';
import type { Keyed, KeyedList } from './keyed.ts';
import { keyedList } from './keyed.ts';
import { createScrollFrame } from './scroll-frame.ts';
import type { Column } from './table.ts';
import { makeTable } from './table.ts';

export interface RegionGridParts<T> {
  readonly caption: string;
  /** Two columns: the name and the state. */
  readonly before: readonly [Column, Column];
  readonly after: readonly Column[];
  readonly keyOf: (value: T) => string;
  /** Cells for `before`, each region, and `after`. */
  readonly row: (value: T, regions: readonly string[]) => Keyed<T>;
}

export interface RegionGrid<T> {
  show(values: readonly T[], regions: readonly string[]): void;
}

/** More regions are grouped. */
const maxUngrouped = 4;

/**
 * Pixels that a region needs with its time written out, and that all other columns need together. Where they do not
 * fit, each region gets a mark.
 */
const [wideRegion, wideRest] = [122, 540];

export function createRegionGrid<T>(place: HTMLElement, parts: RegionGridParts<T>): RegionGrid<T> {
  const watchTable = createScrollFrame(place);
  let columns = '';
  let rows: KeyedList<T> | undefined;

  function begin(named: readonly string[], isCompact: boolean): void {
    const places = byPlace(named);
    const isGrouped = named.length > maxUngrouped;
    const regions = isGrouped ? places.flatMap((each) => each.regions) : named;
    const { table, head, body } = makeTable(parts.caption, [
      ...parts.before,
      ...regions.map((name) => ({ name, class: 'region' })),
      ...parts.after,
    ]);
    table.classList.add('matrix');
    table.classList.toggle('is-compact', isCompact);
    if (isGrouped) head.before(placeRow(places, parts.after.length, isCompact));
    place.replaceChildren(table);
    watchTable(table);
    rows = keyedList(body, parts.keyOf, (value) => parts.row(value, regions));
  }

  return {
    show(values, regions) {
      const isCompact = regions.length > maxUngrouped && regions.length * wideRegion > innerWidth - wideRest;
      const needed = `${isCompact} ${regions.join()}`;
      if (rows === undefined || columns !== needed) begin(regions, isCompact);
      columns = needed;
      rows?.show(values);
      place.hidden = values.length === 0;
    },
  };
}

/** The header row with the parts of the world, above the names of the regions. */
function placeRow(places: readonly Place[], after: number, isCompact: boolean): HTMLElement {
  const cells = places.map(({ name, regions }) => {
    const label = placeLabel(name, regions.length, isCompact);
    const isWhole = label === name;
    return make(
      'th',
      { scope: 'colgroup', colspan: String(regions.length), class: 'place' },
      make('span', { title: name, 'aria-hidden': isWhole ? undefined : 'true' }, label),
      isWhole ? undefined : spoken(name),
    );
  });
  const rest = Array.from({ length: after }, () => make('td', { role: 'cell' }));
  return make('tr', { role: 'row' }, make('td', { colspan: '2', role: 'cell' }), ...cells, ...rest);
}
