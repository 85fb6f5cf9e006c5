/**
 * The replica set of each registry, kept fresh. Settings win; otherwise ARM is asked, and what it said last is stored,
 * so that an outage of the control plane (which a home region outage is) leaves the last known set in use, on every
 * instance and over restarts. What is stored only ever gives way to what ARM was asked for later. Questions are answered
 * from memory; reading and asking happen beside them.
 */

import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { findReplica, replicaSetFromSettings, withObservedOnly } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Version } from '../runtime/version.ts';
import type { ReplicaDirectory, ReplicaSetStore } from './ports.ts';
import type { Finding } from './replica-proof.ts';
import { namesToAsk, nextReplicas } from './replica-proof.ts';

export interface ReplicaSets {
  /** The set in use. Without any replica while nobody has ever told us. */
  current(registry: Registry): ReplicaSet;
  /**
   * Once there has been a first answer, from the store or from ARM, or neither had one, and the set in use is what was
   * stored half a minute ago or later. To be waited for before anything is decided. Fails with `unavailable` when what is
   * stored could not be read for minutes: others may know of a replica that is not in the set. That ARM does not answer is
   * no reason to fail.
   */
  ready(registry: Registry): Promise<void>;
  /** Asks ARM now, unless it was asked just now. Never fails: what is known stays in use. */
  refresh(registry: Registry): Promise<void>;
}

/** What the timer stores, other instances have this much later. */
const reloadMs = 30_000;
/** A read that fails is passed over for so long, no longer: a set that nobody has read for hours may be any set. */
const trustedMs = 120_000;
/** A flood of webhook events from a new region asks ARM once. */
const refreshPauseMs = 30_000;
/** Three turns of the timer. */
const unansweredMs = 900_000;
/** Two instances that ask at the same time get out of each other's way by this; the timer comes again in any case. */
const maxAttempts = 3;

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
    /** What was stored when it was last looked at. Versions tell which of two sets is the newer; clocks cannot. */
    let version: Version | undefined;
    let triedAt = Number.NEGATIVE_INFINITY;
    /** When the set in use was what was stored, for all that this instance knows. */
    let loadedAt = Number.NEGATIVE_INFINITY;
    let askedAt = Number.NEGATIVE_INFINITY;
    let asking: Promise<void> | undefined;
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
      if (changed) parts.onChange(registry);
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
        // What was saved from here meanwhile may be newer than what has been read.
        if (version === before && stored?.version !== before) {
          version = stored?.version;
          if (stored !== undefined) use(completed(stored.set));
        }
      } catch (error) {
        log.warn('replica set not read', { registry: registry.name, error: describeError(error) });
      }
      // ARM is asked by a timer, on one instance; by this the others see that it does not answer.
      if (set.source === 'arm' && clock.now() - set.refreshedAt > unansweredMs) use({ ...set, source: 'remembered' });
    }

    /** One that cannot be found for now is no reason not to believe what is said of the others. */
    async function findAll(from: ReplicaDirectory, names: readonly string[]): Promise<Map<string, Finding>> {
      const findings = names.map(async (name): Promise<[string, Finding]> => {
        try {
          return [name, (await from.find(registry, name)) ?? 'absent'];
        } catch (error) {
          log.warn('replica lookup failed', { registry: registry.name, error: describeError(error) });
          return [name, 'unclear'];
        }
      });
      return new Map(await Promise.all(findings));
    }

    async function ask(from: ReplicaDirectory): Promise<void> {
      askedAt = clock.now();
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        if (!(await isOvertaken(from))) return;
      }
    }

    /**
     * Asks ARM between a look at what is stored and the save, which is refused when anything was saved between the two: so
     * of two sets the one stored later was asked for later, and no answer that was slow to come replaces a newer one.
     * @returns whether what was saved by another instance instead may be older, so that ARM is to be asked once more
     */
    async function isOvertaken(from: ReplicaDirectory): Promise<boolean> {
      await load();
      const basedOn = version;
      // What a region says while the answer is on its way may be from a replica that the answer does not know.
      const refreshedAt = clock.now();
      const before = set;
      let told: Pick<ReplicaSet, 'replicas' | 'gone'>;
      try {
        const list = await from.list(registry);
        const found = await findAll(from, namesToAsk(before, list));
        told = nextReplicas(before, list, found, refreshedAt);
      } catch (error) {
        log.warn('replica set refresh failed', { registry: registry.name, error: describeError(error) });
        if (set.refreshedAt > 0 && version === basedOn) use({ ...set, source: 'remembered' });
        return false;
      }
      const isOlder = () => set.refreshedAt < refreshedAt;
      if (version !== basedOn) return isOlder();
      const next = completed({ ...told, source: 'arm', refreshedAt, verify: registry.verify });
      const saved = await store.save(registry.name, next, basedOn).catch((error: unknown) => {
        log.warn('replica set not stored', { registry: registry.name, error: describeError(error) });
        return undefined;
      });
      if (saved === 'conflict') await load();
      if (saved === 'conflict' || version !== basedOn) return isOlder();
      if (saved !== undefined) {
        version = saved.version;
        loadedAt = clock.now();
      }
      use(next);
      logChanges(before, next);
      return false;
    }

    function logChanges(before: ReplicaSet, next: ReplicaSet): void {
      for (const { region, missingAt } of next.replicas) {
        const known = findReplica(before, region);
        if (missingAt !== undefined && known?.missingAt === undefined)
          log.info('replica not found, expected until ARM says so again', { registry: registry.name, region });
      }
      for (const { region, at } of next.gone ?? []) {
        if (at === next.refreshedAt) log.info('replica removed', { registry: registry.name, region });
      }
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
      async ready() {
        first ??= isFixed(registry, directory)
          ? Promise.resolve()
          : load()
              .then(() => (set.refreshedAt > 0 ? void refresh() : refresh()))
              .finally(() => {
                isInUse = true;
              });
        await first;
        // An instance that had nothing to do for hours knows the set of hours ago.
        await (isOld() || !isTrusted() ? load() : loading);
        if (!isTrusted())
          throw new UpstreamError('unavailable', `replica set of ${registry.name} not read for too long`);
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
