/**
 * The replica set of each registry, kept up to date. If the settings name the regions, they win; otherwise ARM is asked and its
 * last answer is stored. During an outage of the control plane, which an outage of the home region is, every instance goes on
 * with the last known set, also after a restart. A stored set is replaced only by the answer to a later request. Questions are
 * answered from memory; reading the store and asking ARM (`ask-for-replicas.ts`) run in the background.
 */

import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { isKnown, replicaSetFromSettings, withObservedOnly } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { withTimeout } from '../runtime/timeout.ts';
import type { Version } from '../runtime/version.ts';
import { askForReplicas } from './ask-for-replicas.ts';
import type { ReplicaDirectory, ReplicaSetStore } from './ports.ts';
import { refreshPace } from './refresh-pace.ts';

export interface ReplicaSets {
  /** The set in use. Without any replica while neither the store nor ARM has answered. */
  current(registry: Registry): ReplicaSet;
  /**
   * Resolves when the store or ARM has answered for the first time, or neither has a set, and the set in use was read from the
   * store at most half a minute ago. Await it before every decision. Fails with `unavailable` when the store could not be read
   * for minutes: other instances may know a replica that is not in the set. Does not fail because ARM does not answer.
   */
  ready(registry: Registry): Promise<void>;
  /** Asks ARM now, except in the pause after a request. Never fails: the known set stays in use. */
  refresh(registry: Registry): Promise<void>;
  /** Asks ARM after this call, at once or when the pause after the last request is over; calls meanwhile share one request. */
  refreshSoon(registry: Registry): void;
  /**
   * Called for each question. While ARM does not answer, asks it again as often as the pauses allow. If no replica is known,
   * waits some seconds for the request under way. Never fails.
   */
  refreshForQuestion(registry: Registry): Promise<void>;
}

/** After this time an instance reads the store again, to find a set that another one has saved. */
const reloadMs = 30_000;
/** How long failed reads of the store are ignored; after that the set in memory may be too old to decide with. */
const trustedMs = 120_000;
/** How long a question waits for ARM if no replica is known: ARM answers within a second or two, or not at all. */
const questionWaitMs = 5_000;
/** Three runs of the timer. */
const unansweredMs = 900_000;

export function replicaSets(deps: {
  readonly registries: readonly Registry[];
  /** `undefined` where no registry has a resource id. */
  readonly directory: ReplicaDirectory | undefined;
  readonly store: ReplicaSetStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each change of which regions are expected. */
  onChange(registry: Registry): void;
}): ReplicaSets {
  const { directory, store, clock, log } = deps;
  const entries = new Map(deps.registries.map((registry) => [registry.name, keep(registry)]));

  function keep(registry: Registry) {
    let set = isFixed(registry, directory) ? replicaSetFromSettings(registry, clock.now()) : unknownSet(registry);
    let version: Version | undefined;
    let triedAt = Number.NEGATIVE_INFINITY;
    /** When the set in use was last known to be the stored one. */
    let loadedAt = Number.NEGATIVE_INFINITY;
    let first: Promise<void> | undefined;
    let isInUse = false;
    let loading: Promise<void> | undefined;

    const isOld = () => !isFixed(registry, directory) && clock.now() - triedAt > reloadMs;
    const isTrusted = () => isFixed(registry, directory) || clock.now() - loadedAt <= trustedMs;

    const completed = (next: ReplicaSet) => withObservedOnly(registry, { ...next, verify: registry.verify });

    function use(next: ReplicaSet): void {
      const before = expectedKey(set);
      set = next;
      const changed = isInUse && expectedKey(set) !== before;
      if (changed) deps.onChange(registry);
    }

    function load(): Promise<void> {
      loading ??= loadNow().finally(() => {
        loading = undefined;
      });
      return loading;
    }

    async function loadNow(): Promise<void> {
      const startedAt = clock.now();
      triedAt = startedAt;
      const before = version;
      try {
        const stored = await store.load(registry.name);
        loadedAt = startedAt;
        // A set that this instance saved meanwhile may be newer than the one that was read.
        if (version === before && stored?.version !== before) {
          version = stored?.version;
          if (stored !== undefined) use(completed(stored.set));
        }
      } catch (error) {
        log.warn('replica set not read', { registry: registry.name, error: describeError(error) });
      }
      // The timer asks ARM on one instance. The other instances see by the age of the set that ARM does not answer.
      if (set.source === 'arm' && clock.now() - set.refreshedAt > unansweredMs) use({ ...set, source: 'remembered' });
    }

    const pace =
      directory === undefined || isFixed(registry, directory)
        ? undefined
        : refreshPace(
            clock,
            askForReplicas({
              ...{ registry, directory, store, clock, log, completed },
              inUse: {
                current: () => set,
                version: () => version,
                load,
                use,
                noteSaved(saved) {
                  version = saved;
                  loadedAt = clock.now();
                },
              },
            }),
          );
    const refresh = async () => pace?.now();

    return {
      current() {
        if (isOld()) void load();
        return set;
      },
      async ready() {
        first ??= isFixed(registry, directory)
          ? Promise.resolve()
          : load()
              .then(() => (set.refreshedAt > 0 ? void refresh() : refresh()))
              .finally(() => {
                isInUse = true;
              });
        await first;
        // An instance that was idle for hours has a set that is hours old.
        await (isOld() || !isTrusted() ? load() : loading);
        if (!isTrusted())
          throw new UpstreamError('unavailable', `replica set of ${registry.name} not read for too long`);
      },
      refresh,
      refreshSoon: () => pace?.soon(),
      async refreshForQuestion() {
        if (set.source !== 'remembered') return;
        const asking = pace?.next();
        if (asking !== undefined && !isKnown(set)) await withTimeout(clock, questionWaitMs, asking);
      },
    };
  }

  const entryOf = (registry: Registry) => {
    const entry = entries.get(registry.name);
    if (entry === undefined) throw new Error(`registry ${registry.name} is not in the settings`);
    return entry;
  };
  return {
    current: (registry) => entryOf(registry).current(),
    ready: (registry) => entryOf(registry).ready(),
    refresh: (registry) => entryOf(registry).refresh(),
    refreshSoon: (registry) => entryOf(registry).refreshSoon(),
    refreshForQuestion: (registry) => entryOf(registry).refreshForQuestion(),
  };
}

function isFixed(registry: Registry, directory: ReplicaDirectory | undefined): boolean {
  return registry.regions !== undefined || directory === undefined;
}

function unknownSet(registry: Registry): ReplicaSet {
  const nothing: ReplicaSet = { replicas: [], source: 'remembered', refreshedAt: 0, verify: registry.verify };
  return withObservedOnly(registry, nothing);
}

function expectedKey(set: ReplicaSet): string {
  return set.replicas
    .filter((replica) => replica.expected)
    .map((replica) => replica.region)
    .join(',');
}
