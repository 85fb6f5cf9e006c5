/**
 * Forgets finished images some time after their last change. Only images first seen that long ago are read, so a run
 * costs what is due, and the few old images that are not finished or have changed since.
 */
import type { ImageRecord } from './image.ts';
import { hasPending, imageState } from './image.ts';
import type { Clock, ImageIndex, ImageStore, StoredImage, TagIndex } from './ports.ts';
import type { Tag } from './reference.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';

interface RetentionPorts {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly tags: TagIndex;
  readonly clock: Clock;
}

const pageSize = 100;
/** A run that meets a mountain leaves the rest to the next run. */
const mostPages = 50;
const everyList = ['all', 'replicating', 'delayed', 'deleted'] as const;

/** @returns how many images were forgotten */
export async function expireImages(
  ports: RetentionPorts,
  registries: readonly Registry[],
  retentionMs: number,
  replicaSet: (registry: Registry) => ReplicaSet,
): Promise<number> {
  let forgotten = 0;
  for (const registry of registries) {
    const before = ports.clock.now() - retentionMs;
    let cursor: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const due = await ports.index.page({ registry: registry.name, list: 'all', before, cursor, limit: pageSize });
      for (const entry of due.entries) {
        const stored = await ports.store.read(entry.name);
        if (stored === undefined) await ports.index.remove(entry, everyList);
        else if (isFinished(stored.record, replicaSet(registry), before) && (await forget(ports, stored))) forgotten++;
      }
      if (due.next === null) break;
      cursor = due.next;
    }
  }
  return forgotten;
}

function isFinished(record: ImageRecord, set: ReplicaSet, unchangedSince: number): boolean {
  const state = imageState(record, set);
  return !hasPending(record) && record.changedAt <= unchangedSince && (state === 'available' || state === 'deleted');
}

async function forget(ports: RetentionPorts, stored: StoredImage): Promise<boolean> {
  const { record } = stored;
  const { registry, repository, digest } = record.name;
  if ((await ports.store.remove(stored)) === 'conflict') return false;
  const entry = { name: record.name, firstSeenAt: record.firstSeenAt };
  await ports.index.remove(entry, everyList);
  const tags = new Set(Object.values(record.arrivals).flatMap((arrival) => Object.keys(arrival.tags)));
  for (const tag of tags) await ports.tags.forget({ registry, repository, tag: tag as Tag }, digest);
  return true;
}
