/**
 * The records that answer a question, to be read once or followed: one image, or every image its tag was pushed with. Questions
 * about the same image share one poller. Reading may write: an image that is complete since a replica was removed is evaluated
 * again, so that this is published.
 */

import type { Attached } from '../image/attached.ts';
import type { AvailabilityQuery, AvailabilitySnapshot } from '../image/availability.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey, progressOf, tagsOf } from '../image/record.ts';
import type { TagName } from '../image/tag-name.ts';
import { tagPointers } from '../image/tag-resolution.ts';
import type { Digest } from '../model/digest.ts';
import type { Tag } from '../model/reference.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Pace, Watch } from '../runtime/shared-poller.ts';
import { watch } from '../runtime/shared-poller.ts';
import type { ReadTag } from './read-tag.ts';

/**
 * While a tag is followed, each poll reads only the digest that is waited for: a push of the tag with another digest is stored in
 * its record as well. All digests are read again when that record's progress of the tag has changed, or its `untagged`; when a
 * new client follows; and after this time.
 */
const maxAgeMs = 20_000;

/** The records of one question, to read and to follow. */
export interface WatchedImage {
  /** Equal for questions about the same image or tag, artifacts included. */
  readonly key: string;
  /** @param isNew `false` for a poll, while a request waits; `true` by default */
  read(isNew?: boolean): Promise<AvailabilitySnapshot>;
  follow<R>(stop: (known: AvailabilitySnapshot) => R | undefined, signal: AbortSignal): Promise<R | undefined>;
}

export interface ImageWatch {
  of(question: AvailabilityQuery): WatchedImage;
  /**
   * Passes a record that this process has just stored to those who follow the image.
   * @param begunAt when the write was sent, milliseconds since 1970
   */
  publish(record: ImageRecord, begunAt: number): void;
}

export function imageWatch(deps: {
  readonly clock: Clock;
  readonly pace: Pace;
  readonly readTag: ReadTag;
  /** Reads the image from the storage, and has it evaluated again if that may publish that it is complete. */
  readImage(name: ImageName): Promise<ImageRecord | undefined>;
  /** The same with one read, for polls of a digest: what only its indexes know of a member is left to the next question. */
  pollImage(name: ImageName): Promise<ImageRecord | undefined>;
  /** Finds the attached artifacts that the question asks for. */
  attached?(name: ImageName, wantedKinds: readonly string[], record: ImageRecord | undefined): Promise<Attached>;
}): ImageWatch {
  const { clock, pace, readImage, pollImage, readTag } = deps;
  const images = watch<ImageRecord | undefined>(clock, pace);
  const tags = watch<readonly ImageRecord[]>(clock, pace);
  /** One snapshot per list of records that was read, shared by all who follow the tag. */
  const snapshots = new WeakMap<readonly ImageRecord[], Map<string, AvailabilitySnapshot>>();
  const families = watch<AvailabilitySnapshot>(clock, pace);
  /**
   * By repository: keys of the questions about artifacts that are followed. Any write in the repository may change their answer.
   */
  const followed = new Map<string, Set<string>>();

  /** @returns a function that reads all digests at first, and then per poll only what it needs to notice a change */
  function followedTag(
    tag: Tag,
    readAll: () => Promise<ImageRecord[]>,
    toSnapshot: (candidates: readonly ImageRecord[]) => AvailabilitySnapshot,
  ): (isNew: boolean) => Promise<readonly ImageRecord[]> {
    let known: readonly ImageRecord[] = [];
    let readAt = Number.NEGATIVE_INFINITY;
    const readAllAgain = async () => {
      const startedAt = clock.now();
      known = await readAll();
      readAt = startedAt;
      return known;
    };
    return async (isNew) => {
      const { record } = toSnapshot(known);
      // If another digest has the tag, later changes are stored in that digest's record.
      const hasMoved = record !== undefined && (progressOf(record, tag)?.movedBy ?? null) !== null;
      if (isNew || record === undefined || hasMoved || clock.now() - readAt > maxAgeMs) return readAllAgain();
      const current = await pollImage(record.name);
      if (current === undefined || isTagChanged(record, current, tag)) return readAllAgain();
      known = known.map((one) => (one === record ? current : one));
      return known;
    };
  }

  function withArtifacts(question: AvailabilityQuery, wantedKinds: readonly string[]): WatchedImage {
    const image = plain(question);
    const { registry, repository } = question;
    const key = `${image.key} ${wantedKinds.join()}`;
    const place = `${registry.name}/${repository}`;
    const read = async (isNew: boolean): Promise<AvailabilitySnapshot> => {
      const known = await image.read(isNew);
      const digest = question.digest ?? known.pointers?.newest?.digest;
      if (digest === undefined || deps.attached === undefined) return known;
      const name = { registry: registry.name, repository, digest };
      return { ...known, attached: await deps.attached(name, wantedKinds, known.record) };
    };
    const family = watched(families, key, read, (known) => known);
    return {
      ...family,
      async follow(stop, signal) {
        const keys = followed.get(place) ?? new Set();
        followed.set(place, keys.add(key));
        try {
          return await family.follow(stop, signal);
        } finally {
          // Others who follow it still get the change with the next poll.
          keys.delete(key);
          if (keys.size === 0) followed.delete(place);
        }
      },
    };
  }

  function plain({ registry, repository, tag, digest }: AvailabilityQuery): WatchedImage {
    const place = { registry: registry.name, repository };
    if (tag === undefined) {
      if (digest === undefined) throw new Error('a question names a tag or a digest');
      const name = { ...place, digest };
      const read = (isNew: boolean) => (isNew ? readImage(name) : pollImage(name));
      return watched(images, imageKey(name), read, (record) => ({ record, pointers: undefined }));
    }
    const name = { ...place, tag };
    const readAll = async () => {
      const candidates = await readTag(name);
      const isCandidate = candidates.some((candidate) => candidate.name.digest === digest);
      // A question may name a digest that was never pushed with the tag.
      const named = digest === undefined || isCandidate ? undefined : await readImage({ ...place, digest });
      return named === undefined ? candidates : [...candidates, named];
    };
    const key = tagKey(name, digest);
    const toSnapshot = (candidates: readonly ImageRecord[]) => {
      const made = snapshots.get(candidates) ?? new Map<string, AvailabilitySnapshot>();
      snapshots.set(candidates, made);
      const known = made.get(key);
      if (known !== undefined) return known;
      const pointers = tagPointers(tag, candidates);
      const wanted = digest ?? pointers.newest?.digest;
      const snapshot = { record: candidates.find((candidate) => candidate.name.digest === wanted), pointers };
      made.set(key, snapshot);
      return snapshot;
    };
    return watched(tags, key, followedTag(tag, readAll, toSnapshot), toSnapshot);
  }

  return {
    of(question) {
      const { artifacts = [] } = question;
      return artifacts.length === 0 ? plain(question) : withArtifacts(question, artifacts);
    },
    publish(record, begunAt) {
      const { registry, repository, digest } = record.name;
      images.publish(imageKey(record.name), record, begunAt);
      for (const key of followed.get(`${registry}/${repository}`) ?? []) families.refresh(key);
      for (const tag of tagsOf(record)) {
        const name = { registry, repository, tag };
        tags.refresh(tagKey(name, undefined));
        tags.refresh(tagKey(name, digest));
      }
    },
  };
}

function tagKey(name: TagName, digest: Digest | undefined): string {
  return `${name.registry}/${name.repository}:${name.tag}@${digest ?? ''}`;
}

/** Whether the record knows something else of the tag: then another digest may have it. */
function isTagChanged(before: ImageRecord, after: ImageRecord, tag: Tag): boolean {
  const progress = (record: ImageRecord) => JSON.stringify(progressOf(record, tag));
  const untagged = (record: ImageRecord) =>
    JSON.stringify(Object.values(record.arrivals).map((one) => one.untagged[tag]));
  return progress(before) !== progress(after) || untagged(before) !== untagged(after);
}

function watched<T>(
  from: Watch<T>,
  key: string,
  read: (isNew: boolean) => Promise<T>,
  toSnapshot: (state: T) => AvailabilitySnapshot,
): WatchedImage {
  return {
    key,
    read: async (isNew = true) => toSnapshot(await read(isNew)),
    follow: (stop, signal) => from.follow({ key, read }, (state) => stop(toSnapshot(state)), signal),
  };
}
