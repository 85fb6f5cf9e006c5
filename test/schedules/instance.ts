/**
 * One instance of the app: the real tracker, replica sets, prober and queue functions, with a cache of their own, on ports
 * that are shared with all others. When it is killed it hears nothing more, and what it had under way may still happen.
 */
import type { InvocationContext } from '@azure/functions';
import { memoryHealthEventLog, noAudit } from '../../src/adapters/memory.ts';
import type { Clock, Log, ReplicaSetStore } from '../../src/core/ports.ts';
import { prober } from '../../src/core/prober.ts';
import type { ReplicaSet } from '../../src/core/replica-set.ts';
import type { ReplicaSets } from '../../src/core/replica-sets.ts';
import { replicaSets } from '../../src/core/replica-sets.ts';
import type { Tracker, TrackerPorts } from '../../src/core/tracker.ts';
import { tracker } from '../../src/core/tracker.ts';
import { deliveriesFunction } from '../../src/functions/deliveries.ts';
import { wakesFunction } from '../../src/functions/wakes.ts';
import type { Case } from './case.ts';
import type { Choices } from './choices.ts';
import { between } from './choices.ts';
import type { MessageKind } from './mailbox.ts';
import type { Caller, Network } from './network.ts';
import type { OutagePart } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

/** What all instances share, before anything gets between. */
export type SharedPorts = Pick<
  TrackerPorts,
  'store' | 'index' | 'tags' | 'webhooks' | 'timer' | 'queue' | 'forwards' | 'publisher' | 'reviews'
> & {
  readonly sets: ReplicaSetStore;
  readonly directory: Parameters<typeof replicaSets>[0]['directory'];
  readonly probe: Parameters<typeof prober>[0]['probe'];
};

/** Puts something broken in the place of a good part; see broken-worlds.ts. */
export interface Saboteur {
  ports?(ports: SharedPorts): SharedPorts;
  /** Its own ports, between the tracker and the world. */
  ownPorts?(ports: TrackerPorts): TrackerPorts;
  tracker?(good: Tracker): Tracker;
}

/** A decision is being made for this set. */
export type SetListener = (by: { readonly label: string; readonly clock: Clock }, set: ReplicaSet) => void;

export interface Instance extends Caller {
  /** Finishing what it has; gets nothing new. */
  isStopping: boolean;
  readonly tracker: Tracker;
  readonly clock: Clock;
  handle(kind: MessageKind, body: unknown): Promise<void>;
  kill(): void;
}

export function startInstance(
  label: string,
  world: {
    readonly on: Case;
    readonly choices: Choices;
    readonly network: Network;
    readonly shared: SharedPorts;
    readonly sabotage: Saboteur;
    readonly onSet: SetListener;
  },
): Instance {
  const { network, shared, sabotage } = world;
  const { scheduler, settings, trace } = world.on;
  const { clockSpreadMs } = world.on;
  const clockAheadMs = world.choices.choose(`${label} clock`, 0, (random) =>
    between(random, -clockSpreadMs, clockSpreadMs),
  );
  trace(() => `${label} starts${clockAheadMs === 0 ? '' : `, its clock ${clockAheadMs} ms ahead`}`);
  let isDead = false;
  const caller: Caller = {
    label,
    clockAheadMs,
    get isDead() {
      return isDead;
    },
    troubledUntil: new Map<OutagePart, number>(),
  };
  const clock = clockOf(scheduler, clockAheadMs, () => isDead);
  const note: Log['info'] = (message, fields) =>
    trace(() => `${label} notes: ${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { info: note, warn: note };
  let draws = 0;
  let writes = 0;

  const sets = replicaSets({
    registries: [settings],
    directory: shared.directory && network.wrap(caller, 'directory', shared.directory),
    store: network.wrap(caller, 'sets', shared.sets),
    clock,
    log,
    onChange: (changed) => {
      running.reviewOpen(changed).catch((error: unknown) => note('open images not reviewed', { error: String(error) }));
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
  const ports: TrackerPorts = {
    store: network.wrap(caller, 'store', shared.store),
    index: network.wrap(caller, 'index', shared.index),
    tags: network.wrap(caller, 'tags', shared.tags),
    webhooks: network.wrap(caller, 'webhooks', shared.webhooks),
    timer: network.wrap(caller, 'timer', shared.timer),
    queue: network.wrap(caller, 'queue', shared.queue),
    forwards: network.wrap(caller, 'forwards', shared.forwards),
    publisher: network.wrap(caller, 'publisher', shared.publisher),
    sets: watched,
    reviews: network.wrap(caller, 'reviews', shared.reviews),
    audit: noAudit,
    health: memoryHealthEventLog(),
    prober: prober({ probe: shared.probe && network.wrap(caller, 'probe', shared.probe), clock }),
    clock,
    random: () => world.choices.choose(`${label} random ${++draws}`, 0.5, (random) => random()),
    uniqueId: () => `${label} write ${++writes}`,
    log,
  };
  const good = tracker(sabotage.ownPorts?.(ports) ?? ports, world.on.options);
  const running = sabotage.tracker?.(good) ?? good;
  void running.ready(settings);

  const wakes = wakesFunction({ tracker: running, timer: ports.timer, now: clock.now }, 'wakes');
  const deliveries = deliveriesFunction(running, 'deliveries');
  const context = { info: () => undefined, warn: () => undefined } as unknown as InvocationContext;

  return Object.assign(caller, {
    isStopping: false,
    tracker: running,
    clock,
    async handle(kind: MessageKind, body: unknown) {
      if (kind === 'wake') await wakes.handler(body, context);
      if (kind === 'delivery') await deliveries.handler(body, context);
    },
    kill() {
      isDead = true;
    },
  });
}

function clockOf(scheduler: Scheduler, aheadMs: number, isDead: () => boolean): Clock {
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
          if (!isDead()) end();
        });
        signal?.addEventListener('abort', end);
      });
    },
  };
}
