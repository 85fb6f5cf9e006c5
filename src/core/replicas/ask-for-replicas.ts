/**
 * Asks ARM which replicas a registry has, and saves its answer unless another instance has saved a newer one meanwhile. Requests
 * are answered from memory, by `replica-set-cache.ts`.
 */

import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { findReplica } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Version } from '../runtime/version.ts';
import type { ReplicaDirectory, ReplicaSetStore } from './ports.ts';
import type { RefreshOutcome } from './refresh-pace.ts';
import type { Finding } from './replica-proof.ts';
import { namesToAsk, nextReplicas } from './replica-proof.ts';

/** The set that this instance answers from, and what it knows about the stored set. */
interface SetInUse {
  current(): ReplicaSet;
  /** Version of the stored set when it was last read. Versions order two sets; clocks of two instances cannot. */
  version(): Version | undefined;
  /** Reads the stored set. Never fails. */
  load(): Promise<void>;
  use(next: ReplicaSet): void;
  /** The set that is used next has been saved under that version. */
  noteSaved(version: Version): void;
}

/** Two instances that ask at the same time may conflict. The timer asks again in any case. */
const maxAttempts = 3;

/** @returns a function that asks ARM now and never fails */
export function askForReplicas(deps: {
  readonly registry: Registry;
  readonly directory: ReplicaDirectory;
  readonly store: ReplicaSetStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly inUse: SetInUse;
  /** Adds to the set what only the settings say. */
  completed(set: ReplicaSet): ReplicaSet;
}): () => Promise<RefreshOutcome> {
  const { registry, directory, store, clock, log, inUse, completed } = deps;

  /**
   * Reads the stored set, asks ARM, then saves. The save is refused if anything was saved since the read: so the request for the
   * stored set is always later than that for the set before, and a slow answer does not replace a newer one.
   * @returns `again` where another instance has saved a set that may be older
   */
  async function askOnce(): Promise<RefreshOutcome | 'again'> {
    await inUse.load();
    const basedOn = inUse.version();
    // The time before the request: a report that comes before the answer may be from a replica that is not in the answer.
    const refreshedAt = clock.now();
    const before = inUse.current();
    const isVersionChanged = () => inUse.version() !== basedOn;
    const answer = await askArm(before, refreshedAt);
    if ('unanswered' in answer) {
      const known = inUse.current();
      if (known.refreshedAt > 0 && !isVersionChanged()) inUse.use({ ...known, source: 'remembered' });
      return answer.unanswered;
    }
    const againIfOlder = () => (inUse.current().refreshedAt < refreshedAt ? 'again' : 'answered');
    if (isVersionChanged()) return againIfOlder();
    const next = completed({ ...answer, source: 'arm', refreshedAt, verify: registry.verify });
    const saved = await store.save(registry.name, next, basedOn).catch((error: unknown) => {
      log.warn('replica set not stored', { registry: registry.name, error: describeError(error) });
      return undefined;
    });
    if (saved === 'conflict') await inUse.load();
    if (saved === 'conflict' || isVersionChanged()) return againIfOlder();
    if (saved !== undefined) inUse.noteSaved(saved.version);
    inUse.use(next);
    logChanges(before, next);
    return 'answered';
  }

  async function askArm(
    before: ReplicaSet,
    refreshedAt: number,
  ): Promise<Pick<ReplicaSet, 'replicas' | 'gone'> | { readonly unanswered: Exclude<RefreshOutcome, 'answered'> }> {
    try {
      const list = await directory.list(registry);
      const found = await findAll(namesToAsk(before, list));
      return nextReplicas(before, list, found, refreshedAt);
    } catch (error) {
      log.warn('replica set refresh failed', { registry: registry.name, error: describeError(error) });
      return { unanswered: { retryAfterMs: error instanceof UpstreamError ? error.retryAfterMs : undefined } };
    }
  }

  /** A failed lookup of one replica does not void the answers about the others. */
  async function findAll(names: readonly string[]): Promise<Map<string, Finding>> {
    const findings = names.map(async (name): Promise<[string, Finding]> => {
      try {
        return [name, (await directory.find(registry, name)) ?? 'absent'];
      } catch (error) {
        log.warn('replica lookup failed', { registry: registry.name, error: describeError(error) });
        return [name, 'unclear'];
      }
    });
    return new Map(await Promise.all(findings));
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

  return async () => {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const asked = await askOnce();
      if (asked !== 'again') return asked;
    }
    return 'answered';
  };
}
