/**
 * One instance of the app: the real tracker, replica sets, prober and queue functions, with a cache of their own, on
 * ports that all instances share. Once it is killed, it gets no answers, but its calls under way may still take effect.
 */

import type { InvocationContext } from '@azure/functions';
import { memoryHealthEventLog, noAudit } from '../../src/adapters/memory.ts';
import { dueCatalogueTimer, dueReconcileQueue, dueReleaseQueue } from '../../src/core/due-work/due-queues.ts';
import { dueForwardQueue } from '../../src/core/due-work/forward-queue.ts';
import { runDueWork } from '../../src/core/due-work/run-due-work.ts';
import type { Sweeper } from '../../src/core/due-work/sweeper.ts';
import { sweeper } from '../../src/core/due-work/sweeper.ts';
import { twiceDeferred } from '../../src/core/ingest/twice-deferred.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import type {
  CatalogueStore,
  Clock,
  DueWorkStore,
  EventPublisher,
  Log,
  ManifestReader,
  ReleaseStore,
  ReplicaSetStore,
} from '../../src/core/ports.ts';
import type { WaitResult } from '../../src/core/query/ask.ts';
import type { Releases } from '../../src/core/releases/releases.ts';
import { releases } from '../../src/core/releases/releases.ts';
import { prober } from '../../src/core/replicas/prober.ts';
import type { ReplicaSets } from '../../src/core/replicas/replica-set-cache.ts';
import { replicaSets } from '../../src/core/replicas/replica-set-cache.ts';
import type { Tracker, TrackerPorts } from '../../src/core/tracker.ts';
import { tracker } from '../../src/core/tracker.ts';
import { deferredDeliveriesFunction } from '../../src/functions/triggers/deferred-deliveries.ts';
import { recordLists } from './attachment-log.ts';
import type { Case } from './case.ts';
import { delayedAfterMs } from './case.ts';
import type { Choices } from './choices.ts';
import { between } from './choices.ts';
import { instanceForwarder } from './instance-forwarder.ts';
import type { MessageKind } from './message-queue.ts';
import type { Caller, Network } from './network.ts';
import type { OutagePart } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

/** What all instances share, before anything gets between. */
export type SharedPorts = Pick<
  TrackerPorts,
  'store' | 'lists' | 'tags' | 'webhooks' | 'queue' | 'forwards' | 'publisher' | 'checkpoints'
> & {
  readonly dueWork: DueWorkStore;
  readonly sets: ReplicaSetStore;
  readonly directory: Parameters<typeof replicaSets>[0]['directory'];
  readonly probe: Parameters<typeof prober>[0]['probe'];
  readonly manifests: ManifestReader | undefined;
  readonly releases: ReleaseStore;
  /** One for each instance, all on one table. Nothing is counted without. */
  readonly catalogue: (() => CatalogueStore) | undefined;
};

/** Puts something broken in the place of a good part; see broken-worlds.ts. */
export interface Replacements {
  ports?(ports: SharedPorts): SharedPorts;
  /** Its own ports, between the tracker and the world. */
  ownPorts?(ports: TrackerPorts): TrackerPorts;
  tracker?(good: Tracker): Tracker;
  /** Replaces the answer that the forwarder gets to its check. */
  outcome?(outcome: WaitResult['outcome']): WaitResult['outcome'];
}

/** A decision uses this set. */
export type SetListener = (by: { readonly label: string; readonly clock: Clock }, set: ReplicaSet) => void;

export interface Instance extends Caller {
  /** It finishes what it has, and gets no new work. */
  isStopping: boolean;
  readonly tracker: Tracker;
  readonly releases: Releases;
  readonly clock: Clock;
  readonly sweeper: Sweeper;
  handle(kind: MessageKind, body: unknown): Promise<void>;
  kill(): void;
}

/** What runs longer is stopped by the host. */
const functionTimeoutMs = 300_000;

export function startInstance(
  label: string,
  world: {
    readonly on: Case;
    readonly choices: Choices;
    readonly network: Network;
    readonly shared: SharedPorts;
    readonly replacements: Replacements;
    readonly onSet: SetListener;
  },
): Instance {
  const { network, shared, replacements } = world;
  const { scheduler, settings, trace } = world.on;
  const { clockSpreadMs } = world.on;
  const clockAheadMs = world.choices.choose(`${label} clock`, 0, (random) =>
    between(random, -clockSpreadMs, clockSpreadMs),
  );
  trace(() => `${label} starts${clockAheadMs === 0 ? '' : `, its clock ${clockAheadMs} ms ahead`}`);
  let isKilled = false;
  const caller: Caller = {
    label,
    clockAheadMs,
    get isKilled() {
      return isKilled;
    },
    faultUntil: new Map<OutagePart, number>(),
  };
  const clock = clockOf(scheduler, clockAheadMs, () => isKilled);
  const note: Log['info'] = (message, fields) =>
    trace(() => `${label} logs: ${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { info: note, warn: note };
  let draws = 0;
  let writes = 0;
  let timers = 0;

  const sets = replicaSets({
    registries: [settings],
    directory: shared.directory && network.wrap(caller, 'directory', shared.directory),
    store: network.wrap(caller, 'sets', shared.sets),
    clock,
    log,
    onChange: (changed) => {
      running
        .reconcileOpen(changed)
        .catch((error: unknown) => note('open images not reconciled', { error: String(error) }));
    },
  });
  const watched: ReplicaSets = {
    ...sets,
    current(asked) {
      const set = sets.current(asked);
      world.onSet({ label, clock }, set);
      return set;
    },
  };
  const dueWork = network.wrap(caller, 'dueWork', shared.dueWork);
  const counted = shared.catalogue?.();
  const ports: TrackerPorts = {
    store: network.wrap(caller, 'store', shared.store),
    lists: network.wrap(caller, 'lists', shared.lists),
    tags: network.wrap(caller, 'tags', shared.tags),
    webhooks: network.wrap(caller, 'webhooks', shared.webhooks),
    timer: dueReconcileQueue(dueWork, () =>
      world.choices.choose(`${label} jitter ${++timers}`, 0.5, (random) => random()),
    ),
    queue: twiceDeferred(network.wrap(caller, 'queue', shared.queue)),
    forwards: dueForwardQueue({
      ...{ dueWork, clock, log },
      deadLetter: network.wrap(caller, 'forwards', shared.forwards).deadLetter,
      run: ({ order, attempt }) => webhooks.deliver(order, attempt),
    }),
    publisher: network.wrap(caller, 'publisher', shared.publisher),
    sets: watched,
    checkpoints: network.wrap(caller, 'reviews', shared.checkpoints),
    audit: noAudit,
    health: memoryHealthEventLog(),
    ...(counted && {
      catalogue: {
        // How many rows a change has is no call.
        store: { ...network.wrap(caller, 'catalogue', counted), rowsOf: counted.rowsOf },
        timer: dueCatalogueTimer(dueWork),
      },
    }),
    manifests: shared.manifests && recordLists(world.on, caller, network.wrap(caller, 'manifests', shared.manifests)),
    prober: prober({ probe: shared.probe && network.wrap(caller, 'probe', shared.probe), clock }),
    clock,
    random: () => world.choices.choose(`${label} random ${++draws}`, 0.5, (random) => random()),
    uniqueId: () => `${label} write ${++writes}`,
    log,
  };
  const own = replacements.ownPorts?.(ports) ?? ports;
  const good = tracker(own, {
    ...world.on.options,
    evaluateReleasesWith: (name) => kept?.evaluateReleasesWith(name),
  });
  const running = replacements.tracker?.(good) ?? good;
  const made = releases({
    ...{ clock, log, random: ports.random, tracker: running },
    // The topic accepts events of any kind.
    publisher: own.publisher as EventPublisher<object>,
    ...{ delayedAfterMs, retentionMs: world.on.options.retentionMs, queue: dueReleaseQueue(dueWork) },
    store: network.wrap(caller, 'releases', shared.releases),
  });
  // Without releases in the world no image is looked up for them.
  const kept = world.on.plan.world.releases && made;
  void running.ready(settings);

  const webhooks = instanceForwarder({
    ...{ on: world.on, choices: world.choices, label, tracker: running, clock, log, random: ports.random },
    ...{ queue: ports.forwards, outcome: replacements.outcome ?? ((outcome) => outcome) },
  });
  const notUsed = async () => {
    throw new Error('not used in schedules');
  };
  const run = runDueWork({
    tracker: running,
    checks: undefined,
    forwarder: webhooks,
    releases: made,
    replays: { send: notUsed },
  });
  const due = sweeper({
    dueWork,
    clock,
    log,
    async run(work, item) {
      const overdue = scheduler.at(scheduler.now() + functionTimeoutMs, () => {
        if (!isKilled) world.on.violate('all work ends', `due work on ${label} does not end: ${item.text}`);
      });
      trace(() => `${label} does due work: ${item.text}`);
      if (work.kind === 'count') world.on.counters.count('counts', 'when due');
      await run(work, item).finally(overdue);
    },
  });
  const deliveries = deferredDeliveriesFunction(running, 'deliveries');
  const context = { info: () => undefined, warn: () => undefined } as unknown as InvocationContext;

  return Object.assign(caller, {
    isStopping: false,
    tracker: running,
    releases: made,
    clock,
    sweeper: due,
    async handle(kind: MessageKind, body: unknown) {
      if (kind === 'delivery') await deliveries.handler(body, context);
    },
    kill() {
      isKilled = true;
    },
  });
}

function clockOf(scheduler: Scheduler, aheadMs: number, isKilled: () => boolean): Clock {
  return {
    now: () => scheduler.now() + aheadMs,
    sleep(milliseconds, signal) {
      if (signal?.aborted || milliseconds <= 0) return Promise.resolve();
      return new Promise((resolve) => {
        const end = () => {
          signal?.removeEventListener('abort', end);
          cancel();
          resolve();
        };
        const cancel = scheduler.at(scheduler.now() + milliseconds, () => {
          if (!isKilled()) end();
        });
        signal?.addEventListener('abort', end);
      });
    },
  };
}
