/**
 * What decides a question, to be read or followed: one image, or every image its tag was pushed with. Whoever asks
 * about the same thing shares one poller.
 */
import type { Knowledge, Question } from './availability.ts';
import type { Digest } from './digest.ts';
import type { ImageName, ImageRecord } from './image.ts';
import { imageKey } from './image.ts';
import type { Clock, TagIndex } from './ports.ts';
import type { TagName } from './tag.ts';
import { tagPointers } from './tag.ts';
import type { Watch } from './watch.ts';
import { watch } from './watch.ts';

/**
 * Digests read to see where a tag points. A region that points at one of the newest is found among them; one that is
 * further behind than that is behind.
 */
const mostCandidates = 20;

/** One thing to read and to follow, in terms of what is known for a question. */
export interface Topic {
  /** The same for everybody who asks about the same thing. */
  readonly key: string;
  read(): Promise<Knowledge>;
  follow<R>(stop: (known: Knowledge) => R | undefined, signal: AbortSignal): Promise<R | undefined>;
}

export interface Topics {
  of(question: Question): Topic;
  /** Passes on what this process has just stored. */
  publish(record: ImageRecord): void;
  /** The images that the tag was pushed with last, newest first. */
  readTag(name: TagName): Promise<ImageRecord[]>;
}

export function topics(parts: {
  readonly clock: Clock;
  readonly pollMs: number;
  readonly tags: TagIndex;
  readImage(name: ImageName): Promise<ImageRecord | undefined>;
}): Topics {
  const { clock, pollMs, readImage } = parts;
  const images = watch<ImageRecord | undefined>(clock, pollMs);
  const tags = watch<readonly ImageRecord[]>(clock, pollMs);

  async function readTag(name: TagName): Promise<ImageRecord[]> {
    const { registry, repository } = name;
    const digests = (await parts.tags.digests(name)).slice(0, mostCandidates);
    const records = await Promise.all(digests.map(({ digest }) => readImage({ registry, repository, digest })));
    return records.filter((candidate) => candidate !== undefined);
  }

  return {
    readTag,
    of({ registry, repository, tag, digest }) {
      const place = { registry: registry.name, repository };
      if (tag === undefined) {
        if (digest === undefined) throw new Error('a question names a tag or a digest');
        const name = { ...place, digest };
        const read = () => readImage(name);
        return topic(images, imageKey(name), read, (record) => ({ record, pointers: undefined }));
      }
      const name = { ...place, tag };
      const read = async () => {
        const candidates = await readTag(name);
        const isCandidate = candidates.some((candidate) => candidate.name.digest === digest);
        // A digest asked for together with a tag may never have been pushed with it.
        const asked = digest === undefined || isCandidate ? undefined : await readImage({ ...place, digest });
        return asked === undefined ? candidates : [...candidates, asked];
      };
      return topic(tags, tagKey(name, digest), read, (candidates) => {
        const pointers = tagPointers(tag, candidates);
        const wanted = digest ?? pointers.newest?.digest;
        return { record: candidates.find((candidate) => candidate.name.digest === wanted), pointers };
      });
    },
    publish(record) {
      const { registry, repository, digest } = record.name;
      images.publish(imageKey(record.name), record);
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

function topic<T>(from: Watch<T>, key: string, read: () => Promise<T>, toKnowledge: (state: T) => Knowledge): Topic {
  return {
    key,
    read: async () => toKnowledge(await read()),
    follow: (stop, signal) => from.follow({ key, read }, (state) => stop(toKnowledge(state)), signal),
  };
}
