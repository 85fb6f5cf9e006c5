/**
 * Fills tables with finished images, through the same adapters that the tracker writes with, so that the rows are those
 * it would have written. By deliveries it would take an hour: here one image that went the whole way is copied under
 * other names, and the rows go in large transactions.
 */
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { tableImageLists } from '../../src/adapters/table-storage/image-lists.ts';
import { tableImageStore } from '../../src/adapters/table-storage/image-store.ts';
import { rowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import { tableTagDigests } from '../../src/adapters/table-storage/tag-digests.ts';
import type { ImageRecord } from '../../src/core/image/record.ts';
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import { openSubject } from '../subject.ts';
import { deliveryOf, keepInFlight, regionsOf } from '../workload.ts';

const regions = regionsOf(3);
const atOnce = 64;
/** So many wait for their transactions together. */
const listedAtOnce = 2_000;

/**
 * @param names of the tables, as for `openSubject`
 * @throws Error when a tracker on these tables does not know the images
 */
export async function fillTables(storage: string, names: string, images: number): Promise<void> {
  const account = { kind: 'connectionString', connectionString: storage } as const;
  const open = (name: string) => table(tableClient(account, `${name}${names}`));
  const store = tableImageStore(open('Images'));
  const indexTable = open('Index');
  const indexRows = rowBatches(indexTable);
  const index = tableImageLists(indexTable, indexRows);
  const tags = tableTagDigests(indexTable, indexRows);
  const subject = openSubject(storage, regions, names);
  const model = deliveryOf('filled', 0, defined(regions[0]));
  for (const region of regions) await subject.tracker.receive(deliveryOf('filled', 0, region));
  await subject.counter.quiet();
  const finished = await store.read(model.name);
  if (finished === undefined) throw new Error(`the tracker keeps its images elsewhere than in Images${names}`);

  const tagOf = (image: number) => defined(deliveryOf('filled', image, defined(regions[0])).fact.tag);
  const recordOf = (image: number): ImageRecord => {
    const { name } = deliveryOf('filled', image, defined(regions[0]));
    const text = JSON.stringify(finished.record).replaceAll(tagOf(0), tagOf(image));
    // Other images have been seen before it, one a minute.
    return { ...(JSON.parse(text) as ImageRecord), name, firstSeenAt: finished.record.firstSeenAt - image * 60_000 };
  };
  const numbers = Array.from({ length: images - 1 }, (_, i) => i + 1);
  await keepInFlight(numbers, atOnce, (image) => store.commit({ record: recordOf(image), basedOn: undefined }));
  await keepInFlight(numbers, listedAtOnce, async (image) => {
    const { name, fact } = deliveryOf('filled', image, defined(regions[0]));
    const { registry, repository, digest } = name;
    await index.add({ name, firstSeenAt: finished.record.firstSeenAt - image * 60_000 }, ['all']);
    await tags.note({ registry, repository, tag: tagOf(image) }, digest, fact.eventTime);
  });
  await checkFilled(openSubject(storage, regions, names).tracker, images);
}

/** Tables filled under a name that no store reads would look like tables that cost nothing. */
async function checkFilled(tracker: Tracker, images: number): Promise<void> {
  const registry = defined(tracker.registries[0]);
  const { repository, digest } = deliveryOf('filled', images - 1, defined(regions[0])).name;
  const requirement = defaultRequirement(tracker.replicaSet(registry));
  const document = await tracker.answer({ registry, repository, digest, tag: undefined }, requirement);
  const page = { registry, repository: undefined, state: undefined, region: undefined, missing: false } as const;
  const { images: listed } = await tracker.images({ ...page, limit: 2, cursor: undefined });
  if (document.state !== 'available' || listed.length !== 2) {
    throw new Error(`after filling, an image is ${document.state} and ${listed.length} are listed`);
  }
}

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the model image is made of everything that an image has');
  return value;
}
