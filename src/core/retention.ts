/**
 * Forgets finished images some time after their last change. Only images first seen that long ago are read, so a run
 * costs what is due, and the few old images that are not finished or have changed since.
 */
import type { ImageName, ImageRecord } from './image.ts';
import { hasPending, imageState, isUntoldComplete, lastTagged, withoutVoid } from './image.ts';
import type { Clock, ImageIndex, ImageStore, IndexEntry, StoredImage, TagIndex } from './ports.ts';
import { everyList } from './ports.ts';
import type { Tag } from './reference.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';

interface RetentionPorts {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly tags: TagIndex;
  readonly clock: Clock;
  /** Looks again at an image, and has told what has not been. */
  review(name: ImageName): Promise<void>;
}

const pageSize = 100;
const atOnce = 10;
/** A run that meets a mountain leaves the rest to the next; the host ends it after five minutes. */
const longestMs = 240_000;

/** @returns how many images were forgotten */
export async function expireImages(
  ports: RetentionPorts,
  registries: readonly Registry[],
  retentionMs: number,
  replicaSet: (registry: Registry) => ReplicaSet,
): Promise<number> {
  const { clock, store, index } = ports;
  const until = clock.now() + longestMs;
  let forgotten = 0;
  for (const registry of registries) {
    const before = clock.now() - retentionMs;
    let cursor: string | undefined;
    while (clock.now() < until) {
      const due = await index.page({ registry: registry.name, list: 'all', before, cursor, limit: pageSize });
      for (let from = 0; from < due.entries.length; from += atOnce) {
        const some = due.entries.slice(from, from + atOnce);
        forgotten += (await Promise.all(some.map((entry) => forgetIfDue(entry)))).filter(Boolean).length;
      }
      if (due.next === null) break;
      cursor = due.next;
    }

    async function forgetIfDue(entry: IndexEntry): Promise<boolean> {
      const stored = await store.read(entry.name);
      if (stored === undefined) await index.remove(entry, everyList);
      const set = replicaSet(registry);
      if (stored === undefined || !isFinished(stored.record, set, before)) return false;
      if (!isUntoldComplete(withoutVoid(stored.record, set), set)) return forget(ports, stored);
      // Told now, it is finished; its time begins.
      await ports.review(entry.name);
      return false;
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
  const tags = new Set(Object.values(record.arrivals).flatMap((arrival) => Object.keys(arrival.tags))) as Set<Tag>;
  for (const tag of tags) {
    const pushedAt = lastTagged(record, tag);
    // Pushed again since the record was removed, it has been noted anew.
    if (pushedAt !== null) await ports.tags.forget({ registry, repository, tag }, digest, pushedAt);
  }
  return true;
}
