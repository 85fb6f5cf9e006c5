/**
 * Has the tags of an image compared with the other digests that have had them: at once when something has come that could
 * change what they point to, and again by the image's timer for as long as that is open. Each tag is compared by one at a
 * time.
 */
import { describeError } from './errors.ts';
import type { ImageRecord } from './image.ts';
import { imageKey } from './image.ts';
import type { ImageWriter } from './image-writer.ts';
import type { Clock, Log, TagIndex } from './ports.ts';
import type { Tag } from './reference.ts';
import { settleTag } from './settle-tag.ts';
import { hasNewPush, roundOf } from './tag-progress.ts';

export interface TagChecks {
  /** Tells every other digest of its unchecked tags that they have moved on, and this one if it is the older. Never fails. */
  check(image: ImageRecord): Promise<void>;
  /** The same in the background, if the write has brought anything that was not compared before. */
  written(image: ImageRecord, before: ImageRecord | undefined): void;
}

export function tagChecks(parts: {
  readonly tags: TagIndex;
  readonly writer: () => ImageWriter;
  readonly clock: Clock;
  readonly log: Log;
}): TagChecks {
  const { tags, clock, log } = parts;
  /** Tags that are being compared, each with the image as it was last written since. */
  const comparing = new Map<string, ImageRecord | undefined>();

  async function compare(image: ImageRecord, tag: Tag): Promise<void> {
    const key = `${imageKey(image.name)} ${tag}`;
    const isUnderWay = comparing.has(key);
    comparing.set(key, image);
    // What has come since makes the comparison void: whoever makes it begins anew.
    if (isUnderWay) return;
    try {
      for (let latest: ImageRecord | undefined = image; latest !== undefined; latest = comparing.get(key)) {
        comparing.set(key, undefined);
        await settleTag({ writer: parts.writer(), tags }, latest, tag, clock.now());
      }
    } catch (error) {
      log.warn('tag not settled, later again', { image: imageKey(image.name), tag, error: describeError(error) });
    } finally {
      comparing.delete(key);
    }
  }

  async function check(image: ImageRecord): Promise<void> {
    for (const tag of image.uncheckedTags as Tag[]) await compare(image, tag);
  }

  return {
    check,
    written(image, before) {
      const isKnown = (tag: Tag) =>
        before?.uncheckedTags.includes(tag) === true &&
        roundOf(before, tag) === roundOf(image, tag) &&
        !hasNewPush(before, image, tag);
      if ((image.uncheckedTags as Tag[]).some((tag) => !isKnown(tag))) void check(image);
    },
  };
}
