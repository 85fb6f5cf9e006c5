/**
 * Real tables, with a caption and with headers for columns and rows. On a narrow screen the style sheet turns them into
 * cards; their ARIA roles are explicit, since the changed layout would remove the implied ones.
 */
import type { Attributes, Child } from './dom.ts';
import { make } from './dom.ts';
import { visible } from './format.ts';

export interface Table {
  readonly table: HTMLTableElement;
  readonly head: HTMLTableRowElement;
  readonly body: HTMLTableSectionElement;
}

export interface Column {
  readonly name: string;
  readonly class?: string;
}

export function makeTable(caption: string, columns: readonly Column[]): Table {
  const head = make('tr', { role: 'row' });
  for (const { name, class: kind } of columns) {
    head.append(make('th', { scope: 'col', role: 'columnheader', class: kind }, make('span', {}, visible(name))));
  }
  const body = make('tbody', { role: 'rowgroup' });
  const table = make(
    'table',
    { role: 'table' },
    make('caption', { class: 'spoken' }, caption),
    make('thead', { role: 'rowgroup' }, head),
    body,
  );
  return { table, head, body };
}

export function makeRow(...cells: readonly Child[]): HTMLTableRowElement {
  return make('tr', { role: 'row' }, ...cells);
}

export function rowHeader(...children: readonly Child[]): HTMLTableCellElement {
  return make('th', { scope: 'row', role: 'rowheader' }, ...children);
}

/** @param label the column's name, shown beside the value where the table is a card */
export function makeCell(label: string, attributes: Attributes = {}, ...children: readonly Child[]) {
  return make('td', { role: 'cell', 'data-label': visible(label), ...attributes }, ...children);
}

/** Replaces only the cells that differ: an unchanged cell keeps its focus. */
export function patchRow(row: HTMLTableRowElement, cells: readonly HTMLTableCellElement[]): void {
  cells.forEach((cell, index) => {
    const old = row.cells[index];
    if (old === undefined) row.append(cell);
    else if (!old.isEqualNode(cell)) old.replaceWith(cell);
  });
}
