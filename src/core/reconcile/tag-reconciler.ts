/**
 * Has the tags of an image compared with the other digests that have had them: at once when something has come that could
 * change what they point to, and again by the image's timer for as long as that is open. Each tag is compared by one at a
 * time.
 */

import type { ImageRecord } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import { hasNewPush, roundOf } from '../image/tag-progress.ts';
import type { Tag } from '../model/reference.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { TagIndex } from '../store/ports.ts';
import { compareTag } from './compare-tag.ts';

interface TagReconciler {
  /** Tells every other digest of its unchecked tags that they have moved on, and this one if it is the older. Never fails. */
  compare(image: ImageRecord): Promise<void>;
  /** The same in the background, if the write has brought anything that was not compared before. */
  written(image: ImageRecord, before: ImageRecord | undefined): void;
}

export function tagReconciler(deps: {
  readonly tags: TagIndex;
  readonly writer: ImageWriter;
  readonly clock: Clock;
  readonly log: Log;
}): TagReconciler {
  const { tags, clock, log } = deps;
  /** Tags that are being compared, each with the image as it was last written since. */
  const comparing = new Map<string, ImageRecord | undefined>();

  async function compareOne(image: ImageRecord, tag: Tag): Promise<void> {
    const key = `${imageKey(image.name)} ${tag}`;
    const isUnderWay = comparing.has(key);
    comparing.set(key, image);
    // What has come since makes the comparison void: whoever makes it begins anew.
    if (isUnderWay) return;
    try {
      for (let latest: ImageRecord | undefined = image; latest !== undefined; latest = comparing.get(key)) {
        comparing.set(key, undefined);
        await compareTag({ writer: deps.writer, tags }, latest, tag, clock.now());
      }
    } catch (error) {
      log.warn('tag not compared, will retry', { image: imageKey(image.name), tag, error: describeError(error) });
    } finally {
      comparing.delete(key);
    }
  }

  async function compare(image: ImageRecord, all = image.uncomparedTags as Tag[]): Promise<void> {
    for (const tag of all) await compareOne(image, tag);
  }

  return {
    compare: (image) => compare(image),
    written(image, before) {
      const isKnown = (tag: Tag) =>
        before?.uncomparedTags.includes(tag) === true &&
        roundOf(before, tag) === roundOf(image, tag) &&
        !hasNewPush(before, image, tag);
      // The others are being compared by whoever has written them: with many tags, each write would compare all anew.
      void compare(
        image,
        (image.uncomparedTags as Tag[]).filter((tag) => !isKnown(tag)),
      );
    },
  };
}
