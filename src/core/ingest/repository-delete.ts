/**
 * A delete that names no digest: of a whole repository or, with a tag, of that tag. No documentation says when a registry sends
 * it, so it does not prove a deletion: the images become doubtful in that region, and count again when they are seen there. Images
 * that this region has not reported are marked as well, so that an older push that comes late does not count either.
 */

import type { Delivery, RepositoryDelete } from '../image/delivery.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { ImageLists } from '../store/ports.ts';
import type { ReadTag } from '../store/read-tag.ts';

const pageSize = 100;
const maxAtOnce = 16;

/** Fails with an `UpstreamError`; images that were marked stay marked, and a repeat changes nothing. */
export async function markDoubtful(
  deps: {
    readonly lists: ImageLists;
    readonly readTag: ReadTag;
    recordFact(delivery: Delivery): Promise<unknown>;
  },
  deleted: RepositoryDelete,
): Promise<void> {
  const { registry, repository, tag, region, ...rest } = deleted;
  const fact = { ...rest, region, tag, mediaType: undefined };
  if (tag !== undefined) {
    const images = await deps.readTag({ registry, repository, tag });
    await Promise.all(images.map(({ name }) => deps.recordFact({ name, fact: { ...fact, kind: 'untag' } })));
    return;
  }
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await deps.lists.page({ registry, repository, list: 'all', cursor, limit: pageSize });
    for (const some of inChunks(page.entries, maxAtOnce)) {
      await Promise.all(some.map(({ name }) => deps.recordFact({ name, fact: { ...fact, kind: 'doubt' } })));
    }
    cursor = page.next;
  }
}
