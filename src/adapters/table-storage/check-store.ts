/** Checks, a row and a partition each. Secrets in them are encrypted before they come here. */

import type { Check } from '../../core/checks/check.ts';
import type { CheckStore } from '../../core/ports.ts';
import type { RowAddress } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Row, Table } from './table.ts';

export function tableCheckStore(table: Table): CheckStore {
  return {
    async read(id) {
      const row = await table.get(checkRow(id));
      return row === undefined ? undefined : { check: JSON.parse(joinText('check', row)), version: row.etag };
    },
    async create(check) {
      const outcome = await table.create(toRow(check));
      return outcome === 'conflict' ? 'exists' : 'created';
    },
    async replace(check, basedOn) {
      const outcome = await table.replace(toRow(check), basedOn);
      return outcome === 'conflict' ? 'conflict' : 'replaced';
    },
    remove: (id) => table.remove(checkRow(id)),
    list: async (limit) => (await table.all(limit)).map((row) => JSON.parse(joinText('check', row))),
  };
}

/** The id is hex digits. It is the row key as well, since Azurite finds rows by row key (see keys.ts). */
function checkRow(id: string): RowAddress {
  return { partitionKey: id, rowKey: id };
}

function toRow(check: Check): Row {
  return { ...checkRow(check.id), ...splitText('check', JSON.stringify(check)) };
}
