/**
 * A tag was pushed with a digest: every other digest it was pushed with before has lost it. Each digest keeps its own
 * account of its tags, so that of two pushes that cross, both sides come to the same end whoever looks first.
 */
import type { Digest } from './digest.ts';
import { isLater } from './event-time.ts';
import type { ImageName, ImageRecord, TagProgress } from './image.ts';
import { progressOf, tagPushes } from './image.ts';
import type { ImageWriter } from './image-writer.ts';
import type { TagIndex } from './ports.ts';
import type { Tag } from './reference.ts';
import type { TagPushes } from './tag-order.ts';
import { isPushedLater, lastPush, latestPushes, pushIn, regionsLater } from './tag-order.ts';

/** Earlier digests looked at: those before them were told by these. More than one, for pushes that cross. */
const mostEarlier = 3;
/** How long a digest that was noted under the tag and cannot be found may still be about to be stored. */
const onItsWayMs = 600_000;

/**
 * Compares an image with the others that have had the tag, and notes in each what it has to know. Digests are noted under a
 * tag before they are stored; while one that cannot be found may still be on its way, the tag is looked at again: whoever
 * was the first to note a tag does not look at all, and relies on those who come later.
 */
export async function settleTag(
  parts: { readonly writer: ImageWriter; readonly tags: TagIndex },
  image: ImageRecord,
  tag: Tag,
  now: number,
): Promise<void> {
  const { writer } = parts;
  const { registry, repository, digest } = image.name;
  let own = tagPushes(image, tag);
  let seen = progressOf(image, tag);
  const at = lastPush(own);
  // Older than all that its arrivals remember, it is no matter to any other.
  const digests = at === null ? [] : await parts.tags.digests({ registry, repository, tag });
  const others = digests.filter((one) => one.digest !== digest);
  const later = others.filter(({ pushedAt }) => isLater(pushedAt, at));
  const earlier = others.filter(({ pushedAt }) => !isLater(pushedAt, at));

  /** @returns what it has been pushed with by now */
  async function tell(name: ImageName, to: Digest, pushes: TagPushes): Promise<TagPushes> {
    const { record } = await writer.submit(name, { kind: 'tagMoved', tag, to, pushes });
    if (record === undefined) return {};
    if (name === image.name) seen = progressOf(record, tag);
    return tagPushes(record, tag);
  }

  let isOneOnItsWay = false;
  let isNewest = true;
  let seenOthers: TagPushes = {};
  /** @returns whether it was found, with the tag */
  async function compareWith(other: Digest): Promise<boolean> {
    const record = await writer.read({ registry, repository, digest: other });
    const theirs = record === undefined ? {} : tagPushes(record, tag);
    if (record === undefined || lastPush(theirs) === null) {
      isOneOnItsWay = true;
      return false;
    }
    if (hasLeft(theirs, own)) own = await tell(image.name, other, theirs);
    const told = concerns(own, theirs, image.name, progressOf(record, tag))
      ? await tell(record.name, digest, own)
      : theirs;
    // It was pushed there again meanwhile.
    if (latestPushes(theirs, told) !== theirs) own = await tell(image.name, other, told);
    seenOthers = latestPushes(seenOthers, told);
    isNewest &&= isPushedLater(own, told);
    return true;
  }

  // Of those that are later, the last says all there is to say about this one; some were noted and never stored.
  for (const other of later) if (await compareWith(other.digest)) break;
  for (const other of earlier.slice(0, mostEarlier)) await compareWith(other.digest);
  const isFinal = !isOneOnItsWay || now >= image.changedAt + onItsWayMs;
  await writer.submit(image.name, { kind: 'tagChecked', tag, seen, own, others: seenOthers, isNewest, isFinal });
}

/** Also one that is still to arrive where this one has been has to hear of it, and one that took this for the newer one. */
function concerns(own: TagPushes, theirs: TagPushes, { digest }: ImageName, other: TagProgress | undefined): boolean {
  const isElsewhere = Object.keys(own).some((region) => pushIn(theirs, region) === null);
  const isMistaken = other?.movedTo === digest && isPushedLater(theirs, own);
  return hasLeft(own, theirs) || isMistaken || (isElsewhere && other?.state === 'open');
}

/** Whether a digest that was pushed there and then has taken the tag from the other, be it in one region. */
function hasLeft(pushes: TagPushes, other: TagPushes): boolean {
  return isPushedLater(pushes, other) || regionsLater(pushes, other).length > 0;
}
