/** The documents of a list's images, with the tags that have diverged, which only the catalogue knows. */
import type { DivergedTag } from '../catalogue/entry.ts';
import type { CatalogueStore } from '../catalogue/ports.ts';
import type { AvailabilityDocument } from '../image/availability.ts';
import { describeImage } from '../image/availability.ts';
import type { ImageRecord } from '../image/record.ts';
import type { RefusedEvents } from '../image/refused-events.ts';
import { refusedEvents } from '../image/refused-events.ts';
import { tagsThatMayDiverge } from '../image/tag-progress.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { inChunks } from '../runtime/in-chunks.ts';

export interface ListedImage extends AvailabilityDocument {
  /** Tags whose newest digest this is, and that other regions resolve to another digest; left out if nothing is counted. */
  readonly divergedTags?: readonly DivergedTag[];
  /** Left out if the topic has accepted all events, as far as the record knows. */
  readonly unpublished?: RefusedEvents;
}

const readAtOnce = 32;

/**
 * Reads an entry of the catalogue for each image with a tag that may have diverged, and for no other.
 * Fails with an `UpstreamError`.
 */
export async function describeListed(
  catalogue: Pick<CatalogueStore, 'entry'> | undefined,
  records: readonly ImageRecord[],
  registry: Registry,
  set: ReplicaSet,
  now: number,
): Promise<ListedImage[]> {
  const documents: ListedImage[] = [];
  for (const some of inChunks(records, readAtOnce)) {
    const diverged = await divergedTagsOf(catalogue, some, set);
    documents.push(
      ...some.map((record, i) => ({
        ...describeImage(record, registry, set, now),
        ...(diverged === undefined ? {} : { divergedTags: diverged[i] ?? [] }),
        ...unpublishedOf(record),
      })),
    );
  }
  return documents;
}

function unpublishedOf(record: ImageRecord): Pick<ListedImage, 'unpublished'> {
  const unpublished = refusedEvents(record);
  return unpublished === undefined ? {} : { unpublished };
}

/** For each record, in their order; `undefined` if nothing is counted. */
export async function divergedTagsOf(
  catalogue: Pick<CatalogueStore, 'entry'> | undefined,
  records: readonly ImageRecord[],
  set: ReplicaSet,
): Promise<(readonly DivergedTag[])[] | undefined> {
  if (catalogue === undefined) return undefined;
  return Promise.all(
    records.map(async (record) => {
      if (tagsThatMayDiverge(record, set).length === 0) return [];
      return (await catalogue.entry(record.name))?.diverged ?? [];
    }),
  );
}
