/**
 * Maintains everything by which an image is found: its durable timer, its entries in lists, and the rows of its tags. They are
 * written before the record: after a crash in between there is an entry without a record, never a record that no list or timer has.
 */
import type { DecisionContext } from '../image/context.ts';
import type { ImageRecord } from '../image/record.ts';
import { hasPending, isMember, isPartOfFamily, lastTagged, tagsOf, unexpired } from '../image/record.ts';
import { isTimerSet, nextRequeueAt } from '../image/requeue.ts';
import { imageState, isManifestDeleted, wasComplete } from '../image/state.ts';
import { roundOf } from '../image/tag-progress.ts';
import type { EventTime } from '../model/event-time.ts';
import type { Tag } from '../model/reference.ts';
import { mayBeListed } from './open-images.ts';
import type { ImageListName, ImageLists, ListEntry, ReconcileQueue, TagDigests } from './ports.ts';
import { everyList } from './ports.ts';

export interface ImageLookupsDeps {
  readonly lists: ImageLists;
  readonly tags: TagDigests;
  readonly timer: ReconcileQueue;
  /** `undefined` if images are not counted. */
  readonly counting?: {
    beforeWrite(before: ImageRecord | undefined, after: ImageRecord, decisionContext: DecisionContext): Promise<void>;
  };
}

interface ImageLookups {
  /** For one write with all its attempts: what was written for one attempt is not written again for the next. */
  begin(): WriteLookups;
  /**
   * After a write: removes the image from lists it does not belong to any more, and cancels a timer it does not need any more.
   * Failures do not matter: readers check each entry against its record, and a timer that fires needlessly changes nothing.
   */
  prune(before: ImageRecord | undefined, after: ImageRecord, decisionContext: DecisionContext): void;
}

/** What the record must store about its entries. */
interface LookupsWritten {
  /** When the durable timer fires; `null` if none is set. */
  readonly requeueAt: number | null;
  /** Tags that no digest had before this one. */
  readonly firstTags: readonly Tag[];
}

interface WriteLookups {
  writeAhead(
    before: ImageRecord | undefined,
    after: ImageRecord,
    decisionContext: DecisionContext,
  ): Promise<LookupsWritten>;
  /** To be called after a conflict: the other writer may have made entries of this one invalid. */
  conflict(): void;
}

export function imageLookups({ lists, tags, timer, counting }: ImageLookupsDeps): ImageLookups {
  function begin(): WriteLookups {
    const listed = new Set<string>();
    const noted = new Set<Tag>();
    const firstTags = new Set<Tag>();
    let timerAt: number | undefined;

    function list(after: ImageRecord, names: readonly ImageListName[]): Promise<void>[] {
      const fresh = names.filter((one) => !listed.has(`${one} ${after.firstSeenAt}`));
      for (const one of fresh) listed.add(`${one} ${after.firstSeenAt}`);
      return fresh.length === 0 ? [] : [lists.add(entryOf(after), fresh)];
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

    /**
     * Sets the durable timer, unless one is known to fire soon enough.
     * @returns when the timer fires. If nothing is due: `null` if this write made it so, by publishing the last event or by making
     * the image part of a family, since `prune` then cancels the timer; otherwise the timer that is known, which is left.
     */
    async function requeue(
      before: ImageRecord | undefined,
      after: ImageRecord,
      decisionContext: DecisionContext,
    ): Promise<number | null> {
      const due = nextRequeueAt(after, decisionContext);
      const set = timerAt ?? after.requeueAt;
      const isClaimed = isPartOfFamily(after) && (before === undefined || !isPartOfFamily(before));
      if (due === null) return isClaimed || (before !== undefined && hasPending(before)) ? null : set;
      if (isTimerSet(set, due, decisionContext.now)) return set;
      timerAt = await timer.add(after.name, due);
      return timerAt;
    }

    return {
      async writeAhead(before, after, decisionContext) {
        const count = counting?.beforeWrite(before, after, decisionContext);
        if (unexpired(after) === undefined) {
          await count;
          return { requeueAt: after.requeueAt, firstTags: [] };
        }
        const names: ImageListName[] = [];
        if (before?.firstSeenAt !== after.firstSeenAt) names.push('all');
        const state = imageState(after, decisionContext.set);
        if (state === 'deleted') names.push('deleted');
        // An image that replicates for the first time is listed once its first timer fires; see open-images.ts.
        const isReplicatingAgain = state === 'replicating' && wasComplete(after) && !isMember(after);
        const hasJustBecomeSo = isReplicatingAgain && imageState(before, decisionContext.set) !== state;
        if (hasJustBecomeSo) names.push('replicating');
        // It left the list `delayed` when it was complete.
        if (after.delayedAt !== null && (hasJustBecomeSo || before?.delayedAt !== after.delayedAt))
          names.push('delayed');
        const writes = [...list(after, names), ...noteTags(before, after), count];
        const [requeueAt] = await Promise.all([requeue(before, after, decisionContext), ...writes]);
        return { requeueAt, firstTags: [...firstTags] };
      },
      conflict() {
        firstTags.clear();
        // The other writer may have ended the generation, and removed its entries from the lists.
        listed.clear();
      },
    };
  }

  return {
    begin,
    prune(before, after, { set, now }) {
      if (unexpired(after) === undefined) return;
      // A timer whose time has come is being run already.
      if (before?.requeueAt != null && after.requeueAt === null && before.requeueAt > now) {
        // If it fires all the same, the image is evaluated once without need.
        timer.cancel(after.name, before.requeueAt).catch(() => undefined);
      }
      const state = imageState(after, set);
      const was = imageState(before, set);
      if (state === was && before?.firstSeenAt === after.firstSeenAt) return;
      const left: ImageListName[] = [];
      // An index whose members were deleted may be replicating again in this generation.
      const isOver = state === 'available' || isManifestDeleted(after, set);
      if (was === 'deleted' && before?.firstSeenAt === after.firstSeenAt) left.push('deleted');
      if (isOver && mayBeListed(after.firstSeenAt, now)) left.push('replicating');
      if (isOver && after.delayedAt !== null) left.push('delayed');
      // Readers check each entry against its record: one that is left over costs a read.
      if (left.length > 0) lists.remove(entryOf(after), left).catch(() => undefined);
      if (before !== undefined && before.firstSeenAt !== after.firstSeenAt) {
        // As above: readers skip entries of an earlier generation.
        lists.remove(entryOf(before), everyList).catch(() => undefined);
      }
    },
  };
}

function entryOf(record: ImageRecord): ListEntry {
  return { name: record.name, firstSeenAt: record.firstSeenAt };
}

/** Tags that are new to the image or have come back, with the last push of each in any region. */
function newTags(before: ImageRecord | undefined, after: ImageRecord): [Tag, EventTime][] {
  const known = tagsOf(before);
  const isNew = (tag: Tag) => !known.has(tag) || (before !== undefined && roundOf(after, tag) > roundOf(before, tag));
  return [...tagsOf(after)].filter(isNew).flatMap((tag): [Tag, EventTime][] => {
    const pushedAt = lastTagged(after, tag);
    return pushedAt === null ? [] : [[tag, pushedAt]];
  });
}
