/**
 * A tag was pushed with a digest: every other digest it was pushed with before has lost it. Each digest keeps its own
 * account of its tags, so that of two pushes that cross, both sides come to the same end whoever looks first.
 */
import type { ImageRecord } from './image.ts';
import { lastTagged } from './image.ts';
import type { ImageWriter } from './image-writer.ts';
import type { TagIndex } from './ports.ts';
import type { Tag } from './reference.ts';
import { roundOf } from './tag-progress.ts';

/** Earlier digests looked at: those before them were told by these. More than one, for pushes that cross. */
const mostEarlier = 3;
/**
 * A digest is noted under its tag before it is stored. While one that cannot be found may still be on its way, the tag is
 * looked at again: whoever was the first to note a tag does not look at all, and relies on those who come later.
 */
const onItsWayMs = 600_000;
/** That it was looked at may wait for the next write of the image. */
const patienceMs = 10_000;

export async function settleTag(
  parts: { readonly writer: ImageWriter; readonly tags: TagIndex },
  image: ImageRecord,
  tag: Tag,
  now: number,
): Promise<void> {
  const { writer } = parts;
  const { registry, repository, digest } = image.name;
  const at = lastTagged(image, tag);
  if (at === null) return;
  const digests = await parts.tags.digests({ registry, repository, tag });
  const others = digests.filter((one) => one.digest !== digest);
  const earlier = others.filter(({ pushedAt }) => pushedAt <= at).slice(0, mostEarlier);
  let isOneOnItsWay = false;
  // Of those that are newer, the newest says all there is to say about this one.
  for (const other of [...others.filter(({ pushedAt }) => pushedAt > at).slice(0, 1), ...earlier]) {
    const record = await writer.read({ registry, repository, digest: other.digest });
    const otherAt = record === undefined ? null : lastTagged(record, tag);
    if (record === undefined || otherAt === null) isOneOnItsWay = true;
    if (record === undefined || otherAt === null || otherAt === at) continue;
    const [older, newer, time] = otherAt < at ? [record, image, at] : [image, record, otherAt];
    const { record: told } = await writer.submit(older.name, {
      kind: 'tagMoved',
      tag,
      to: newer.name.digest,
      at: time,
    });
    const backAt = told === undefined ? null : lastTagged(told, tag);
    // It was pushed there again meanwhile, before it heard that it had moved: then the other has lost it.
    if (backAt !== null && backAt > time) {
      await writer.submit(newer.name, { kind: 'tagMoved', tag, to: older.name.digest, at: backAt });
    }
  }
  if (isOneOnItsWay && now < image.changedAt + onItsWayMs) return;
  const step = { kind: 'tagChecked', tag, round: roundOf(image, tag) } as const;
  void writer.submitWithin(image.name, step, patienceMs).catch(() => {
    // It stays unchecked, and its timer has it looked at once more.
  });
}
