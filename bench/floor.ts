/**
 * The floor: the least cost of storing a delivery, one insert of a row of similar size, with the same SDK into the same
 * storage in the same run. Figures of two runs or machines cannot be compared, but their ratio to this can.
 */
import { randomBytes } from 'node:crypto';
import { tableClient } from '../src/adapters/storage-clients.ts';
import { keepInFlight } from './workload.ts';

export interface Floor {
  /** @returns inserts per second */
  rate(inserts: number, atOnce: number): Promise<number>;
  /** Writes the rows of the last `rate` again, as the tracker does. @returns updates per second */
  updateRate(atOnce: number): Promise<number>;
  /** @returns milliseconds of one insert */
  insert(): Promise<number>;
}

/** About the size of one region of one image: two keys, a few short texts, some hundred bytes in all. */
function rowOf(): { partitionKey: string; rowKey: string } & Record<string, string> {
  const digits = randomBytes(32).toString('hex');
  return {
    partitionKey: `contoso|team:app|${digits}`,
    rowKey: `${digits.slice(0, 16)}|region|eastus`,
    pushedAt: new Date().toISOString(),
    since: new Date().toISOString(),
    evidence: 'webhook',
    text: digits.repeat(3),
  };
}

export async function openFloor(connectionString: string): Promise<Floor> {
  const client = tableClient({ kind: 'connectionString', connectionString }, `Floor${randomBytes(4).toString('hex')}`);
  await client.createTable();
  let rows: ReturnType<typeof rowOf>[] = [];
  return {
    async rate(inserts, atOnce) {
      rows = Array.from({ length: inserts }, rowOf);
      return inserts / (await keepInFlight(rows, atOnce, (row) => client.createEntity(row)));
    },
    async updateRate(atOnce) {
      return rows.length / (await keepInFlight(rows, atOnce, (row) => client.updateEntity(row, 'Merge')));
    },
    async insert() {
      const row = rowOf();
      const startedAt = performance.now();
      await client.createEntity(row);
      return performance.now() - startedAt;
    },
  };
}
