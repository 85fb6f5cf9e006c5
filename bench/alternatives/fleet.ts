/**
 * The real tracker, as several instances on one storage with virtual time. Each delivery, timer and waiter goes to a
 * random instance, as behind a load balancer.
 */
import { randomUUID } from 'node:crypto';
import {
  memoryCheckpointStore,
  memoryDeliveryQueue,
  memoryForwardQueue,
  memoryHealthEventLog,
  memoryImageLists,
  memoryImageStore,
  memoryReplicaSetStore,
  memoryTagDigests,
  memoryWebhookLog,
  noAudit,
} from '../../src/adapters/memory.ts';
import { ociManifestProbe } from '../../src/adapters/oci-registry/manifest-probe.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { ManifestProbe, ReconcileQueue } from '../../src/core/ports.ts';
import { prober } from '../../src/core/replicas/prober.ts';
import { replicaSets } from '../../src/core/replicas/replica-set-cache.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import { tracker } from '../../src/core/tracker.ts';
import { drawFrom, openRandom } from '../../src/local/simulator/random.ts';
import { allReplicas } from '../check-published.ts';
import { registryName } from '../workload.ts';
import type { Stage } from './stage.ts';

export interface Fleet {
  /** A random instance. */
  any(): Tracker;
}

const credential = { getToken: async () => ({ token: 'an-identity', expiresOnTimestamp: Date.UTC(2100, 0) }) };
const log = { info: () => undefined, warn: () => undefined };

export function openFleet(stage: Stage, instances: number): Fleet {
  const { clock, scheduler } = stage.time;
  const registry: Registry = {
    name: registryName,
    loginServer: `${registryName}.azurecr.io`,
    resourceId: undefined,
    regions: stage.regions as Region[],
    observedOnly: [],
    regionalEndpoints: true,
    verify: 'missing',
  };
  const random = openRandom(stage.seed, 'fleet');
  const { slow } = stage.storage;
  const calledOff = new Set<string>();
  const timer: ReconcileQueue = {
    async add(name, at) {
      scheduler.at(at, () => (calledOff.has(`${at} ${name.digest}`) ? undefined : any().reconcile(name, at)));
      return at;
    },
    cancel: async (name, at) => void calledOff.add(`${at} ${name.digest}`),
  };
  const shared = {
    clock,
    log,
    random,
    uniqueId: randomUUID,
    store: slow(memoryImageStore()),
    lists: slow(memoryImageLists()),
    tags: slow(memoryTagDigests()),
    webhooks: slow(memoryWebhookLog()),
    queue: slow(memoryDeliveryQueue()),
    timer: slow(timer),
    forwards: memoryForwardQueue(),
    audit: noAudit,
    health: memoryHealthEventLog(),
    checkpoints: memoryCheckpointStore(),
    publisher: {
      async publish(events: readonly { readonly id: string; readonly type: string; readonly subject: string }[]) {
        for (const { id, type, subject } of events) if (type === allReplicas) stage.publish(subject, id);
      },
    },
  };
  const all = Array.from({ length: instances }, () =>
    tracker(
      {
        ...shared,
        prober: prober({ probe: probeOf(stage), clock }),
        sets: replicaSets({
          ...{ clock, log, registries: [registry], directory: undefined },
          store: memoryReplicaSetStore(),
          onChange: () => undefined,
        }),
      },
      {
        registries: [registry],
        targets: [],
        policy: { delayedAfterMs: 900_000, probeAfterMs: 60_000, outboxCheckMs: 30_000 },
        retentionMs: 90 * 86_400_000,
        recordWithinMs: 2_300,
        deferWithinMs: 1_000,
        cachedImages: 20_000,
      },
    ),
  );
  const any = () => drawFrom(random, all);
  return { any };
}

/** Each instance requests tokens of its own. */
function probeOf({ endpoints, time }: Stage): ManifestProbe {
  const probe = ociManifestProbe({ credential, fetch: endpoints.fetch, clock: time.clock });
  return { ask: (...question) => time.meanwhile(() => probe.ask(...question)) };
}
