import type { ImageName, ImageRecord } from '../image/record.ts';
import type { TagName } from '../image/tag-name.ts';
import type { TagIndex } from './ports.ts';

/**
 * Digests read to see where a tag points. A region that points at one of the newest is found among them; one that is
 * further behind than that is behind.
 */
const maxCandidates = 20;

/** The images that the tag was pushed with last, newest first. Fails with an `UpstreamError`. */
export type ReadTag = (name: TagName) => Promise<ImageRecord[]>;

export function tagReader(
  tags: Pick<TagIndex, 'digests'>,
  readImage: (name: ImageName) => Promise<ImageRecord | undefined>,
): ReadTag {
  return async (name) => {
    const { registry, repository } = name;
    const digests = (await tags.digests(name)).slice(0, maxCandidates);
    const records = await Promise.all(digests.map(({ digest }) => readImage({ registry, repository, digest })));
    return records.filter((candidate) => candidate !== undefined);
  };
}
