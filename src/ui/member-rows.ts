/** Rows of manifests that an index lists, as a search by digest finds them: which index, which platform, how it is. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { Listed } from './registry-counts.ts';
import { orNone } from './registry-counts.ts';
import type { Ask } from './screen.ts';

/** Each costs a request. */
const maxAsked = 5;

/** Adds to each member what its index says: its platform, and whether the index is delayed. */
export async function withIndexes(ask: Ask, images: readonly Listed[]): Promise<readonly Listed[]> {
  let asked = 0;
  return Promise.all(
    images.map(async (image) => {
      const [index] = image.memberOf ?? [];
      if (index === undefined || ++asked > maxAsked) return image;
      const name = `${image.registry}/${image.repository}@${index}`;
      const document = await orNone(ask<AvailabilityDocument>('availability', { image: name }));
      const platform = document?.members?.find(({ digest }) => digest === image.digest)?.platform ?? null;
      // The tracker measures delays of indexes, not of their members.
      const delayed = image.delayed || document?.delayed === true;
      return { ...image, delayed, partOf: { index, platform } };
    }),
  );
}
