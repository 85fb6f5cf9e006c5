/**
 * A tag was pushed with a digest: every other digest it was pushed with before has lost it. Each digest keeps its own
 * account of its tags, so that of two pushes that cross, both sides come to the same end whoever looks first.
 */

import type { ImageName, ImageRecord, TagProgress } from '../image/record.ts';
import { progressOf, tagPushes } from '../image/record.ts';
import type { TagCheck } from '../image/tag-progress.ts';
import type { TagPushes } from '../image/tag-pushes.ts';
import { isProbablyLater, isPushedLater, lastPush, latestPushes, pushIn, regionsLater } from '../image/tag-pushes.ts';
import type { Digest } from '../model/digest.ts';
import { isLater } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { TagIndex } from '../store/ports.ts';

/** Earlier digests compared: those before them were compared by these. More than one, for pushes that cross. */
const maxEarlier = 3;
/** Later digests compared until one is known to be the later one. */
const maxLater = 5;
/** Of those, the ones next to it, which may be the earlier ones by a clock that is some minutes off. */
const nearLater = 2;
/** How long a digest that was noted under the tag and cannot be found may still be about to be stored. */
const onItsWayMs = 600_000;

/**
 * Compares an image with the others that have had the tag, and notes in each what it has to know. Digests are noted under a
 * tag before they are stored; while one that cannot be found may still be on its way, the tag is looked at again: whoever
 * was the first to note a tag does not look at all, and relies on those who come later.
 */
export async function compareTag(
  { writer, tags }: { readonly writer: ImageWriter; readonly tags: TagIndex },
  image: ImageRecord,
  tag: Tag,
  now: number,
): Promise<void> {
  const { registry, repository, digest } = image.name;
  const at = lastPush(tagPushes(image, tag));
  // Older than all that its arrivals remember, it is no matter to any other.
  const digests = at === null ? [] : await tags.digests({ registry, repository, tag });
  const others = digests.filter((one) => one.digest !== digest);
  const later = others.filter(({ pushedAt }) => isLater(pushedAt, at));
  const earlier = others.filter(({ pushedAt }) => !isLater(pushedAt, at));
  const { compareWith, found } = comparison(writer, image, tag);

  // Of those that are later, the last that shares a region says all there is to say about this one; some were noted and
  // never stored.
  const near = later.slice(-nearLater);
  let count = 0;
  for (const other of later) {
    if (near.includes(other)) break;
    const order = await compareWith(other.digest);
    if (order !== 'not found') count++;
    if (order === 'known to be later' || count >= maxLater) break;
  }
  for (const other of [...near, ...earlier.slice(0, maxEarlier)]) await compareWith(other.digest);
  const { isOneOnItsWay, ...compared } = found();
  const isFinal = !isOneOnItsWay || now >= image.changedAt + onItsWayMs;
  await writer.submit(image.name, { kind: 'tagCompared', ...compared, isFinal });
}

/** What the comparison has found so far. */
interface Found extends Omit<TagCheck, 'isFinal'> {
  /** A digest that was noted under the tag is not stored yet. */
  readonly isOneOnItsWay: boolean;
}

type Order = 'known to be later' | 'compared' | 'not found';

interface Comparison {
  /** Compares with one other digest, and notes in both what they have to know. */
  compareWith(other: Digest): Promise<Order>;
  found(): Found;
}

function comparison(writer: ImageWriter, image: ImageRecord, tag: Tag): Comparison {
  const { registry, repository, digest } = image.name;
  let found: Found = {
    tag,
    seen: progressOf(image, tag),
    own: tagPushes(image, tag),
    others: {},
    isNewest: true,
    isOrdered: true,
    isOneOnItsWay: false,
  };

  /** Notes in this one what the other was pushed with. */
  async function tellOwn(other: Digest, pushes: TagPushes): Promise<void> {
    const { record } = await writer.submit(image.name, { kind: 'tagMoved', tag, to: other, pushes });
    const seen = record === undefined ? found.seen : progressOf(record, tag);
    found = { ...found, seen, own: record === undefined ? {} : tagPushes(record, tag) };
  }

  /** @returns what the other has been pushed with by now */
  async function tellOther(other: ImageName): Promise<TagPushes> {
    const { record } = await writer.submit(other, { kind: 'tagMoved', tag, to: digest, pushes: found.own });
    return record === undefined ? {} : tagPushes(record, tag);
  }

  async function compareWith(other: Digest): Promise<Order> {
    const record = await writer.read({ registry, repository, digest: other });
    const theirs = record === undefined ? {} : tagPushes(record, tag);
    if (record === undefined || lastPush(theirs) === null) {
      found = { ...found, isOneOnItsWay: true };
      return 'not found';
    }
    if (hasLeft(theirs, found.own)) await tellOwn(other, theirs);
    const isConcerned = concerns(found.own, theirs, image.name, progressOf(record, tag));
    const told = isConcerned ? await tellOther(record.name) : theirs;
    // It was pushed there again meanwhile.
    if (latestPushes(theirs, told) !== theirs) await tellOwn(other, told);
    const { own } = found;
    const isTheirsLater = isPushedLater(told, own);
    found = {
      ...found,
      others: latestPushes(found.others, told),
      // A guess is enough: it opens a round for this one, and closes none of the other's.
      isNewest: found.isNewest && isProbablyLater(own, told),
      isOrdered: found.isOrdered && (isTheirsLater || isPushedLater(own, told)),
    };
    return isTheirsLater ? 'known to be later' : 'compared';
  }

  return { compareWith, found: () => found };
}

/**
 * Also one that is still to arrive where this one has been has to know, one that took this for the newer one, and one of which
 * nobody can say yet whether it was the earlier one: the next region to report it may be the one that has reported both.
 */
function concerns(own: TagPushes, theirs: TagPushes, { digest }: ImageName, other: TagProgress | undefined): boolean {
  const isElsewhere = Object.keys(own).some((region) => pushIn(theirs, region) === null);
  const isMistaken = other?.movedTo === digest && isPushedLater(theirs, own);
  const isUnordered = !isPushedLater(own, theirs) && !isPushedLater(theirs, own);
  return hasLeft(own, theirs) || isMistaken || isUnordered || (isElsewhere && other?.state === 'open');
}

/** Whether a digest that was pushed there and then has taken the tag from the other, be it in one region. */
function hasLeft(pushes: TagPushes, other: TagPushes): boolean {
  return isPushedLater(pushes, other) || regionsLater(pushes, other).length > 0;
}
