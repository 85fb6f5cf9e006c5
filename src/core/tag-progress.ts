/** What becomes of a tag with one digest: opened by a push, closed once every expected region has it, or left behind. */
import type { Fact } from './arrival.ts';
import { hasTag, maxTags, mayHaveTag } from './arrival.ts';
import type { Digest } from './digest.ts';
import type { EventTime } from './event-time.ts';
import { isLater } from './event-time.ts';
import type { ImageRecord, TagProgress } from './image.ts';
import { arrivalIn, counts, lastTagged } from './image.ts';
import type { Tag } from './reference.ts';
import type { Region } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions } from './replica-set.ts';

/** A tag that is new to this digest, or has come back to it, opens a round; other digests have to hear of it. */
export function learnTag(
  record: ImageRecord,
  { kind, tag, eventTime }: Fact,
): Pick<ImageRecord, 'tags' | 'uncheckedTags'> {
  const { tags, uncheckedTags } = record;
  if (kind !== 'push' || tag === undefined) return { tags, uncheckedTags };
  const before = Object.hasOwn(tags, tag) ? tags[tag] : undefined;
  const isBack = before !== undefined && before.movedAt !== null && isLater(eventTime, before.movedAt);
  if (before !== undefined && !isBack) return { tags, uncheckedTags };
  const opened: TagProgress = { round: (before?.round ?? 0) + 1, state: 'open', movedAt: null, movedTo: null };
  return {
    tags: keepNewest({ ...tags, [tag]: opened }, record),
    uncheckedTags: uncheckedTags.includes(tag) ? uncheckedTags : [...uncheckedTags, tag],
  };
}

/** As many as the arrivals keep: progress of a tag that no arrival remembers is of no use. */
function keepNewest(tags: Readonly<Record<string, TagProgress>>, record: ImageRecord) {
  const names = Object.keys(tags);
  if (names.length <= 2 * maxTags) return tags;
  const known = names.filter((tag) => lastTagged(record, tag as Tag) !== null || tags[tag]?.movedAt === null);
  return Object.fromEntries(Object.entries(tags).filter(([tag]) => known.slice(-2 * maxTags).includes(tag)));
}

/** Tags that a region which nobody waits for still has: what becomes of them has to be told, whatever the others delete. */
export function stillOpen(record: ImageRecord): Pick<ImageRecord, 'tags' | 'uncheckedTags'> {
  const isThere = (tag: string) => Object.values(record.arrivals).some((arrival) => hasTag(arrival, tag as Tag));
  const tags = Object.entries(record.tags).filter(([tag, { state }]) => state === 'open' && isThere(tag));
  const uncheckedTags = record.uncheckedTags.filter((tag) => tags.some(([open]) => open === tag));
  return { tags: Object.fromEntries(tags), uncheckedTags };
}

/** Pushed with another digest later: if this one had not converged, it never will. */
export function tagMoved(
  record: ImageRecord,
  { tag, to, at }: { readonly tag: Tag; readonly to: Digest; readonly at: EventTime },
): ImageRecord {
  const progress = Object.hasOwn(record.tags, tag) ? record.tags[tag] : undefined;
  const isOlder = !isLater(at, lastTagged(record, tag));
  if (progress === undefined || isOlder || !isLater(at, progress.movedAt)) return record;
  const left = { open: 'superseded', converged: 'moved', superseded: 'superseded', moved: 'moved' } as const;
  const isNews = progress.state === 'open' || progress.state === 'converged';
  const moved = { ...progress, state: left[progress.state], movedAt: at, movedTo: isNews ? to : progress.movedTo };
  return { ...record, tags: { ...record.tags, [tag]: moved } };
}

/** Every other digest of the tag has heard of it; one that has come back since has to be heard of anew. */
export function tagChecked(
  record: ImageRecord,
  { tag, round }: { readonly tag: Tag; readonly round: number },
): ImageRecord {
  if (!record.uncheckedTags.includes(tag) || roundOf(record, tag) > round) return record;
  return { ...record, uncheckedTags: record.uncheckedTags.filter((one) => one !== tag) };
}

/** How often the tag has come to this digest; 0 before the first time, and once it is forgotten. */
export function roundOf(record: ImageRecord, tag: Tag): number {
  return Object.hasOwn(record.tags, tag) ? (record.tags[tag]?.round ?? 0) : 0;
}

/** Tags of which a replica could tell something new: not everywhere yet, or deleted somewhere with a manifest that is back. */
export function tagsToAsk(record: ImageRecord, set: ReplicaSet): Tag[] {
  const mayBeBack = (tag: Tag) =>
    expectedRegions(set).some((region) => {
      const arrival = arrivalIn(record, region);
      return arrival !== undefined && mayHaveTag(arrival, tag);
    });
  return Object.entries(record.tags)
    .filter(([tag, { state }]) => state === 'open' || (state === 'converged' && mayBeBack(tag as Tag)))
    .map(([tag]) => tag as Tag);
}

/** Makes known what became of the tags, and closes the rounds of those that every expected region has. */
export function settleTags(
  record: ImageRecord,
  set: ReplicaSet,
  make: (kind: 'tagConverged' | 'tagSuperseded', tag: { name: Tag; round: number }) => boolean,
): ImageRecord['tags'] {
  const settled = Object.entries(record.tags).map(([text, progress]): [string, TagProgress] => {
    const name = text as Tag;
    if (progress.state === 'superseded') make('tagSuperseded', { name, round: progress.round });
    const expected = expectedRegions(set);
    const resolves = (region: Region) => {
      const arrival = arrivalIn(record, region);
      return arrival !== undefined && counts(arrival, set) && hasTag(arrival, name);
    };
    if (progress.state !== 'open' || expected.length === 0 || !expected.every(resolves)) return [text, progress];
    make('tagConverged', { name, round: progress.round });
    return [text, { ...progress, state: 'converged' }];
  });
  return Object.fromEntries(settled);
}
