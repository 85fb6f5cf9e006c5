/** The last known replica set of each registry: one row beside its lists. */
import type { ReplicaSetStore } from '../../core/ports.ts';
import { replicaSetRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Row, Table } from './table.ts';

export function tableReplicaSetStore(table: Table): ReplicaSetStore {
  return {
    async load(registry) {
      const row = await table.get(replicaSetRow(registry));
      return row === undefined ? undefined : { set: JSON.parse(joinText('set', row)), version: row.etag };
    },
    async save(registry, set, basedOn) {
      const row: Row = { ...replicaSetRow(registry), ...splitText('set', JSON.stringify(set)) };
      const version = await (basedOn === undefined ? table.create(row) : table.replace(row, basedOn));
      return version === 'conflict' ? version : { version };
    },
  };
}
