/**
 * The replica set of each registry, kept fresh. Settings win; otherwise ARM is asked, and what it said last is stored,
 * so that an outage of the control plane (which a home region outage is) leaves the last known set in use, on every
 * instance and over restarts. Questions are answered from memory; reading and asking happen beside them.
 */
import { describeError } from './errors.ts';
import type { Clock, Log, ReplicaDirectory, ReplicaSetStore } from './ports.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';
import { replicaSetFromSettings, withAbsence, withObservedOnly } from './replica-set.ts';

export interface ReplicaSets {
  /** The set in use. Without any replica while nobody has ever told us. */
  current(registry: Registry): ReplicaSet;
  /**
   * Once there has been a first answer, from the store or from ARM, or neither could give one, and the set in use is what
   * was stored half a minute ago or later. Never fails.
   */
  ready(registry: Registry): Promise<void>;
  /** Asks ARM now, unless it was asked just now. Never fails: what is known stays in use. */
  refresh(registry: Registry): Promise<void>;
}

/** What the timer stores, other instances have this much later. */
const reloadMs = 30_000;
/** A flood of webhook events from a new region asks ARM once. */
const refreshPauseMs = 30_000;

export function replicaSets(parts: {
  readonly registries: readonly Registry[];
  /** `undefined` where no registry has a resource id. */
  readonly directory: ReplicaDirectory | undefined;
  readonly store: ReplicaSetStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Told after each change of which regions are expected. */
  onChange(registry: Registry): void;
}): ReplicaSets {
  const { directory, store, clock, log } = parts;
  const entries = new Map(parts.registries.map((registry) => [registry.name, keep(registry)]));

  function keep(registry: Registry) {
    let set = isFixed(registry, directory) ? replicaSetFromSettings(registry, clock.now()) : unknownSet(registry);
    let loadedAt = Number.NEGATIVE_INFINITY;
    let askedAt = Number.NEGATIVE_INFINITY;
    let asking: Promise<void> | undefined;
    let first: Promise<void> | undefined;
    let isInUse = false;
    let loading: Promise<void> | undefined;

    const isOld = () => !isFixed(registry, directory) && clock.now() - loadedAt > reloadMs;

    function use(next: ReplicaSet): void {
      const before = expectedKey(set);
      set = withObservedOnly(registry, { ...next, verify: registry.verify });
      const changed = isInUse && expectedKey(set) !== before;
      if (changed) parts.onChange(registry);
    }

    function load(): Promise<void> {
      loading ??= loadNow().finally(() => {
        loading = undefined;
      });
      return loading;
    }

    async function loadNow(): Promise<void> {
      loadedAt = clock.now();
      try {
        const stored = await store.load(registry.name);
        if (stored !== undefined && stored.refreshedAt >= set.refreshedAt) use(stored);
      } catch (error) {
        log.warn('replica set not read', { registry: registry.name, error: describeError(error) });
      }
    }

    async function ask(from: ReplicaDirectory): Promise<void> {
      askedAt = clock.now();
      // What a region says while the answer is on its way may be from a replica that the answer does not know.
      const refreshedAt = askedAt;
      try {
        const replicas = await from.replicas(registry);
        // Another instance may have read the set while this one did not.
        const stored = await store.load(registry.name).catch(() => undefined);
        const known = withAbsence(replicas, stored === undefined ? [set] : [set, stored]);
        use({ replicas: known, source: 'arm', refreshedAt, verify: registry.verify });
      } catch (error) {
        log.warn('replicas not told by ARM', { registry: registry.name, error: describeError(error) });
        if (set.refreshedAt > 0) use({ ...set, source: 'remembered' });
      }
      if (set.refreshedAt === 0) return;
      await store.save(registry.name, set).catch((error: unknown) => {
        log.warn('replica set not stored', { registry: registry.name, error: describeError(error) });
      });
    }

    async function refresh(): Promise<void> {
      if (directory === undefined || isFixed(registry, directory)) return;
      if (asking === undefined && clock.now() - askedAt < refreshPauseMs && set.refreshedAt > 0) return;
      asking ??= ask(directory).finally(() => {
        asking = undefined;
      });
      await asking;
    }

    return {
      current() {
        if (isOld()) void load();
        return set;
      },
      ready() {
        first ??= isFixed(registry, directory)
          ? Promise.resolve()
          : load()
              .then(() => (set.refreshedAt > 0 ? void refresh() : refresh()))
              .finally(() => {
                isInUse = true;
              });
        // An instance that had nothing to do for hours knows the set of hours ago.
        return first.then(() => (isOld() ? load() : loading));
      },
      refresh,
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
