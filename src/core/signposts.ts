/**
 * Everything by which an image is found again: the durable timer, the lists, the rows of its tags. They are laid before the
 * record says that there is something to find: a crash in between leaves a hint that leads nowhere, never a fact that
 * nobody follows.
 */
import type { Circumstances } from './circumstances.ts';
import type { EventTime } from './event-time.ts';
import type { ImageRecord } from './image.ts';
import { arrivalIn, arrivalRegions, imageState, lastTagged, progressOf, tagPushes } from './image.ts';
import { isTimerSet, nextWakeAt } from './next-wake.ts';
import { mayBeListed } from './open-images.ts';
import type { ImageIndex, IndexEntry, IndexList, TagIndex, WakeTimer } from './ports.ts';
import { everyList } from './ports.ts';
import type { Tag } from './reference.ts';
import { roundOf, tagChecked } from './tag-progress.ts';

export interface SignpostParts {
  readonly index: ImageIndex;
  readonly tags: TagIndex;
  readonly timer: WakeTimer;
}

export interface Signposts {
  /** For one write, however many attempts it takes: what has been laid is not laid again. */
  begin(): SignpostsOfWrite;
  /** Takes the image off the lists it has left. Only tidiness: readers check every entry against its record. */
  tidy(before: ImageRecord | undefined, after: ImageRecord, circumstances: Circumstances): void;
}

export interface SignpostsOfWrite {
  /** @returns the record to be written, which knows of its timer, and of tags that need not be looked at */
  lay(before: ImageRecord | undefined, after: ImageRecord, circumstances: Circumstances): Promise<ImageRecord>;
  /** Another writer was first: what was so when it was laid may not be so any more. */
  overtaken(): void;
}

export function signposts({ index, tags, timer }: SignpostParts): Signposts {
  function begin(): SignpostsOfWrite {
    const listed = new Set<string>();
    const noted = new Set<Tag>();
    /** Tags that no digest had before. */
    const firstTags = new Set<Tag>();
    let timerAt: number | undefined;

    function list(after: ImageRecord, lists: readonly IndexList[]): Promise<void>[] {
      const fresh = lists.filter((one) => !listed.has(`${one} ${after.firstSeenAt}`));
      for (const one of fresh) listed.add(`${one} ${after.firstSeenAt}`);
      return fresh.length === 0 ? [] : [index.add(entryOf(after), fresh)];
    }

    function noteTags(before: ImageRecord | undefined, after: ImageRecord): Promise<void>[] {
      const { registry, repository, digest } = after.name;
      return newTags(before, after)
        .filter(([tag]) => !noted.has(tag))
        .map(async ([tag, pushedAt]) => {
          noted.add(tag);
          if ((await tags.note({ registry, repository, tag }, digest, pushedAt)) === 'first') firstTags.add(tag);
        });
    }

    /** Sets the durable timer unless one is known to ring soon enough. */
    function ring(after: ImageRecord, circumstances: Circumstances): { wakeAt: number | null; work: Promise<void>[] } {
      const due = nextWakeAt(after, circumstances);
      const set = timerAt ?? after.wakeAt;
      if (due === null || isTimerSet(set, due, circumstances.now)) return { wakeAt: set, work: [] };
      timerAt = due;
      return { wakeAt: due, work: [timer.wake(after.name, due)] };
    }

    return {
      async lay(before, after, circumstances) {
        const lists: IndexList[] = [];
        if (before?.firstSeenAt !== after.firstSeenAt) lists.push('all');
        if (imageState(after, circumstances.set) === 'deleted') lists.push('deleted');
        if (after.delayedAt !== null && before?.delayedAt !== after.delayedAt) lists.push('delayed');
        const { wakeAt, work } = ring(after, circumstances);
        await Promise.all([...list(after, lists), ...noteTags(before, after), ...work]);
        // No digest had these before: there is none to compare it with. Later ones look for this one.
        return [...firstTags].reduce<ImageRecord>(
          (record, tag) =>
            tagChecked(record, {
              own: tagPushes(record, tag),
              tag,
              seen: progressOf(record, tag),
              others: {},
              isNewest: true,
              isFinal: true,
            }),
          { ...after, wakeAt },
        );
      },
      overtaken() {
        firstTags.clear();
        // The other may have taken the image off the lists, with the generation that it ended.
        listed.clear();
      },
    };
  }

  return {
    begin,
    tidy(before, after, { set, now }) {
      const state = imageState(after, set);
      const was = imageState(before, set);
      if (state === was && before?.firstSeenAt === after.firstSeenAt) return;
      const gone: IndexList[] = [];
      const isOver = state === 'available' || state === 'deleted';
      if (isOver && mayBeListed(after.firstSeenAt, now)) gone.push('replicating');
      if (isOver && after.delayedAt !== null) gone.push('delayed');
      // Whoever reads a list leaves out what no longer belongs there: a row that stays costs a read, and no answer.
      if (gone.length > 0) index.remove(entryOf(after), gone).catch(() => undefined);
      if (before !== undefined && before.firstSeenAt !== after.firstSeenAt) {
        index.remove(entryOf(before), everyList).catch(() => undefined);
      }
    },
  };
}

function entryOf(record: ImageRecord): IndexEntry {
  return { name: record.name, firstSeenAt: record.firstSeenAt };
}

/** Tags that are new to it, or have come back, with when each was last pushed in any region. */
function newTags(before: ImageRecord | undefined, after: ImageRecord): [Tag, EventTime][] {
  const known = tagsOf(before);
  const isNew = (tag: Tag) => !known.has(tag) || (before !== undefined && roundOf(after, tag) > roundOf(before, tag));
  return [...tagsOf(after)].filter(isNew).flatMap((tag): [Tag, EventTime][] => {
    const pushedAt = lastTagged(after, tag);
    return pushedAt === null ? [] : [[tag, pushedAt]];
  });
}

function tagsOf(record: ImageRecord | undefined): Set<Tag> {
  const regions = arrivalRegions(record);
  return new Set(regions.flatMap((region) => Object.keys(arrivalIn(record, region)?.tags ?? {}) as Tag[]));
}
