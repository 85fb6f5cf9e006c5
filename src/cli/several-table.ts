/** The table of several images: one row each, with what is missing and where. */
import { missingCell, requestedState } from './region-words.ts';
import type { SeveralAnswer } from './several-document.ts';
import { labeller } from './several-document.ts';
import { stateColor } from './state-color.ts';
import type { Column } from './text-table.ts';

export const severalColumns: readonly Column[] = [
  { name: 'image', minWidth: 16, isCutInside: true },
  { name: 'state', color: stateColor },
  { name: 'regions', isRight: true },
  { name: 'missing', minWidth: 10, isList: true },
];

/** @param shown which of them, by default all */
export function severalRows(answer: SeveralAnswer, shown = answer.images): string[][] {
  const label = labeller(answer.images);
  return shown.map((one) => [
    label(one),
    requestedState(one),
    `${one.have}/${one.asked.length}`,
    one.state === 'deleted' ? '' : missingCell(one),
  ]);
}
