/**
 * A process that only processes deliveries, on bounded ports, and regularly reports the size of its heap. Run by
 * `measure-memory.ts`.
 */
import { randomUUID } from 'node:crypto';
import {
  memoryCheckpointStore,
  memoryDeliveryQueue,
  memoryForwardQueue,
  memoryHealthEventLog,
  memoryImageLists,
  memoryReconcileQueue,
  memoryReplicaSetStore,
  memoryTagDigests,
  memoryWebhookLog,
  noAudit,
} from '../../src/adapters/memory.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { EventPublisher } from '../../src/core/ports.ts';
import { prober } from '../../src/core/replicas/prober.ts';
import { replicaSets } from '../../src/core/replicas/replica-set-cache.ts';
import { tracker } from '../../src/core/tracker.ts';
import { allReplicas } from '../check-published.ts';
import { keepInFlight, regionsOf, registryName, shuffled } from '../workload.ts';
import { boundedStore, renewable } from './bounded-ports.ts';
import { report, taskOf } from './child.ts';
import { fastClock } from './fast-clock.ts';
import { heapInUse } from './heap.ts';

export interface ManyDeliveries {
  readonly deliveries: number;
  /** Deliveries between two reports. */
  readonly every: number;
  readonly cachedImages: number;
  /**
   * The number of images that the storage keeps, in the same process: full by the second report, so that it does not
   * grow after that; large enough that acknowledgements are noted before their image is dropped.
   */
  readonly storedImages: number;
  /** Makes the topic keep its events, to test that the leak is found. */
  readonly leak?: boolean;
}

export interface HeapReport {
  readonly deliveries: number;
  readonly images: number;
  readonly heapBytes: number;
  /** Deliveries per second since the report before. */
  readonly rate: number;
}

/** The clock is this many times faster: acknowledgements held for ten seconds take half a second. */
const speed = 20;
const settleMs = 12_000;
const chunk = 500;

const { deliveries, every, cachedImages, storedImages, leak = false } = taskOf<ManyDeliveries>();
const regions = regionsOf(3);
const clock = fastClock(speed);
const log = { info: () => undefined, warn: () => undefined };
const registry: Registry = {
  name: registryName,
  loginServer: `${registryName}.azurecr.io`,
  resourceId: undefined,
  regions,
  observedOnly: [],
  regionalEndpoints: false,
  verify: 'missing',
};

let published = 0;
const kept: CloudEvent[] = [];
const publisher: EventPublisher = {
  async publish(events) {
    published += events.filter(({ type }) => type === allReplicas).length;
    if (leak) kept.push(...events);
  },
};
const [lists, tags, timer] = [
  renewable(memoryImageLists),
  renewable(memoryTagDigests),
  renewable(memoryReconcileQueue),
];
const shared = { clock, log };
const subject = tracker(
  {
    ...shared,
    store: boundedStore(storedImages),
    lists: lists.port,
    tags: tags.port,
    timer: timer.port,
    webhooks: memoryWebhookLog(),
    queue: memoryDeliveryQueue(),
    publisher,
    forwards: memoryForwardQueue(),
    sets: replicaSets({
      ...shared,
      registries: [registry],
      directory: undefined,
      store: memoryReplicaSetStore(),
      onChange: () => undefined,
    }),
    audit: noAudit,
    health: memoryHealthEventLog(),
    checkpoints: memoryCheckpointStore(),
    prober: prober({ probe: undefined, clock }),
    random: Math.random,
    uniqueId: randomUUID,
  },
  {
    registries: [registry],
    targets: [],
    policy: { delayedAfterMs: 86_400_000, probeAfterMs: 60_000, outboxCheckMs: 30_000 },
    retentionMs: 90 * 86_400_000,
    recordWithinMs: 1_200_000,
    deferWithinMs: 1_200_000,
    cachedImages,
  },
);

const perImage = regions.length * 2;
if (2 * every < storedImages * perImage)
  throw new Error('the storage is not full by the second report, and would be called a leak');
let done = 0;
for (let round = 1; done < deliveries; round++) {
  const startedAt = performance.now();
  const before = done;
  while (done < Math.min(deliveries, round * every)) {
    await keepInFlight(shuffled(`chunk-${done}`, chunk, regions), 64, subject.receive);
    done += chunk * perImage;
    for (const port of [lists, tags, timer]) port.renew();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  await clock.sleep(settleMs);
  const images = done / perImage;
  if (published !== images) throw new Error(`of ${images} images, ${published} were published as available everywhere`);
  await report<HeapReport>({ deliveries: done, images, heapBytes: heapInUse(), rate: (done - before) / seconds });
}
process.exit(0);
