/** The waits on each instance: a row per instance, all in one partition, so that one query reads them. */
import type { WaitStore } from '../../core/ports.ts';
import { waitsRange, waitsRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Table } from './table.ts';
import { anyVersion } from './table.ts';

/** There are forty instances at most. Rows of stopped instances are removed by the instance that lists. */
const maxRows = 500;

export function tableWaitStore(table: Table): WaitStore {
  return {
    async put(waits) {
      const row = { ...waitsRow(waits.instance), ...splitText('waits', JSON.stringify(waits)) };
      // Replaced, not merged: the previous text may have been longer and left columns behind.
      if ((await table.replace(row, anyVersion)) === 'conflict') await table.create(row);
    },
    list: async () => (await table.range(waitsRange(), maxRows)).map((row) => JSON.parse(joinText('waits', row))),
    remove: (instance) => table.remove(waitsRow(instance)),
  };
}
