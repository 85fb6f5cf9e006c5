/** The app's tables and queues, under the names that `infra/storage.bicep` creates them with. */
import { queueClient, tableClient } from '../adapters/storage-clients.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { tableDueWork } from '../adapters/table-storage/due-work-table.ts';
import { tableImageLists } from '../adapters/table-storage/image-lists.ts';
import { rowBatches } from '../adapters/table-storage/row-batches.ts';
import { table } from '../adapters/table-storage/table.ts';
import type { Config } from '../config.ts';
import { storageAccount } from './clients.ts';

const tables = {
  images: 'ReplicationImages',
  index: 'ReplicationIndex',
  dueWork: 'ReplicationDueWork',
  checks: 'ReplicationChecks',
  releases: 'ReplicationReleases',
};

export const queueNames = {
  deliveries: 'replication-deliveries',
  replays: 'replication-replays',
  deadLetteredForwards: 'replication-forwards-given-up',
};

/** Sends no request to the account until one of them is used. */
export function openStorage(config: Config) {
  const account = storageAccount(config);
  const openTable = (name: string) => table(tableClient(account, name));
  const openQueue = (name: string) => queueClient(account, name);
  const index = openTable(tables.index);
  const indexRows = rowBatches(index);
  return {
    images: openTable(tables.images),
    index,
    indexRows,
    lists: tableImageLists(index, indexRows),
    dueWork: tableDueWork(openTable(tables.dueWork), systemClock),
    checks: openTable(tables.checks),
    releases: openTable(tables.releases),
    deliveries: openQueue(queueNames.deliveries),
    replays: openQueue(queueNames.replays),
    deadLetteredForwards: openQueue(queueNames.deadLetteredForwards),
  };
}

export type Storage = ReturnType<typeof openStorage>;
