/**
 * Reads an image with everything that the tracker knows of it. A report about a member of an index is written into the index's
 * record first and into the member's own record last. If the instance died in between, only the index's record has the report,
 * and the registry does not send the webhook again.
 */

import type { Fact } from '../image/arrival.ts';
import { factsOnlyInIndex } from '../image/family.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { unexpired } from '../image/record.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { ImageWriter } from './image-writer.ts';

/** Indexes that are read at the same time. A manifest that many builds share is listed by many. */
const readAtOnce = 16;

/**
 * Of a member, stores what only the records of its indexes have before it reads the member's own record again. That costs one more
 * read for each index. Of any other image, reads the record alone. Fails with an `UpstreamError`.
 * @returns `undefined` if there is no record, or if it has expired
 */
export async function readWithIndexes(
  writer: Pick<ImageWriter, 'read' | 'readStored' | 'submit'>,
  name: ImageName,
): Promise<ImageRecord | undefined> {
  // A record without the last push of a member may have expired.
  const record = await writer.readStored(name);
  const facts = record === undefined ? [] : await readFactsOnlyInIndexes(writer, record);
  if (facts.length === 0) return unexpired(record);
  await Promise.all(facts.map((fact) => writer.submit(name, { kind: 'fact', fact })));
  return writer.read(name);
}

async function readFactsOnlyInIndexes(writer: Pick<ImageWriter, 'read'>, record: ImageRecord): Promise<Fact[]> {
  const { name, arrivals, memberOf = [] } = record;
  const facts: Fact[] = [];
  for (const some of inChunks(memberOf, readAtOnce)) {
    const indexes = await Promise.all(some.map((digest) => writer.read({ ...name, digest })));
    facts.push(...indexes.flatMap((index) => factsOnlyInIndex(arrivals, index?.family?.reported[name.digest] ?? {})));
  }
  return facts;
}
