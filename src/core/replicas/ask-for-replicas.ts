/**
 * Asks ARM which replicas a registry has, and saves what it said, unless another instance has saved something newer
 * meanwhile. Questions are not answered from here: see `replica-set-cache.ts`.
 */

import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { findReplica } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Version } from '../runtime/version.ts';
import type { ReplicaDirectory, ReplicaSetStore } from './ports.ts';
import type { Asked } from './refresh-pace.ts';
import type { Finding } from './replica-proof.ts';
import { namesToAsk, nextReplicas } from './replica-proof.ts';

/** The set that this instance answers from, and what it knows of the stored one. */
interface SetInUse {
  current(): ReplicaSet;
  /** Of what was stored when it was last looked at. Versions tell which of two sets is the newer; clocks cannot. */
  version(): Version | undefined;
  /** Looks at what is stored. Never fails. */
  load(): Promise<void>;
  use(next: ReplicaSet): void;
  /** What is in use next is what is stored, under that version. */
  noteSaved(version: Version): void;
}

/** Two instances that ask at the same time get out of each other's way by this; the timer comes again in any case. */
const maxAttempts = 3;

/** @returns asks now; it never fails */
export function askForReplicas(deps: {
  readonly registry: Registry;
  readonly directory: ReplicaDirectory;
  readonly store: ReplicaSetStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly inUse: SetInUse;
  /** What the settings add to what ARM says. */
  completed(set: ReplicaSet): ReplicaSet;
}): () => Promise<Asked> {
  const { registry, directory, store, clock, log, inUse, completed } = deps;

  /**
   * Asks between a look at what is stored and the save, which is refused when anything was saved between the two: so
   * of two sets the one stored later was asked for later, and no answer that was slow to come replaces a newer one.
   * @returns `again` where another instance has saved a set instead that may be older
   */
  async function askOnce(): Promise<Asked | 'again'> {
    await inUse.load();
    const basedOn = inUse.version();
    // What a region says while the answer is on its way may be from a replica that the answer does not know.
    const refreshedAt = clock.now();
    const before = inUse.current();
    const isOvertaken = () => inUse.version() !== basedOn;
    const told = await askArm(before, refreshedAt);
    if ('unanswered' in told) {
      const known = inUse.current();
      if (known.refreshedAt > 0 && !isOvertaken()) inUse.use({ ...known, source: 'remembered' });
      return told.unanswered;
    }
    const againIfOlder = () => (inUse.current().refreshedAt < refreshedAt ? 'again' : 'answered');
    if (isOvertaken()) return againIfOlder();
    const next = completed({ ...told, source: 'arm', refreshedAt, verify: registry.verify });
    const saved = await store.save(registry.name, next, basedOn).catch((error: unknown) => {
      log.warn('replica set not stored', { registry: registry.name, error: describeError(error) });
      return undefined;
    });
    if (saved === 'conflict') await inUse.load();
    if (saved === 'conflict' || isOvertaken()) return againIfOlder();
    if (saved !== undefined) inUse.noteSaved(saved.version);
    inUse.use(next);
    logChanges(before, next);
    return 'answered';
  }

  async function askArm(
    before: ReplicaSet,
    refreshedAt: number,
  ): Promise<Pick<ReplicaSet, 'replicas' | 'gone'> | { readonly unanswered: Exclude<Asked, 'answered'> }> {
    try {
      const list = await directory.list(registry);
      const found = await findAll(namesToAsk(before, list));
      return nextReplicas(before, list, found, refreshedAt);
    } catch (error) {
      log.warn('replica set refresh failed', { registry: registry.name, error: describeError(error) });
      return { unanswered: { retryAfterMs: error instanceof UpstreamError ? error.retryAfterMs : undefined } };
    }
  }

  /** One that cannot be found for now is no reason not to believe what is said of the others. */
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
