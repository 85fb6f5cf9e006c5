/**
 * A delete that names no digest: of a whole repository or, with a tag, of that tag. What a registry sends for either is
 * documented nowhere, so it proves nothing: what is known of these images in that region becomes doubtful, and counts again
 * once it is seen to be there. Events come late: what is known of them only elsewhere is marked as well, so that an older push
 * from that region is no proof either.
 */

import type { Delivery, RepositoryDelete } from '../image/delivery.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { ImageIndex } from '../store/ports.ts';
import type { ReadTag } from '../store/read-tag.ts';

const pageSize = 100;
const maxAtOnce = 16;

/** Fails with an `UpstreamError`; what was marked stays marked, and doing it again changes nothing. */
export async function markDoubtful(
  deps: {
    readonly index: ImageIndex;
    readonly readTag: ReadTag;
    record(delivery: Delivery): Promise<unknown>;
  },
  deleted: RepositoryDelete,
): Promise<void> {
  const { registry, repository, tag, region, ...told } = deleted;
  const fact = { ...told, region, tag, mediaType: undefined };
  if (tag !== undefined) {
    const images = await deps.readTag({ registry, repository, tag });
    await Promise.all(images.map(({ name }) => deps.record({ name, fact: { ...fact, kind: 'untag' } })));
    return;
  }
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await deps.index.page({ registry, repository, list: 'all', cursor, limit: pageSize });
    for (const some of inChunks(page.entries, maxAtOnce)) {
      await Promise.all(some.map(({ name }) => deps.record({ name, fact: { ...fact, kind: 'doubt' } })));
    }
    cursor = page.next;
  }
}
