/**
 * Forgets images some time after they were deleted everywhere; what is still in some replica is never forgotten. Their
 * generation stays, so that what is pushed again is published under ids of its own. Only images on the list of deleted ones that
 * were first seen that long ago are read, so a run costs what is due, and those that were deleted since.
 */

import { lastTagged } from '../image/record.ts';
import type { Tag } from '../model/reference.ts';
import type { Registry } from '../model/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { ImageIndex, ImageStore, IndexEntry, TagIndex } from '../store/ports.ts';
import { everyList } from '../store/ports.ts';

interface RetentionDeps {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly tags: TagIndex;
  readonly clock: Clock;
  readonly writer: Pick<ImageWriter, 'submit'>;
}

const pageSize = 100;
const maxAtOnce = 10;
/** A run that meets a mountain leaves the rest to the next; the host ends it after five minutes. */
const maxRunMs = 240_000;

/** @returns how many images were forgotten */
export async function expireImages(
  deps: RetentionDeps,
  registries: readonly Registry[],
  retentionMs: number,
): Promise<number> {
  const { clock, index } = deps;
  const until = clock.now() + maxRunMs;
  let forgotten = 0;
  for (const { name: registry } of registries) {
    const before = clock.now() - retentionMs;
    let cursor: string | undefined;
    while (clock.now() < until) {
      const page = await index.page({ registry, list: 'deleted', before, cursor, limit: pageSize });
      for (const some of inChunks(page.entries, maxAtOnce)) {
        const done = await Promise.all(some.map((entry) => expireIfDue(deps, entry, before)));
        forgotten += done.filter(Boolean).length;
      }
      if (page.next === null) break;
      cursor = page.next;
    }
  }
  return forgotten;
}

async function expireIfDue(deps: RetentionDeps, entry: IndexEntry, unchangedSince: number): Promise<boolean> {
  const { store, index, tags, writer } = deps;
  const record = (await store.read(entry.name))?.record;
  if (record === undefined || record.firstSeenAt !== entry.firstSeenAt) {
    // Of a generation before, or of nothing at all.
    await index.remove(entry, everyList);
    return false;
  }
  if (record.expiredAt === null) {
    if (record.changedAt > unchangedSince) return false;
    const { record: left } = await writer.submit(entry.name, { kind: 'expire', unchangedSince });
    if (left !== undefined) return false;
  }
  // A run that ended here before has left the lists as they were; its tags lead to an image that is not known.
  await index.remove(entry, everyList);
  const { registry, repository, digest } = record.name;
  const named = new Set(Object.values(record.arrivals).flatMap((arrival) => Object.keys(arrival.tags))) as Set<Tag>;
  for (const tag of named) {
    const pushedAt = lastTagged(record, tag);
    // Pushed again since the record was forgotten, it has been noted anew.
    if (pushedAt !== null) await tags.forget({ registry, repository, tag }, digest, pushedAt);
  }
  return record.expiredAt === null;
}
