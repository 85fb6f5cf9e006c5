/**
 * Compares the digests of a tag: when a tag is pushed with a digest, every digest that had it before has lost it. Each digest's
 * record has the pushes of its tags, so that after two pushes at the same time both records get the same result, whichever
 * is compared first.
 */

import type { ImageName, ImageRecord, TagProgress } from '../image/record.ts';
import { progressOf, tagPushes } from '../image/record.ts';
import type { TagComparison } from '../image/tag-progress.ts';
import type { TagPushes } from '../image/tag-pushes.ts';
import { isProbablyLater, isPushedLater, lastPush, latestPushes, pushIn, regionsLater } from '../image/tag-pushes.ts';
import type { Digest } from '../model/digest.ts';
import { isLater } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { TagDigests } from '../store/ports.ts';

/** How many earlier digests are compared: they were compared with those before. More than one, for pushes at the same time. */
const maxEarlier = 3;
/** How many later digests are compared until one is known to be later. */
const maxLater = 5;
/** Of those, how many next to it are always compared: they may be earlier in truth, if a clock is some minutes off. */
const nearLater = 2;
/** How long after it is listed under the tag the record of a digest may still be about to be stored. */
const maxStoreDelayMs = 600_000;

/**
 * Compares an image with the others that have had the tag, and records the result in each. A digest is listed under the tag
 * before its record is stored. While a listed record is missing and may still be stored, the comparison stays open and is made
 * again: the first digest of a tag is not compared, and relies on the comparison by later ones.
 */
export async function compareTag(
  { writer, tags }: { readonly writer: ImageWriter; readonly tags: TagDigests },
  image: ImageRecord,
  tag: Tag,
  now: number,
): Promise<void> {
  const { registry, repository, digest } = image.name;
  const at = lastPush(tagPushes(image, tag));
  // `null`: its arrivals no longer have the push of the tag, so it cannot be compared.
  const digests = at === null ? [] : await tags.digests({ registry, repository, tag });
  const others = digests.filter((one) => one.digest !== digest);
  const later = others.filter(({ pushedAt }) => isLater(pushedAt, at));
  const earlier = others.filter(({ pushedAt }) => !isLater(pushedAt, at));
  const { compareWith, found } = comparison(writer, image, tag);

  // From the latest on: one later digest with a push in a common region is enough. Some were listed and never stored.
  const near = later.slice(-nearLater);
  let count = 0;
  for (const other of later) {
    if (near.includes(other)) break;
    const order = await compareWith(other.digest);
    if (order !== 'not found') count++;
    if (order === 'known to be later' || count >= maxLater) break;
  }
  for (const other of [...near, ...earlier.slice(0, maxEarlier)]) await compareWith(other.digest);
  const { isOneUnstored, ...compared } = found();
  const isComplete = !isOneUnstored || now >= image.changedAt + maxStoreDelayMs;
  await writer.submit(image.name, { kind: 'tagCompared', ...compared, isComplete });
}

/** What the comparison has found so far. */
interface ComparedSoFar extends Omit<TagComparison, 'isComplete'> {
  /** Whether a digest that is listed under the tag has no record yet. */
  readonly isOneUnstored: boolean;
}

type Order = 'known to be later' | 'compared' | 'not found';

interface Comparison {
  /** Compares with one other digest, and records the result in both. */
  compareWith(other: Digest): Promise<Order>;
  found(): ComparedSoFar;
}

function comparison(writer: ImageWriter, image: ImageRecord, tag: Tag): Comparison {
  const { registry, repository, digest } = image.name;
  let found: ComparedSoFar = {
    tag,
    seen: progressOf(image, tag),
    own: tagPushes(image, tag),
    others: {},
    isNewest: true,
    isOrdered: true,
    isOneUnstored: false,
  };

  /** Records the other's pushes in this image. */
  async function recordInThis(other: Digest, pushes: TagPushes): Promise<void> {
    const { record } = await writer.submit(image.name, { kind: 'tagMoved', tag, to: other, pushes });
    const seen = record === undefined ? found.seen : progressOf(record, tag);
    found = { ...found, seen, own: record === undefined ? {} : tagPushes(record, tag) };
  }

  /** Records this image's pushes in the other. @returns the other's pushes as stored then */
  async function recordInOther(other: ImageName): Promise<TagPushes> {
    const { record } = await writer.submit(other, { kind: 'tagMoved', tag, to: digest, pushes: found.own });
    return record === undefined ? {} : tagPushes(record, tag);
  }

  async function compareWith(other: Digest): Promise<Order> {
    const record = await writer.read({ registry, repository, digest: other });
    const theirs = record === undefined ? {} : tagPushes(record, tag);
    if (record === undefined || lastPush(theirs) === null) {
      found = { ...found, isOneUnstored: true };
      return 'not found';
    }
    if (hasLeft(theirs, found.own)) await recordInThis(other, theirs);
    const isConcerned = concerns(found.own, theirs, image.name, progressOf(record, tag));
    const latest = isConcerned ? await recordInOther(record.name) : theirs;
    // The other was pushed again meanwhile.
    if (latestPushes(theirs, latest) !== theirs) await recordInThis(other, latest);
    const { own } = found;
    const isTheirsLater = isPushedLater(latest, own);
    found = {
      ...found,
      others: latestPushes(found.others, latest),
      // Probably is enough: it opens a round for this image and closes none of the other's.
      isNewest: found.isNewest && isProbablyLater(own, latest),
      isOrdered: found.isOrdered && (isTheirsLater || isPushedLater(own, latest)),
    };
    return isTheirsLater ? 'known to be later' : 'compared';
  }

  return { compareWith, found: () => found };
}

/**
 * Whether this image's pushes must be recorded in the other: it has lost the tag to this one somewhere; or the other has
 * recorded this one as newer and is newer itself; or their order is not known, and the next report may come from a region that
 * has reported both; or the tag is still the other's, and the other has not arrived in a region where this one has.
 */
function concerns(own: TagPushes, theirs: TagPushes, { digest }: ImageName, other: TagProgress | undefined): boolean {
  const isElsewhere = Object.keys(own).some((region) => pushIn(theirs, region) === null);
  const isMistaken = other?.movedTo === digest && isPushedLater(theirs, own);
  const isUnordered = !isPushedLater(own, theirs) && !isPushedLater(theirs, own);
  const hasNotMoved = other?.state === 'open' || other?.state === 'converged';
  return hasLeft(own, theirs) || isMistaken || isUnordered || (isElsewhere && hasNotMoved);
}

/** Whether the other has lost the tag to a digest with these pushes, in one region at least. */
function hasLeft(pushes: TagPushes, other: TagPushes): boolean {
  return isPushedLater(pushes, other) || regionsLater(pushes, other).length > 0;
}
