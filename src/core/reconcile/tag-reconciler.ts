/**
 * Compares the tags of an image with the other digests that have had them: at once after a write that could change which digest
 * a tag has, and by the image's timer while the comparison is open. One comparison at a time for each tag of an image.
 */

import type { ImageRecord } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import { hasNewPush, roundOf } from '../image/tag-progress.ts';
import type { Tag } from '../model/reference.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { TagDigests } from '../store/ports.ts';
import { compareTag } from './compare-tag.ts';

interface TagReconciler {
  /** Compares all tags that are not compared yet, and records in every digest which one is newer. Never fails. */
  compare(image: ImageRecord): Promise<void>;
  /** The same in the background, for tags that changed with this write. */
  written(image: ImageRecord, before: ImageRecord | undefined): void;
}

export function tagReconciler(deps: {
  readonly tags: TagDigests;
  readonly writer: ImageWriter;
  readonly clock: Clock;
  readonly log: Log;
}): TagReconciler {
  const { tags, clock, log } = deps;
  /** Tags that are being compared, each with the image as last written during the comparison. */
  const comparing = new Map<string, ImageRecord | undefined>();

  async function compareOne(image: ImageRecord, tag: Tag): Promise<void> {
    const key = `${imageKey(image.name)} ${tag}`;
    const isUnderWay = comparing.has(key);
    comparing.set(key, image);
    // The comparison under way starts again with this image.
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
      // Other tags are compared after the write that changed them: with many tags, each write would compare all again.
      void compare(
        image,
        (image.uncomparedTags as Tag[]).filter((tag) => !isKnown(tag)),
      );
    },
  };
}
