import type { ImageName, ImageRecord } from '../image/record.ts';
import type { TagName } from '../image/tag-name.ts';
import type { TagDigests } from './ports.ts';

/**
 * How many digests are read to find where a tag points. A region whose digest is not among the newest ones is behind in any case.
 */
const maxCandidates = 20;

/** Reads the images that the tag was last pushed with, newest first. Fails with an `UpstreamError`. */
export type ReadTag = (name: TagName) => Promise<ImageRecord[]>;

export function tagReader(
  tags: Pick<TagDigests, 'digests'>,
  read: (name: ImageName) => Promise<ImageRecord | undefined>,
): ReadTag {
  return async (name) => {
    const { registry, repository } = name;
    const digests = (await tags.digests(name)).slice(0, maxCandidates);
    const records = await Promise.all(digests.map(({ digest }) => read({ registry, repository, digest })));
    return records.filter((candidate) => candidate !== undefined);
  };
}
