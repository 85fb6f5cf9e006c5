/**
 * Due work in memory, for tests. It is stored as JSON, so that no object is shared that real storage would not share.
 */

import type { DueWork } from '../core/due-work/due-work.ts';
import type { DueItem, DueWorkStore } from '../core/ports.ts';
import { parseDueWork } from '../core/queue-messages.ts';

interface Row {
  readonly dueAt: number;
  readonly text: string;
  readonly scheduledFor: number;
  readonly failures: number;
}

/** @returns the store, with its rows */
export function memoryDueWork(): DueWorkStore & { readonly rows: ReadonlyMap<string, Row> } {
  const rows = new Map<string, Row>();
  let postponed = 0;

  const keyOf = (dueAt: number, name: string) => `${String(Math.max(0, Math.ceil(dueAt))).padStart(13, '0')}|${name}`;
  const nameOf = (work: DueWork, dueAt: number) => `${dueAt} ${JSON.stringify(work)}`;

  function put(key: string, row: Row): DueItem {
    rows.set(key, row);
    return toItem(key, row);
  }

  return {
    rows,
    async add(work: DueWork, dueAt) {
      const text = JSON.stringify(work);
      return put(keyOf(dueAt, nameOf(work, dueAt)), { dueAt, text, scheduledFor: dueAt, failures: 0 });
    },
    async cancel(work, dueAt) {
      rows.delete(keyOf(dueAt, nameOf(work, dueAt)));
    },
    async due({ before, cursor = '', limit }) {
      const found = [...rows]
        .filter(([key, { dueAt }]) => dueAt <= before && key > cursor)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const items = found.slice(0, limit).map(([key, row]) => toItem(key, row));
      return { items, next: found.length > limit ? (items.at(-1)?.key ?? null) : null };
    },
    async postpone({ key }, dueAt, failures) {
      const row = rows.get(key);
      if (!rows.delete(key) || row === undefined) return undefined;
      return put(keyOf(dueAt, `postponed ${++postponed}`), { ...row, dueAt, failures });
    },
    async remove({ key }) {
      rows.delete(key);
    },
  };
}

function toItem(key: string, { text, scheduledFor, failures }: Row): DueItem {
  return { key, work: parseDueWork(JSON.parse(text)), text, scheduledFor, failures, clockAheadMs: 0 };
}
