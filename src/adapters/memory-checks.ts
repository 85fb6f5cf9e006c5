/** Checks in memory, for tests. They go through JSON, so that nothing is shared that storage would not share. */
import type { CheckQueue, CheckStore } from '../core/ports.ts';

export function memoryCheckStore(): CheckStore & { readonly rows: ReadonlyMap<string, { readonly text: string }> } {
  const rows = new Map<string, { readonly text: string; readonly version: string }>();
  let writes = 0;
  const put = (id: string, check: object) => rows.set(id, { text: JSON.stringify(check), version: `v${++writes}` });
  return {
    rows,
    async read(id) {
      const row = rows.get(id);
      return row === undefined ? undefined : { check: JSON.parse(row.text), version: row.version };
    },
    async create(check) {
      if (rows.has(check.id)) return 'exists';
      put(check.id, check);
      return 'created';
    },
    async replace(check, basedOn) {
      if (rows.get(check.id)?.version !== basedOn) return 'conflict';
      put(check.id, check);
      return 'replaced';
    },
    async remove(id) {
      rows.delete(id);
    },
    list: async (limit) => [...rows.values()].slice(0, limit).map(({ text }) => JSON.parse(text)),
  };
}

interface Row {
  readonly id: string;
  readonly sequence: number;
  readonly at: number;
  readonly aheadMs: number;
}

/** @returns the queue, and the rows that were added to it */
export function memoryCheckQueue(): CheckQueue & { readonly rows: Row[] } {
  const rows: Row[] = [];
  return {
    rows,
    async add(id, sequence, at, aheadMs) {
      rows.push({ id, sequence, at, aheadMs });
    },
  };
}
