/**
 * The real tracker with the real adapters, composed as in `main.ts`, with three differences: the topic is in memory
 * (its speed is not measured), storage calls are counted, and no delivery is put on the queue for being slow, so that a
 * slow machine shows as slow and not as less work.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  memoryCheckpointStore,
  memoryForwardQueue,
  memoryHealthEventLog,
  memoryPublisher,
  noAudit,
} from '../src/adapters/memory.ts';
import { queueDeliveryQueue } from '../src/adapters/queue-storage.ts';
import { queueClient, tableClient } from '../src/adapters/storage-clients.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import { tableDueWork } from '../src/adapters/table-storage/due-work-table.ts';
import { tableImageLists } from '../src/adapters/table-storage/image-lists.ts';
import { tableImageStore } from '../src/adapters/table-storage/image-store.ts';
import { tableReplicaSetStore } from '../src/adapters/table-storage/replica-set-store.ts';
import { rowBatches } from '../src/adapters/table-storage/row-batches.ts';
import { table } from '../src/adapters/table-storage/table.ts';
import { tableTagDigests } from '../src/adapters/table-storage/tag-digests.ts';
import { dueReconcileQueue } from '../src/core/due-work/due-queues.ts';
import type { CloudEvent } from '../src/core/image/cloud-event.ts';
import type { Region } from '../src/core/model/region.ts';
import type { Registry } from '../src/core/model/registry.ts';
import type { Clock, DueWorkStore, EventPublisher, Log } from '../src/core/ports.ts';
import { prober } from '../src/core/replicas/prober.ts';
import { replicaSets } from '../src/core/replicas/replica-set-cache.ts';
import type { Tracker } from '../src/core/tracker.ts';
import { tracker } from '../src/core/tracker.ts';
import type { Counter } from './counted.ts';
import { storageCounter } from './counted.ts';
import { registryName } from './workload.ts';

export interface Subject {
  readonly tracker: Tracker;
  readonly counter: Counter;
  readonly dueWork: DueWorkStore;
  readonly published: readonly CloudEvent[];
  /** Called with every event that the topic accepts from now on. */
  onPublished(listener: (event: CloudEvent) => void): void;
}

/** Log lines would only disturb the output. */
const noLog: Log = { info: () => undefined, warn: () => undefined };

/** A unique suffix for names, so that each subject has tables of its own unless it is given another's. */
export function freshNames(): string {
  return randomBytes(6).toString('hex');
}

export function openSubject(
  connectionString: string,
  regions: readonly Region[],
  names = freshNames(),
  cachedImages = 20_000,
  clock: Clock = systemClock,
): Subject {
  const account = { kind: 'connectionString', connectionString } as const;
  const counter = storageCounter();
  const openTable = (name: string) => table(counter.wrap(tableClient(account, `${name}${names}`)));
  const openQueue = (name: string) => counter.wrap(queueClient(account, `${name}-${names}`));
  const indexTable = openTable('Index');
  const indexRows = rowBatches(indexTable);
  const lists = tableImageLists(indexTable, indexRows);
  const dueWork = tableDueWork(openTable('DueWork'), clock);
  const registry: Registry = {
    name: registryName,
    loginServer: `${registryName}.azurecr.io`,
    resourceId: undefined,
    regions,
    observedOnly: [],
    regionalEndpoints: false,
    verify: 'missing',
  };
  const listeners: ((event: CloudEvent) => void)[] = [];
  const topic = memoryPublisher();
  const publisher: EventPublisher = {
    async publish(events) {
      await topic.publish(events);
      for (const listener of listeners) events.forEach(listener);
    },
  };
  const shared = { clock, log: noLog };
  const subject = tracker(
    {
      ...shared,
      sets: replicaSets({
        ...shared,
        registries: [registry],
        directory: undefined,
        store: tableReplicaSetStore(indexTable),
        onChange: () => undefined,
      }),
      prober: prober({ probe: undefined, clock }),
      store: tableImageStore(openTable('Images')),
      lists,
      tags: tableTagDigests(indexTable, indexRows),
      webhooks: lists.webhooks,
      audit: noAudit,
      health: memoryHealthEventLog(),
      checkpoints: memoryCheckpointStore(),
      timer: dueReconcileQueue(dueWork, Math.random),
      queue: queueDeliveryQueue(openQueue('deliveries')),
      publisher,
      forwards: memoryForwardQueue(),
      random: Math.random,
      uniqueId: randomUUID,
    },
    {
      registries: [registry],
      targets: [],
      policy: { delayedAfterMs: 900_000, probeAfterMs: 60_000, outboxCheckMs: 30_000 },
      retentionMs: 90 * 86_400_000,
      recordWithinMs: 60_000,
      deferWithinMs: 60_000,
      cachedImages,
    },
  );
  return {
    tracker: subject,
    counter,
    dueWork,
    published: topic.published,
    onPublished: (listener) => void listeners.push(listener),
  };
}
