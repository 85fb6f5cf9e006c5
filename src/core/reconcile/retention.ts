/**
 * Forgets images some time after they were deleted everywhere; an image that a replica still has is never forgotten. The
 * generation number is kept, so that an image that is pushed again has new event ids. A run reads only images on the list of
 * deleted ones that were first seen before that time, so it costs a read for each that is due or was deleted since.
 */

import { lastTagged, tagsOf } from '../image/record.ts';
import type { Registry } from '../model/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { ImageLists, ImageStore, ListEntry, TagDigests } from '../store/ports.ts';
import { everyList } from '../store/ports.ts';

interface RetentionDeps {
  readonly store: ImageStore;
  readonly lists: ImageLists;
  readonly tags: TagDigests;
  readonly clock: Clock;
  readonly writer: Pick<ImageWriter, 'submit'>;
}

const pageSize = 100;
const maxAtOnce = 10;
/** A run leaves the rest to the next one after this time: the host ends a function after five minutes. */
const maxRunMs = 240_000;

/** @returns how many images were forgotten */
export async function expireImages(
  deps: RetentionDeps,
  registries: readonly Registry[],
  retentionMs: number,
): Promise<number> {
  const { clock, lists } = deps;
  const until = clock.now() + maxRunMs;
  let forgotten = 0;
  for (const { name: registry } of registries) {
    const before = clock.now() - retentionMs;
    let cursor: string | undefined;
    while (clock.now() < until) {
      const page = await lists.page({ registry, list: 'deleted', before, cursor, limit: pageSize });
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

async function expireIfDue(deps: RetentionDeps, entry: ListEntry, unchangedSince: number): Promise<boolean> {
  const { store, lists, tags, writer } = deps;
  const record = (await store.read(entry.name))?.record;
  if (record === undefined || record.firstSeenAt !== entry.firstSeenAt) {
    // The entry is of an earlier generation, or has no record.
    await lists.remove(entry, everyList);
    return false;
  }
  if (record.expiredAt === null) {
    if (record.changedAt > unchangedSince) return false;
    const { record: left } = await writer.submit(entry.name, { kind: 'expire', unchangedSince });
    if (left !== undefined) return false;
  }
  // Also for a record that an earlier run has expired: that run may have died before it removed lists and tags.
  await lists.remove(entry, everyList);
  const { registry, repository, digest } = record.name;
  for (const tag of tagsOf(record)) {
    const pushedAt = lastTagged(record, tag);
    // `forget()` keeps the tag if it was pushed again meanwhile.
    if (pushedAt !== null) await tags.forget({ registry, repository, tag }, digest, pushedAt);
  }
  return record.expiredAt === null;
}
