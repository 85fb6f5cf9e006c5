/** The real tracker on ports in memory, with a clock that the test moves. Any port can be replaced by an argument. */
import { randomUUID } from 'node:crypto';
import {
  memoryCheckpointStore,
  memoryDeliveryQueue,
  memoryForwardQueue,
  memoryHealthEventLog,
  memoryImageLists,
  memoryImageStore,
  memoryPublisher,
  memoryReconcileQueue,
  memoryTagDigests,
  memoryWebhookLog,
  noAudit,
} from '../../src/adapters/memory.ts';
import { tableCatalogue } from '../../src/adapters/table-storage/catalogue-store.ts';
import { memoryTable } from '../../src/adapters/table-storage/memory-table.ts';
import { rowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import type { Policy } from '../../src/core/image/context.ts';
import type { ForwardTarget } from '../../src/core/image/forward-entry.ts';
import type { ImageName } from '../../src/core/image/record.ts';
import { imageKey } from '../../src/core/image/record.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import type { CatalogueStore, CatalogueTimer, Log, ManifestProbe } from '../../src/core/ports.ts';
import { prober } from '../../src/core/replicas/prober.ts';
import type { ReplicaSets } from '../../src/core/replicas/replica-set-cache.ts';
import type { TrackerOptions, TrackerPorts } from '../../src/core/tracker.ts';
import { tracker } from '../../src/core/tracker.ts';
import { policy, registryOf, replicaSetOf } from './build.ts';
import type { ManualClock } from './manual-clock.ts';
import { manualClock } from './manual-clock.ts';

/** As in production: together they stay well below the four seconds that an answer may last. */
export const limits = { recordWithinMs: 1_500, deferWithinMs: 1_800 };

export interface MemoryTrackerInput {
  readonly registries?: readonly Registry[];
  readonly replicaSet?: (registry: Registry) => ReplicaSet;
  readonly ports?: Partial<Omit<TrackerPorts, 'clock'>>;
  /** To share one with another tracker, or with a port. */
  readonly clock?: ManualClock;
  readonly policy?: Partial<Policy>;
  readonly targets?: readonly ForwardTarget[];
  /** Probes the replicas; by default none can be probed. */
  readonly probe?: ManifestProbe;
  readonly evaluateReleasesWith?: TrackerOptions['evaluateReleasesWith'];
}

export function memoryTracker(parts: MemoryTrackerInput = {}) {
  const clock: ManualClock = parts.clock ?? manualClock();
  const lines: string[] = [];
  const note: Log['info'] = (message, fields) => {
    lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  };
  const memory = {
    store: memoryImageStore(),
    lists: memoryImageLists(),
    tags: memoryTagDigests(),
    webhooks: memoryWebhookLog(),
    timer: memoryReconcileQueue(),
    queue: memoryDeliveryQueue(),
    publisher: memoryPublisher(),
    forwards: memoryForwardQueue(),
    checkpoints: memoryCheckpointStore(),
  };
  const registries = parts.registries ?? [registryOf()];
  const current = parts.replicaSet ?? ((registry: Registry) => replicaSetOf(registry, clock.now()));
  const sets: ReplicaSets = {
    current,
    ready: async () => undefined,
    refresh: async () => undefined,
    refreshSoon: () => undefined,
    refreshForQuestion: async () => undefined,
  };
  const tracked = tracker(
    {
      ...memory,
      sets,
      audit: noAudit,
      health: memoryHealthEventLog(),
      prober: prober({ probe: parts.probe, clock }),
      clock,
      random: () => 0.5,
      uniqueId: randomUUID,
      log: { info: note, warn: note },
      ...parts.ports,
    },
    {
      registries,
      policy: { ...policy, ...parts.policy },
      targets: parts.targets ?? [],
      retentionMs: 90 * 86_400_000,
      ...limits,
      cachedImages: 100,
      ...(parts.evaluateReleasesWith && { evaluateReleasesWith: parts.evaluateReleasesWith }),
    },
  );
  return { ...memory, tracker: tracked, clock, lines };
}

/** @returns the catalogue, its table, and when which images are to be counted again */
export function memoryCatalogue() {
  const rows = memoryTable();
  const reminders: { readonly name: ImageName; readonly at: number }[] = [];
  const store: CatalogueStore = tableCatalogue(rows, rowBatches(rows));
  const timer: CatalogueTimer = {
    async remind(name, at) {
      reminders.push({ name, at });
    },
    async cancel(name, at) {
      const found = reminders.findIndex((one) => one.at === at && imageKey(one.name) === imageKey(name));
      if (found >= 0) reminders.splice(found, 1);
    },
  };
  return { rows, reminders, store, timer };
}

export type MemoryTracker = ReturnType<typeof memoryTracker>;

/** Moves the time on, and fires every timer at its time, as the host would. */
export async function passTime(
  { tracker: tracked, clock, timer }: Pick<MemoryTracker, 'tracker' | 'clock' | 'timer'>,
  milliseconds: number,
  stepMs = 1_000,
): Promise<void> {
  const ringing: Promise<void>[] = [];
  for (const until = clock.now() + milliseconds; clock.now() < until; ) {
    await clock.advance(Math.min(stepMs, until - clock.now()));
    const now = clock.now();
    const due = timer.set.filter(({ at }) => at <= now);
    timer.set.splice(0, timer.set.length, ...timer.set.filter(({ at }) => at > now));
    ringing.push(...due.map(({ name, at, firstNoticedAt }) => tracked.reconcile(name, at, firstNoticedAt)));
    await clock.settle();
  }
  await Promise.all(ringing);
}
