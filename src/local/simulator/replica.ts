/**
 * The content of one region: manifests, tags and blobs, and the change that last put or removed each. It remembers
 * deletions, so that a push that arrives after a later delete does not bring the manifest back.
 */
import { type Change, toManifestKey, toTagKey } from './change.ts';
import type { Blob, Manifest } from './manifest.ts';

export interface ManifestRecord {
  repository: string;
  manifest: Manifest;
  present: boolean;
  /** The latest change known here. */
  change: Change;
  /**
   * The number of the latest delete known here, -1 for none: earlier pushes have no effect even if they arrive after
   * it.
   */
  lastDelete: number;
  /** Milliseconds since 1970; null when it was deleted here before it arrived. */
  arrivedAt: number | null;
  deletedAt: number | null;
}

export interface TagRecord {
  /** Null once untagged or deleted. */
  digest: string | null;
  change: Change;
}

export interface Replica {
  region: string;
  manifests: Map<string, ManifestRecord>;
  tags: Map<string, TagRecord>;
  /** Keyed `repository@digest`. */
  blobs: Map<string, Blob>;
}

export function createReplica(region: string): Replica {
  return { region, manifests: new Map(), tags: new Map(), blobs: new Map() };
}

/**
 * Applies a push. `stored` is false when a later delete is already known here: then nothing changes. `tagMoved` is
 * false when a later push has already set the tag.
 */
export function putManifest(replica: Replica, change: Change, at: number): { stored: boolean; tagMoved: boolean } {
  const { repository, manifest, tag } = change;
  const key = toManifestKey(repository, manifest.digest);
  const known = replica.manifests.get(key);
  const lastDelete = known?.lastDelete ?? -1;
  if (change.number < lastDelete) {
    setTag(replica, change, tag, null);
    return { stored: false, tagMoved: false };
  }
  if (known === undefined || known.change.number < change.number) {
    const arrivedAt = known?.present ? known.arrivedAt : at;
    const record = { repository, manifest, present: true, change, lastDelete, arrivedAt, deletedAt: null };
    replica.manifests.set(key, record);
  }
  return { stored: true, tagMoved: setTag(replica, change, tag, manifest.digest) };
}

/** Applies a delete, which removes every tag of the manifest as well. False when there was nothing to delete. */
export function deleteManifest(replica: Replica, change: Change, at: number): boolean {
  const { repository, manifest } = change;
  const key = toManifestKey(repository, manifest.digest);
  const known = replica.manifests.get(key);
  const lastDelete = Math.max(change.number, known?.lastDelete ?? -1);
  for (const tag of listTags(replica, repository, manifest.digest)) {
    const record = replica.tags.get(toTagKey(repository, tag));
    // The tag keeps its own change: an earlier push of another digest may still arrive and set it.
    if (record !== undefined && record.change.number < change.number) record.digest = null;
  }
  if (known !== undefined && known.change.number > change.number) {
    known.lastDelete = lastDelete;
    return false;
  }
  const arrivedAt = known?.arrivedAt ?? null;
  replica.manifests.set(key, { repository, manifest, present: false, change, lastDelete, arrivedAt, deletedAt: at });
  return known?.present ?? false;
}

export function removeTag(replica: Replica, change: Change): boolean {
  return setTag(replica, change, change.tag, null);
}

export function storeBlobs(replica: Replica, { repository, manifest }: Change): void {
  for (const blob of manifest.blobs) replica.blobs.set(toManifestKey(repository, blob.digest), blob);
}

export function hasManifest(replica: Replica, repository: string, digest: string): boolean {
  return replica.manifests.get(toManifestKey(repository, digest))?.present ?? false;
}

export function hasBlob(replica: Replica, repository: string, digest: string): boolean {
  return replica.blobs.has(toManifestKey(repository, digest));
}

/** Whether it can be pulled completely: the manifest, every child of an index, and their configs and layers. */
export function isComplete(replica: Replica, repository: string, manifest: Manifest): boolean {
  return (
    hasManifest(replica, repository, manifest.digest) &&
    manifest.blobs.every((blob) => hasBlob(replica, repository, blob.digest)) &&
    manifest.children.every((child) => isComplete(replica, repository, child))
  );
}

/** The digest that the tag points at here; null for none. */
export function resolveTag(replica: Replica, repository: string, tag: string): string | null {
  return replica.tags.get(toTagKey(repository, tag))?.digest ?? null;
}

/** The tags that point at this digest here, in alphabetical order. */
export function listTags(replica: Replica, repository: string, digest: string): string[] {
  const prefix = toTagKey(repository, '');
  return [...replica.tags]
    .filter(([key, record]) => key.startsWith(prefix) && record.digest === digest)
    .map(([key]) => key.slice(prefix.length))
    .sort();
}

function setTag(replica: Replica, change: Change, tag: string | null, digest: string | null): boolean {
  if (tag === null) return false;
  const key = toTagKey(change.repository, tag);
  const known = replica.tags.get(key);
  if (known !== undefined && known.change.number > change.number) return false;
  replica.tags.set(key, { digest, change });
  return true;
}
