/** The real tracker on ports in memory, with a clock that the test moves. Any port can be replaced by an argument. */
import { randomUUID } from 'node:crypto';
import {
  memoryDeliveryQueue,
  memoryForwardQueue,
  memoryHealthEventLog,
  memoryImageIndex,
  memoryImageStore,
  memoryPublisher,
  memoryReviewLog,
  memoryTagIndex,
  memoryWakeTimer,
  memoryWebhookLog,
  noAudit,
} from '../../src/adapters/memory.ts';
import type { Policy } from '../../src/core/circumstances.ts';
import type { ForwardTarget } from '../../src/core/forwarding/forward.ts';
import type { Log, ManifestProbe } from '../../src/core/ports.ts';
import { prober } from '../../src/core/prober.ts';
import type { Registry } from '../../src/core/registry.ts';
import type { ReplicaSet } from '../../src/core/replica-set.ts';
import type { ReplicaSets } from '../../src/core/replica-sets.ts';
import type { TrackerPorts } from '../../src/core/tracker.ts';
import { tracker } from '../../src/core/tracker.ts';
import { policy, registryOf, replicaSetOf } from './build.ts';
import type { ManualClock } from './manual-clock.ts';
import { manualClock } from './manual-clock.ts';

/** As in production: together they stay well below the four seconds that an answer may take. */
export const limits = { recordWithinMs: 2_300, deferWithinMs: 1_000 };

export interface MemoryTrackerParts {
  readonly registries?: readonly Registry[];
  readonly replicaSet?: (registry: Registry) => ReplicaSet;
  readonly ports?: Partial<Omit<TrackerPorts, 'clock'>>;
  /** To share one with another tracker, or with a port. */
  readonly clock?: ManualClock;
  readonly policy?: Partial<Policy>;
  readonly targets?: readonly ForwardTarget[];
  /** What asks the replicas; by default nobody can. */
  readonly probe?: ManifestProbe;
}

export function memoryTracker(parts: MemoryTrackerParts = {}) {
  const clock: ManualClock = parts.clock ?? manualClock();
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
    forwards: memoryForwardQueue(),
    reviews: memoryReviewLog(),
  };
  const registries = parts.registries ?? [registryOf()];
  const current = parts.replicaSet ?? ((registry: Registry) => replicaSetOf(registry, clock.now()));
  const sets: ReplicaSets = { current, ready: async () => undefined, refresh: async () => undefined };
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
    },
  );
  return { ...memory, tracker: tracked, clock, lines };
}

export type MemoryTracker = ReturnType<typeof memoryTracker>;

/** Lets time pass, and every timer that was set ring at its time, as the host would have it. */
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
    ringing.push(...due.map(({ name, at, noticedAt }) => tracked.wake(name, at, noticedAt)));
    await clock.settle();
  }
  await Promise.all(ringing);
}
