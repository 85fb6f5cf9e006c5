/** One image in one region, as a cell of the matrix: an icon, a word for screen readers, and one number. */

import type { CellKind } from './cell-kind.ts';
import type { Child } from './dom.ts';
import { make, painted, setAttribute, spoken } from './dom.ts';
import { formatWaiting, visible } from './format.ts';
import { icon } from './icons.ts';
import { liveTime } from './live-times.ts';
import type { CellValue } from './region-state.ts';
import { lagText } from './region-state.ts';
import { makeCell } from './table.ts';
import { cellWords } from './words.ts';

export function regionCell(name: string, now: () => number) {
  const node = makeCell(name, { class: 'region' });
  const mark = make('span', { class: 'mark' });
  const paint = painted<CellValue>(mark, (value) => contents(value, now()));
  let shown: CellKind | undefined;
  node.append(mark);

  return {
    node,
    update(value: CellValue): void {
      const hasArrived = shown !== undefined && shown !== 'available' && value.kind === 'available';
      if (shown !== value.kind)
        setAttribute(node, 'class', `region is-${value.kind}${hasArrived ? ' has-arrived' : ''}`);
      shown = value.kind;
      paint(value);
      setAttribute(node, 'title', describeCell(name, value, now()));
    },
  };
}

/** For screen readers only where the cell has no room for text. */
function text(value: Child): HTMLElement {
  return make('span', { class: 'value' }, value);
}

function describeCell(region: string, value: CellValue, now: number): string {
  const { kind, lagSeconds, waitingSince, lacks, isAtMost } = value;
  const word = lacks ?? (Object.hasOwn(cellWords, kind) ? cellWords[kind] : kind);
  const waited = waitingSince === null ? '' : `, for ${formatWaiting(now - Date.parse(waitingSince))}`;
  return visible(`${region}: ${word}${waited}${lagSeconds === null ? '' : `, ${lagText(lagSeconds, isAtMost)}`}`);
}

function contents({ kind, lagSeconds, waitingSince, lacks, isAtMost }: CellValue, now: number): Child[] {
  switch (kind) {
    case 'available':
    case 'unverified':
      return [icon(kind), spoken(`${kind} `), text(lagText(lagSeconds, isAtMost))];
    case 'incomplete':
      return [icon('missing'), text(lacks ?? kind)];
    case 'waiting':
    case 'delayed':
      if (waitingSince === null) return [icon('missing'), text(lacks ?? 'missing')];
      return [icon('missing'), spoken(`${lacks ?? 'missing'} for `), text(liveTime('waiting', waitingSince, now))];
    case 'missing':
    case 'deleted':
      return [icon(kind), text(kind)];
    case 'absent':
      return [spoken(cellWords.absent), make('span', { 'aria-hidden': 'true' }, '–')];
    case 'none':
      return [spoken(cellWords.none)];
  }
  // A state that only a newer tracker has.
  return [visible(kind)];
}
