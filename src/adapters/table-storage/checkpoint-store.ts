/** How far the reconciler has read each registry's images since its replicas changed: one row beside its lists. */
import type { CheckpointStore, ReconcileCheckpoint } from '../../core/ports.ts';
import { reviewRow } from './keys.ts';
import type { Table } from './table.ts';

export function tableCheckpointStore(index: Table): CheckpointStore {
  return {
    async load(registry) {
      const row = await index.get(reviewRow(registry));
      return row === undefined ? undefined : (JSON.parse(String(row.note)) as ReconcileCheckpoint);
    },
    save: (registry, note) => index.merge({ ...reviewRow(registry), note: JSON.stringify(note) }),
  };
}
