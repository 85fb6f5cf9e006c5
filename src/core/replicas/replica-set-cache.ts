/**
 * The replica set of each registry, kept fresh. Settings win; otherwise ARM is asked, and what it said last is stored,
 * so that an outage of the control plane (which a home region outage is) leaves the last known set in use, on every
 * instance and over restarts. What is stored only ever gives way to what ARM was asked for later. Questions are answered
 * from memory; reading and asking (`ask-for-replicas.ts`) happen beside them.
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
  /** Asks ARM after this call, as soon as the pause since it was asked last is over; once for all who call meanwhile. */
  refreshSoon(registry: Registry): void;
  /**
   * For each question. While ARM does not answer, has it asked again as often as pauses between requests allow. Where
   * nobody has told of any replica, waits some seconds for an answer that is under way. Never fails.
   */
  refreshForQuestion(registry: Registry): Promise<void>;
}

/** What the timer stores, other instances have this much later. */
const reloadMs = 30_000;
/** A read that fails is passed over for so long, no longer: a set that nobody has read for hours may be any set. */
const trustedMs = 120_000;
/** So long a question that cannot be answered without ARM waits for it: ARM answers within a second or two, or not at all. */
const questionWaitMs = 5_000;
/** Three turns of the timer. */
const unansweredMs = 900_000;

export function replicaSets(deps: {
  readonly registries: readonly Registry[];
  /** `undefined` where no registry has a resource id. */
  readonly directory: ReplicaDirectory | undefined;
  readonly store: ReplicaSetStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Told after each change of which regions are expected. */
  onChange(registry: Registry): void;
}): ReplicaSets {
  const { directory, store, clock, log } = deps;
  const entries = new Map(deps.registries.map((registry) => [registry.name, keep(registry)]));

  function keep(registry: Registry) {
    let set = isFixed(registry, directory) ? replicaSetFromSettings(registry, clock.now()) : unknownSet(registry);
    let version: Version | undefined;
    let triedAt = Number.NEGATIVE_INFINITY;
    /** When the set in use was what was stored, for all that this instance knows. */
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
        // An instance that had nothing to do for hours knows the set of hours ago.
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
