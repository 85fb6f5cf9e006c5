/** How far the reconciler has read each registry's images since its replicas changed: one row beside its lists. */
import type { CheckpointStore, ReconcileCheckpoint } from '../../core/ports.ts';
import { reviewRow } from './keys.ts';
import type { Table } from './table.ts';

export function tableCheckpointStore(table: Table): CheckpointStore {
  return {
    async load(registry) {
      const row = await table.get(reviewRow(registry));
      return row === undefined ? undefined : (JSON.parse(String(row.note)) as ReconcileCheckpoint);
    },
    save: (registry, note) => table.merge({ ...reviewRow(registry), note: JSON.stringify(note) }),
  };
}
