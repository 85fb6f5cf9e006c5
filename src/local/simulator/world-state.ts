/**
 * The state of the simulated registry, and the one function that applies a change to a replica. Clients, replication
 * and new replicas all end in `landChange`, so the truth, the events and the history stay consistent.
 */
import { type Change, toManifestKey, toTagKey } from './change.ts';
import { createFiring, type Fire, type Firing, type FiringOptions } from './firing.ts';
import { deleteManifest, putManifest, type Replica, removeTag, storeBlobs } from './replica.ts';
import { createReplication, type Replication, type ReplicationOptions } from './replication.ts';
import type { Scheduler } from './scheduler.ts';
import { createTruth, type TruthKeeper } from './truth.ts';

export interface WorldOptions extends ReplicationOptions, FiringOptions {
  /** The registry's name, like `contoso`. */
  registry: string;
  /** Default: `<registry>.azurecr.io`. */
  loginServer?: string;
  regions: readonly string[];
  seed: number;
  scheduler: Scheduler;
  /** Whether manifests copied into a new replica fire its webhooks (this is not documented). Default: true. */
  seedingFires?: boolean;
}

export interface HistoryEntry {
  /** Milliseconds since 1970. */
  at: number;
  region: string;
  what: 'arrived' | 'deleted' | 'tagged' | 'untagged' | 'failed' | 'down' | 'up' | 'added' | 'removed';
  /** `team/app@sha256:…`, `team/app:v1`, or the region itself. */
  subject: string;
}

export interface WorldState {
  options: WorldOptions;
  loginServer: string;
  replicas: Map<string, Replica>;
  replication: Replication;
  truth: TruthKeeper;
  history: HistoryEntry[];
  listeners: ((firing: Firing) => void)[];
  fire: Fire;
  /** By the key of an index: the keys of all manifests that it lists, directly or through another index. */
  families: Map<string, readonly string[]>;
  /** By the key of an image: the keys of the signatures attached to it. */
  signatures: Map<string, Set<string>>;
  /** Every change ever made, in the common order of all replicas. */
  changes: Change[];
  /** Per region, the changes that a new replica still has to be filled with. */
  seeding: Map<string, Set<Change>>;
  /**
   * The number of equal requests so far: part of the labels for random values, so that these do not depend on other
   * requests.
   */
  requests: Map<string, number>;
}

export function createWorldState(options: WorldOptions): WorldState {
  const state: WorldState = {
    options,
    loginServer: options.loginServer ?? `${options.registry}.azurecr.io`,
    replicas: new Map(),
    replication: createReplication(options.scheduler, options.seed, options, (region, change) =>
      landChange(state, region, change),
    ),
    truth: createTruth(),
    history: [],
    listeners: [],
    fire: createFiring(options.seed, options),
    families: new Map(),
    signatures: new Map(),
    changes: [],
    seeding: new Map(),
    requests: new Map(),
  };
  return state;
}

/** Applies the change to the replica and fires its webhook event, unless a later change has overtaken it. */
export function landChange(state: WorldState, region: string, change: Change): void {
  const replica = state.replicas.get(region);
  const isSeed = state.seeding.get(region)?.delete(change) ?? false;
  if (replica === undefined) return;
  if (change.kind === 'untag') {
    if (removeTag(replica, change)) note(state, region, 'untagged', toTagKey(change.repository, change.tag ?? ''));
    return;
  }
  const landed = change.kind === 'put' ? landPut(state, replica, change) : landDelete(state, replica, change);
  if (landed === undefined || (isSeed && state.options.seedingFires === false)) return;
  const firing = state.fire(region, change, landed.tagMoved, state.options.scheduler.now());
  for (const listener of state.listeners) listener(firing);
}

export function note(state: WorldState, region: string, what: HistoryEntry['what'], subject: string): void {
  state.history.push({ at: state.options.scheduler.now(), region, what, subject });
}

interface Landed {
  tagMoved: boolean;
}

function landPut(state: WorldState, replica: Replica, change: Change): Landed | undefined {
  const { scheduler } = state.options;
  const { region } = replica;
  const at = scheduler.now();
  const { stored, tagMoved } = putManifest(replica, change, at);
  if (!stored) return undefined;
  const key = toManifestKey(change.repository, change.manifest.digest);
  const delay = state.replication.drawBlobDelay(change, region);
  if (delay === 0) storeBlobs(replica, change);
  else scheduler.at(at + delay, () => storeBlobs(replica, change));
  state.truth.noteManifest(region, key, true, at);
  note(state, region, 'arrived', key);
  if (tagMoved)
    note(state, region, 'tagged', `${toTagKey(change.repository, change.tag ?? '')} ${change.manifest.digest}`);
  return { tagMoved };
}

function landDelete(state: WorldState, replica: Replica, change: Change): Landed | undefined {
  const at = state.options.scheduler.now();
  if (!deleteManifest(replica, change, at)) return undefined;
  const key = toManifestKey(change.repository, change.manifest.digest);
  state.truth.noteManifest(replica.region, key, false, at);
  note(state, replica.region, 'deleted', key);
  return { tagMoved: false };
}
