/** Who waits on which instance: a row for each, in one partition, so that all are one query. */
import type { WaitStore } from '../../core/ports.ts';
import { waitsRange, waitsRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Table } from './table.ts';
import { anyVersion } from './table.ts';

/** Forty instances at most; what is left behind is removed by whoever lists. */
const maxRows = 500;

export function tableWaitStore(index: Table): WaitStore {
  return {
    async put(waits) {
      const row = { ...waitsRow(waits.instance), ...splitText('waits', JSON.stringify(waits)) };
      // Not merged: what was there may have been longer, in more columns.
      if ((await index.replace(row, anyVersion)) === 'conflict') await index.create(row);
    },
    list: async () => (await index.range(waitsRange(), maxRows)).map((row) => JSON.parse(joinText('waits', row))),
    remove: (instance) => index.remove(waitsRow(instance)),
  };
}
