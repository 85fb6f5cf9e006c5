/**
 * Due work, a row each. The key begins with the due time, so that due work is one range of one partition. A partition
 * accepts 2,000 rows a second, and an image adds and removes about two in its life: the registry's own partition
 * reaches that limit first. The rest of the key is a hash of the work and its time, so that an item can be removed
 * without reading it.
 */
import { hash, randomUUID } from 'node:crypto';
import type { DueWork } from '../../core/due-work/due-work.ts';
import type { Clock, DueItem, DueWorkStore } from '../../core/ports.ts';
import { parseDueWork } from '../../core/queue-messages.ts';
import type { RowAddress } from './keys.ts';
import { dueRange, dueRow } from './keys.ts';
import { rowBatches } from './row-batches.ts';
import type { Row, Table } from './table.ts';

/** The table service reports its time in whole seconds. */
const clockResolutionMs = 2_000;

export function tableDueWork(table: Table, clock: Clock): DueWorkStore {
  const rows = rowBatches(table);

  return {
    async add(work: DueWork, dueAt) {
      const text = JSON.stringify(work);
      const row = {
        ...addressOf(text, dueAt),
        work: text,
        scheduledFor: String(dueAt),
        failures: 0,
        writtenAt: String(clock.now()),
      };
      await rows.create(row);
      return { key: row.rowKey, work, text, scheduledFor: dueAt, failures: 0, clockAheadMs: 0 };
    },
    cancel: (work, dueAt) => rows.remove([addressOf(JSON.stringify(work), dueAt)]),
    async due({ before, cursor, limit }) {
      // The service's time when it answered: shows how far our clock is ahead of the clocks that wrote the rows.
      let servedAt = Number.NaN;
      const noteDate = (date: number) => {
        servedAt = date;
      };
      const found = await table.range(dueRange(before, cursor), limit, undefined, noteDate);
      // The service cuts its time off to the second: half a second late on average.
      const aheadMs = clock.now() - servedAt - 500;
      const items = found.map((row) => readItem(row, aheadMs));
      return { items, next: found.length < limit ? null : (items.at(-1)?.key ?? null) };
    },
    async postpone(item, dueAt, failures) {
      const { partitionKey, rowKey } = dueRow(dueAt, randomUUID());
      const row = {
        partitionKey,
        rowKey,
        work: item.text,
        scheduledFor: String(item.scheduledFor),
        failures,
        // As the clock of the instance that added it would have written it.
        writtenAt: String(clock.now() - item.clockAheadMs),
      };
      const outcome = await table.transact([
        ['delete', { partitionKey, rowKey: item.key }],
        ['create', row],
      ]);
      if (!('refusedAt' in outcome)) return { ...item, key: rowKey, failures };
      if (outcome.reason === 'conflict') return undefined;
      throw outcome.reason;
    },
    async remove({ key }) {
      await rows.remove([{ partitionKey: dueRow(0, '').partitionKey, rowKey: key }]);
    },
  };
}

function addressOf(text: string, dueAt: number): RowAddress {
  return dueRow(dueAt, hash('sha256', `${dueAt} ${text}`).slice(0, 32));
}

function readItem(row: Row, ourAheadMs: number): DueItem {
  const theirAheadMs = Number(row.writtenAt) - Date.parse(String(row.timestamp));
  const clockAheadMs = ourAheadMs - theirAheadMs;
  return {
    key: row.rowKey,
    work: parseDueWork(parseJson(String(row.work))),
    text: String(row.work),
    scheduledFor: Number(row.scheduledFor),
    failures: Number(row.failures),
    clockAheadMs: Math.abs(clockAheadMs) > clockResolutionMs ? clockAheadMs : 0,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
