/** What reconciling needs: how far it has come. Every method fails with an `UpstreamError`. */

/** How far the images that are not everywhere have been looked at for a set of replicas. */
export interface ReconcileCheckpoint {
  /** Names the set, as far as it decides what is everywhere. */
  readonly set: string;
  /** Where the lists go on; `null` once all have been looked at. */
  readonly cursor: string | null;
  /** Whether more is asked of an image than before: then those that were everywhere are looked at as well. */
  readonly isGrown?: boolean;
}

/** Remembers it, so that a review goes on when the instance that makes it dies. */
export interface CheckpointStore {
  load(registry: string): Promise<ReconcileCheckpoint | undefined>;
  save(registry: string, note: ReconcileCheckpoint): Promise<void>;
}
