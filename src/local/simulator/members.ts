/**
 * Replicas that are added, removed, or fail. A new replica starts empty and is filled with everything in the registry,
 * old images included; one that fails keeps its content, fires nothing while it is down, and then catches up all at
 * once. A tracker with a fixed set of regions would give wrong answers here.
 */
import { type Change, toManifestKey, toTagKey } from './change.ts';
import { createReplica } from './replica.ts';
import { note, type WorldState } from './world-state.ts';

/** @throws Error when the region already has a replica */
export function addReplica(state: WorldState, region: string): void {
  if (state.replicas.has(region)) throw new Error(`addReplica: ${region} already has a replica`);
  const isFirst = state.replicas.size === 0;
  state.replicas.set(region, createReplica(region));
  state.truth.noteReplica(region, true, state.options.scheduler.now());
  note(state, region, 'added', region);
  if (isFirst) return;
  const seeds = listSeeds(state.changes);
  state.seeding.set(region, new Set(seeds));
  for (const change of seeds) state.replication.copy(change, region);
}

/** @throws Error when the region has no replica */
export function removeReplica(state: WorldState, region: string): void {
  if (!state.replicas.delete(region)) throw new Error(`removeReplica: ${region} has no replica`);
  state.replication.drop(region);
  state.seeding.delete(region);
  state.truth.noteReplica(region, false, state.options.scheduler.now());
  note(state, region, 'removed', region);
}

export function beginOutage(state: WorldState, region: string): void {
  if (!state.replicas.has(region)) throw new Error(`beginOutage: ${region} has no replica`);
  state.replication.beginOutage(region);
  note(state, region, 'down', region);
}

export function endOutage(state: WorldState, region: string): void {
  state.replication.endOutage(region);
  note(state, region, 'up', region);
}

/** The latest push of every manifest and tag that still exists, in order. */
function listSeeds(changes: readonly Change[]): Change[] {
  const latest = new Map<string, Change>();
  for (const change of changes) {
    const { kind, repository, manifest, tag } = change;
    if (kind !== 'untag') latest.set(toManifestKey(repository, manifest.digest), change);
    if (tag !== null) latest.set(toTagKey(repository, tag), change);
  }
  const isAlive = ({ kind, repository, manifest }: Change) =>
    kind === 'put' && latest.get(toManifestKey(repository, manifest.digest))?.kind === 'put';
  // A tag that has moved or was removed must not come back with the manifest it once pointed at.
  const withoutOldTag = (change: Change) => {
    const isOld = change.tag !== null && latest.get(toTagKey(change.repository, change.tag)) !== change;
    return isOld ? { ...change, tag: null } : change;
  };
  const alive = [...new Set(latest.values())].filter(isAlive).map(withoutOldTag);
  return alive.sort((one, other) => one.number - other.number);
}
