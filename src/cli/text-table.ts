/**
 * Tables for people: columns as wide as their widest cell, no blanks at the ends of lines, and no wider than the
 * terminal. Piped output is never cut: a script may read it.
 */
import type { Output } from './cli-context.ts';
import type { Paint } from './terminal.ts';

export interface Column {
  readonly name: string;
  /** Characters that the column may be cut to; `undefined`: never cut. */
  readonly minWidth?: number;
  /** Cut in the middle, since the end matters as much as the beginning. */
  readonly isCutInside?: boolean;
  /** A list of names: where it is cut, it keeps whole names and counts the others. */
  readonly isList?: boolean;
  /** Numbers, one below the other. */
  readonly isRight?: boolean;
  /** Left out where the terminal is too narrow, the highest number first; `undefined`: always shown. */
  readonly droppedAt?: number;
  /** The colour of a cell. */
  readonly color?: (cell: string) => Parameters<Paint>[0] | undefined;
}

const gap = 2;

/** @returns characters per line of the terminal; `undefined` where the output is no terminal */
export function widthOf(output: Output): number | undefined {
  return output.isTTY === true && output.columns !== undefined && output.columns > 0 ? output.columns : undefined;
}

export interface TableStyle {
  /** Of the terminal; `undefined` for as wide as it is. */
  readonly width?: number | undefined;
  readonly paint?: Paint;
  readonly hasHead?: boolean;
}

export function textTable(
  columns: readonly (Column | string)[],
  rows: readonly (readonly string[])[],
  { width, paint = (_color, text) => text, hasHead = true }: TableStyle = {},
): string {
  const all = columns.map((column) => (typeof column === 'string' ? { name: column } : column));
  const natural = all.map(({ name }, at) =>
    Math.max(hasHead ? name.length : 0, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const shown = width === undefined ? all.map((_, at) => at) : thatFit(all, natural, width);
  const widths = width === undefined ? natural : narrowed(all, natural, shown, width);
  const line = (cells: readonly string[], isHead: boolean) =>
    shown
      .map((at, place) => {
        const text = cut(cells[at] ?? '', widths[at] ?? 0, all[at], isHead);
        const padding = ' '.repeat(Math.max(0, (widths[at] ?? 0) - text.length));
        const color = isHead ? 'dim' : all[at]?.color?.(cells[at] ?? '');
        const painted = color === undefined || text === '' ? text : paint(color, text);
        if (all[at]?.isRight === true) return padding + painted + (place === shown.length - 1 ? '' : ' '.repeat(gap));
        // The last column needs no padding.
        return place === shown.length - 1 ? painted : painted + padding + ' '.repeat(gap);
      })
      .join('')
      .trimEnd();
  const head = line(
    all.map(({ name }) => name.toUpperCase()),
    true,
  );
  return [...(hasHead ? [head] : []), ...rows.map((row) => line(row, false))].join('\n');
}

function thatFit(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const minWidth = (at: number) => Math.min(natural[at] ?? 0, columns[at]?.minWidth ?? Number.POSITIVE_INFINITY);
  let shown = columns.map((_, at) => at);
  const needed = () => shown.reduce((sum, at) => sum + minWidth(at) + gap, -gap);
  while (needed() > width) {
    const droppable = shown.filter((at) => columns[at]?.droppedAt !== undefined);
    if (droppable.length === 0) break;
    const next = droppable.reduce((a, b) => ((columns[b]?.droppedAt ?? 0) > (columns[a]?.droppedAt ?? 0) ? b : a));
    shown = shown.filter((at) => at !== next);
  }
  return shown;
}

/** Narrows the widest columns that may be cut, character by character. */
function narrowed(columns: readonly Column[], natural: readonly number[], shown: readonly number[], width: number) {
  const widths = [...natural];
  let over = shown.reduce((sum, at) => sum + (natural[at] ?? 0) + gap, -gap) - width;
  while (over > 0) {
    const room = shown.filter((at) => (widths[at] ?? 0) > (columns[at]?.minWidth ?? Number.POSITIVE_INFINITY));
    if (room.length === 0) break;
    const widest = room.reduce((a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a));
    widths[widest] = (widths[widest] ?? 0) - 1;
    over--;
  }
  return widths;
}

function cut(text: string, width: number, column: Column | undefined, isHead: boolean): string {
  if (text.length <= width) return text;
  if (column?.isList === true && !isHead) return cutList(text, width);
  const end = column?.isCutInside === true ? Math.floor((width - 1) / 2) : 0;
  return `${text.slice(0, Math.max(0, width - 1 - end))}…${text.slice(text.length - end)}`;
}

/** `eastus, westeurope +3`; a first name that is too long itself ends with an ellipsis. */
function cutList(text: string, width: number): string {
  const [separator = ','] = /, ?/.exec(text) ?? [];
  const names = text.split(separator);
  for (let count = names.length - 1; count > 0; count--) {
    const shown = `${names.slice(0, count).join(separator)} +${names.length - count}`;
    if (shown.length <= width) return shown;
  }
  const rest = names.length === 1 ? '' : ` +${names.length - 1}`;
  return `${text.slice(0, Math.max(0, width - 1 - rest.length))}…${rest}`;
}

/**
 * A sentence below a table, wrapped between words, with the lines that follow indented.
 * @param width `undefined` where lines have no end
 */
export function wrapLine(line: string, width: number | undefined): string {
  if (width === undefined || line.length <= width) return line;
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (longer.length > width && current.trim() !== '') {
      lines.push(current);
      current = `  ${word}`;
    } else {
      current = longer;
    }
  }
  return [...lines, current].join('\n');
}
