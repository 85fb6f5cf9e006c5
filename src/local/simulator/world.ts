/**
 * The simulated geo-replicated registry: replicas in several regions, clients that push and delete in one of them, and
 * the webhook events that fire in each region when a change arrives. It knows nothing of HTTP or the tracker; listeners
 * get its events, and `truth` knows the content at any instant.
 */
import { type ClientOptions, deleteImage, pushImage, untagImage } from './clients.ts';
import type { Firing } from './firing.ts';
import type { Manifest } from './manifest.ts';
import { addReplica, beginOutage, endOutage, removeReplica } from './members.ts';
import { isComplete, type Replica, resolveTag } from './replica.ts';
import type { Truth } from './truth.ts';
import { createWorldState, type HistoryEntry, type WorldOptions } from './world-state.ts';

export interface World {
  registry: string;
  loginServer: string;
  truth: Truth;
  /** Everything that happened, oldest first. */
  history: readonly HistoryEntry[];
  /** By the key of an index that was ever pushed: the keys of its members. */
  families: ReadonlyMap<string, readonly string[]>;
  /** By the key of an image: the keys of the signatures that were ever attached to it. */
  signatures: ReadonlyMap<string, ReadonlySet<string>>;
  /** By region: the content served at `/v2/`. */
  replicas: ReadonlyMap<string, Replica>;
  /**
   * Pushes the children first by digest, a moment apart, then the image under its tag; a null tag pushes it by digest
   * alone.
   */
  push(repository: string, tag: string | null, image: Manifest, options?: ClientOptions): void;
  /** Deletes the manifest and every tag that points at it. */
  deleteManifest(repository: string, image: Manifest, options?: ClientOptions): void;
  /** Removes a tag; fires nothing. */
  untag(repository: string, tag: string, image: Manifest, options?: ClientOptions): void;
  /** The digest that the tag points at in each region; null for none. */
  resolveTag(repository: string, tag: string): Record<string, string | null>;
  /** Whether the region has it completely: with children, configs and layers. */
  isComplete(region: string, repository: string, image: Manifest): boolean;
  addReplica(region: string): void;
  removeReplica(region: string): void;
  /** True while a new replica is being filled. */
  isSeeding(region: string): boolean;
  beginOutage(region: string): void;
  endOutage(region: string): void;
  isDown(region: string): boolean;
  /** Calls the listener with every webhook event when its replica fires it. */
  listen(listener: (firing: Firing) => void): void;
}

/** @throws Error when no region is given, or one twice */
export function createWorld(options: WorldOptions): World {
  if (options.regions.length === 0) throw new Error('regions: at least one is needed (got none)');
  const state = createWorldState(options);
  for (const region of options.regions) addReplica(state, region);
  return {
    registry: options.registry,
    loginServer: state.loginServer,
    truth: state.truth,
    history: state.history,
    families: state.families,
    signatures: state.signatures,
    replicas: state.replicas,
    push: (repository, tag, image, client) => pushImage(state, repository, tag, image, client),
    deleteManifest: (repository, image, client) => deleteImage(state, repository, image, client),
    untag: (repository, tag, image, client) => untagImage(state, repository, tag, image, client),
    resolveTag: (repository, tag) =>
      Object.fromEntries(
        [...state.replicas].map(([region, replica]) => [region, resolveTag(replica, repository, tag)]),
      ),
    isComplete(region, repository, image) {
      const replica = state.replicas.get(region);
      return replica !== undefined && isComplete(replica, repository, image);
    },
    addReplica: (region) => addReplica(state, region),
    removeReplica: (region) => removeReplica(state, region),
    isSeeding: (region) => (state.seeding.get(region)?.size ?? 0) > 0,
    beginOutage: (region) => beginOutage(state, region),
    endOutage: (region) => endOutage(state, region),
    isDown: (region) => state.replication.isDown(region),
    listen: (listener) => void state.listeners.push(listener),
  };
}
