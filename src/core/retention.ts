/**
 * Forgets finished images some time after their last change. Every image has one entry in the order of expiry, so a
 * run reads what is due and nothing else. An image that is not finished, or changed since, gets a new date.
 */
import type { ImageRecord } from './image.ts';
import { imageState } from './image.ts';
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
const dayMs = 86_400_000;

/** @returns how many images were forgotten */
export async function expireImages(
  ports: RetentionPorts,
  registries: readonly Registry[],
  retentionMs: number,
  replicaSet: (registry: Registry) => ReplicaSet,
): Promise<number> {
  let forgotten = 0;
  for (const registry of registries) {
    const now = ports.clock.now();
    for (let page = 0; page < mostPages; page++) {
      const due = await ports.index.expired(registry.name, now, pageSize);
      for (const { name, at } of due) {
        const stored = await ports.store.read(name);
        if (stored !== undefined && isFinished(stored.record, replicaSet(registry), now - retentionMs)) {
          if (!(await forget(ports, stored))) continue;
          forgotten++;
        } else if (stored !== undefined) {
          await ports.index.addExpiry(name, Math.max(stored.record.changedAt + retentionMs, now + dayMs));
        }
        await ports.index.removeExpiry(name, at);
      }
      if (due.length < pageSize) break;
    }
  }
  return forgotten;
}

function isFinished(record: ImageRecord, set: ReplicaSet, unchangedSince: number): boolean {
  const state = imageState(record, set);
  return (
    record.pending.length === 0 && record.changedAt <= unchangedSince && (state === 'available' || state === 'deleted')
  );
}

async function forget(ports: RetentionPorts, stored: StoredImage): Promise<boolean> {
  const { record } = stored;
  const { registry, repository, digest } = record.name;
  if ((await ports.store.remove(stored)) === 'conflict') return false;
  const entry = { name: record.name, firstSeenAt: record.firstSeenAt };
  await ports.index.remove(entry, ['all', 'replicating', 'delayed', 'deleted']);
  const tags = new Set(Object.values(record.arrivals).flatMap((arrival) => Object.keys(arrival.tags)));
  for (const tag of tags) await ports.tags.forget({ registry, repository, tag: tag as Tag }, digest);
  return true;
}
