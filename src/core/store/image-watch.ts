/**
 * What decides a question, to be read or followed: one image, or every image its tag was pushed with. Whoever asks
 * about the same thing shares one poller.
 */

import type { Attached } from '../image/attached.ts';
import type { AvailabilityQuery, AvailabilitySnapshot } from '../image/availability.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey, progressOf } from '../image/record.ts';
import type { TagName } from '../image/tag-name.ts';
import { tagPointers } from '../image/tag-resolution.ts';
import type { Digest } from '../model/digest.ts';
import type { Tag } from '../model/reference.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Pace, Watch } from '../runtime/shared-poller.ts';
import { watch } from '../runtime/shared-poller.ts';
import type { ReadTag } from './read-tag.ts';

/**
 * While a tag is followed, only the digest that is waited for is read: whoever pushes the tag with another digest notes that
 * in it. All of them are read again when it changes, when somebody comes, and after this time.
 */
const maxAgeMs = 20_000;

/** One thing to read and to follow, in terms of what is known for a question. */
export interface WatchedImage {
  /** The same for everybody who asks about the same thing. */
  readonly key: string;
  read(): Promise<AvailabilitySnapshot>;
  follow<R>(stop: (known: AvailabilitySnapshot) => R | undefined, signal: AbortSignal): Promise<R | undefined>;
}

export interface ImageWatch {
  of(question: AvailabilityQuery): WatchedImage;
  /**
   * Passes on what this process has just stored.
   * @param begunAt when the write was sent, milliseconds since 1970
   */
  publish(record: ImageRecord, begunAt: number): void;
}

export function imageWatch(deps: {
  readonly clock: Clock;
  readonly pace: Pace;
  readonly readTag: ReadTag;
  readImage(name: ImageName): Promise<ImageRecord | undefined>;
  /** What is attached to an image, of what is asked for. */
  attached?(name: ImageName, asked: readonly string[], record: ImageRecord | undefined): Promise<Attached>;
}): ImageWatch {
  const { clock, pace, readImage, readTag } = deps;
  const images = watch<ImageRecord | undefined>(clock, pace);
  const tags = watch<readonly ImageRecord[]>(clock, pace);
  /** Whoever follows the same tag is shown the same snapshot of what was read. */
  const snapshots = new WeakMap<readonly ImageRecord[], Map<string, AvailabilitySnapshot>>();
  const families = watch<AvailabilitySnapshot>(clock, pace);
  /** By repository: whose artifacts may be in what is written there. */
  const followed = new Map<string, Set<string>>();

  /** Reads everything, and then, poll by poll, no more than it needs to notice a change. */
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
      // Where another digest has the tag, all that follows is said of that one.
      const hasMoved = record !== undefined && (progressOf(record, tag)?.movedBy ?? null) !== null;
      if (isNew || record === undefined || hasMoved || clock.now() - readAt > maxAgeMs) return readAllAgain();
      const now = await readImage(record.name);
      if (now === undefined || isMoved(record, now, tag)) return readAllAgain();
      known = known.map((one) => (one === record ? now : one));
      return known;
    };
  }

  function withArtifacts(question: AvailabilityQuery, asked: readonly string[]): WatchedImage {
    const image = plain(question);
    const { registry, repository } = question;
    const key = `${image.key} ${asked.join()}`;
    const place = `${registry.name}/${repository}`;
    const read = async (): Promise<AvailabilitySnapshot> => {
      const known = await image.read();
      const digest = question.digest ?? known.pointers?.newest?.digest;
      if (digest === undefined || deps.attached === undefined) return known;
      const name = { registry: registry.name, repository, digest };
      return { ...known, attached: await deps.attached(name, asked, known.record) };
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
          // Whoever else follows it is still told by the next poll.
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
      const read = () => readImage(name);
      return watched(images, imageKey(name), read, (record) => ({ record, pointers: undefined }));
    }
    const name = { ...place, tag };
    const readAll = async () => {
      const candidates = await readTag(name);
      const isCandidate = candidates.some((candidate) => candidate.name.digest === digest);
      // A digest asked for together with a tag may never have been pushed with it.
      const asked = digest === undefined || isCandidate ? undefined : await readImage({ ...place, digest });
      return asked === undefined ? candidates : [...candidates, asked];
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
      const names = new Set(Object.values(record.arrivals).flatMap((arrival) => Object.keys(arrival.tags)));
      for (const text of names) {
        const name = { registry, repository, tag: text as TagName['tag'] };
        tags.refresh(tagKey(name, undefined));
        tags.refresh(tagKey(name, digest));
      }
    },
  };
}

function tagKey(name: TagName, digest: Digest | undefined): string {
  return `${name.registry}/${name.repository}:${name.tag}@${digest ?? ''}`;
}

/** Whether it knows of another digest of the tag meanwhile. */
function isMoved(before: ImageRecord, now: ImageRecord, tag: Tag): boolean {
  const of = (record: ImageRecord) => JSON.stringify(progressOf(record, tag));
  const left = (record: ImageRecord) => JSON.stringify(Object.values(record.arrivals).map((one) => one.untagged[tag]));
  return of(before) !== of(now) || left(before) !== left(now);
}

function watched<T>(
  from: Watch<T>,
  key: string,
  read: (isNew: boolean) => Promise<T>,
  toSnapshot: (state: T) => AvailabilitySnapshot,
): WatchedImage {
  return {
    key,
    read: async () => toSnapshot(await read(true)),
    follow: (stop, signal) => from.follow({ key, read }, (state) => stop(toSnapshot(state)), signal),
  };
}
