/** Tags of an image that regions have resolved to different digests for longer than a push lasts. */
import type { DecisionContext } from '../image/context.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { tagsThatMayDiverge } from '../image/tag-progress.ts';
import { tagPointers, tagState } from '../image/tag-resolution.ts';
import type { Registry } from '../model/registry.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { ReadTag } from '../store/read-tag.ts';
import type { DivergedTag } from './entry.ts';

export interface TagDeps {
  readonly readTag: ReadTag;
  registryOf(name: ImageName): Registry;
  decisionContext(registry: Registry): DecisionContext;
}

/** Tags checked per image. */
const maxTags = 10;

/** @param record the record that is counted */
export async function divergedTags(deps: TagDeps, record: ImageRecord | undefined): Promise<DivergedTag[]> {
  if (record === undefined) return [];
  const { registry, repository, digest } = record.name;
  const { set, policy, now } = deps.decisionContext(deps.registryOf(record.name));
  const regions = expectedRegions(set);
  const found = await Promise.all(
    tagsThatMayDiverge(record, set)
      .slice(-maxTags)
      .map(async (tag): Promise<DivergedTag[]> => {
        const pointers = tagPointers(tag, await deps.readTag({ registry, repository, tag }));
        if (pointers.newest?.digest !== digest) return [];
        if (tagState(pointers, regions, now, policy.delayedAfterMs) !== 'diverged') return [];
        const held = regions.filter((region) => {
          const pointer = pointers.regions.get(region);
          return pointer !== undefined && pointer.digest !== digest;
        });
        return [{ tag, regions: held }];
      }),
  );
  return found.flat();
}
