/** The last known replica set of each registry: one row beside its lists. */
import type { ReplicaSetStore } from '../../core/ports.ts';
import type { ReplicaSet } from '../../core/replica-set.ts';
import { replicaSetRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Table } from './table.ts';

export function tableReplicaSetStore(index: Table): ReplicaSetStore {
  return {
    async load(registry) {
      const row = await index.get(replicaSetRow(registry));
      return row === undefined ? undefined : (JSON.parse(joinText('set', row)) as ReplicaSet);
    },
    save: (registry, set) => index.merge({ ...replicaSetRow(registry), ...splitText('set', JSON.stringify(set)) }),
  };
}
