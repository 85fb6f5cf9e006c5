/** A table in a card, with a row for each value, or a line of text while there is none. */
import { part, setHidden } from './dom.ts';
import { keyedList } from './keyed.ts';
import { createScrollFrame } from './scroll-frame.ts';
import type { Column } from './table.ts';
import { makeRow, makeTable, patchRow } from './table.ts';

export interface RowTable<T> {
  readonly place: string;
  /** The text shown while there is no row. */
  readonly none: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly keyOf: (value: T) => string;
  /** Called once for each row. @returns a function that makes its cells */
  readonly row: (value: T) => (value: T) => readonly HTMLTableCellElement[];
}

export function createRowTable<T>(parts: RowTable<T>): (values: readonly T[]) => void {
  const place = part(parts.place);
  const { table, body } = makeTable(parts.caption, parts.columns);
  place.append(table);
  createScrollFrame(place)(table);
  const rows = keyedList<T>(body, parts.keyOf, (first) => {
    const node = makeRow();
    const cells = parts.row(first);
    return { node, update: (value) => patchRow(node, cells(value)) };
  });
  return (values) => {
    rows.show(values);
    setHidden(place, values.length === 0);
    setHidden(part(parts.none), values.length > 0);
  };
}
