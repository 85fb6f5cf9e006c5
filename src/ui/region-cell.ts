/** One image in one region, as the matrix shows it: an icon, a word for those who listen, and the one number of interest. */
import type { Child } from './dom.ts';
import { make, painted, setAttribute, spoken } from './dom.ts';
import { visible } from './format.ts';
import { icon } from './icons.ts';
import { liveTime } from './live-times.ts';
import type { CellKind, CellValue } from './region-state.ts';
import { lagText } from './region-state.ts';
import { makeCell } from './table.ts';

export function regionCell(name: string, now: () => number) {
  const node = makeCell(name, { class: 'region' });
  const mark = make('span', { class: 'mark' });
  const paint = painted<CellValue>(mark, (value) => contents(value, now()));
  let shown: CellKind | undefined;
  node.append(mark);

  return {
    node,
    update(value: CellValue): void {
      const isNews = shown !== undefined && shown !== 'available' && value.kind === 'available';
      if (shown !== value.kind) setAttribute(node, 'class', `region is-${value.kind}${isNews ? ' is-news' : ''}`);
      shown = value.kind;
      paint(value);
    },
  };
}

function contents({ kind, lagSeconds, waitingSince }: CellValue, now: number): Child[] {
  switch (kind) {
    case 'available':
    case 'unverified':
      return [icon(kind), spoken(`${kind} `), lagText(lagSeconds)];
    case 'waiting':
    case 'late':
      if (waitingSince === null) return [icon('missing'), 'missing'];
      return [icon('missing'), spoken('missing for '), liveTime('waiting', waitingSince, now)];
    case 'missing':
    case 'deleted':
      return [icon(kind), kind];
    case 'absent':
      return [spoken('not there, and not waited for'), make('span', { 'aria-hidden': 'true' }, '–')];
    case 'none':
      return [spoken('no replica')];
  }
  // A state that a newer tracker knows.
  return [visible(kind)];
}
