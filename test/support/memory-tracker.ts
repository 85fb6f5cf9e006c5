/** The real tracker on ports in memory, with a clock that the test moves. Any port can be replaced by an argument. */
import {
  memoryDeliveryQueue,
  memoryImageIndex,
  memoryImageStore,
  memoryPublisher,
  memoryTagIndex,
  memoryWakeTimer,
  memoryWebhookLog,
} from '../../src/adapters/memory.ts';
import type { Log } from '../../src/core/ports.ts';
import { prober } from '../../src/core/prober.ts';
import type { Registry } from '../../src/core/registry.ts';
import type { ReplicaSet } from '../../src/core/replica-set.ts';
import type { ReplicaSets } from '../../src/core/replica-sets.ts';
import type { TrackerPorts } from '../../src/core/tracker.ts';
import { tracker } from '../../src/core/tracker.ts';
import { policy, registryOf, replicaSetOf } from './build.ts';
import type { ManualClock } from './manual-clock.ts';
import { manualClock } from './manual-clock.ts';

/** As in production: together they stay below the four seconds that an answer may take. */
export const limits = { recordWithinMs: 2_500, deferWithinMs: 1_200 };

export interface MemoryTrackerParts {
  readonly registries?: readonly Registry[];
  readonly replicaSet?: (registry: Registry) => ReplicaSet;
  readonly ports?: Partial<Omit<TrackerPorts, 'clock'>>;
}

export function memoryTracker(parts: MemoryTrackerParts = {}) {
  const clock: ManualClock = manualClock();
  const lines: string[] = [];
  const note: Log['info'] = (message, fields) => {
    lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  };
  const memory = {
    store: memoryImageStore(),
    index: memoryImageIndex(),
    tags: memoryTagIndex(),
    webhooks: memoryWebhookLog(),
    timer: memoryWakeTimer(),
    queue: memoryDeliveryQueue(),
    publisher: memoryPublisher(),
  };
  const registries = parts.registries ?? [registryOf()];
  const current = parts.replicaSet ?? ((registry: Registry) => replicaSetOf(registry, clock.now()));
  const sets: ReplicaSets = { current, ready: async () => undefined, refresh: async () => undefined };
  const tracked = tracker(
    {
      ...memory,
      sets,
      prober: prober({ probe: undefined, clock }),
      clock,
      random: () => 0.5,
      log: { info: note, warn: note },
      ...parts.ports,
    },
    { registries, policy, retentionMs: 90 * 86_400_000, ...limits, pollMs: 750, cachedImages: 100 },
  );
  return { ...memory, tracker: tracked, clock, lines };
}

export type MemoryTracker = ReturnType<typeof memoryTracker>;
