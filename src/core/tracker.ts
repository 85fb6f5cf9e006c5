/**
 * What we do: record what replicas say, answer where an image is, wait for it, and have it told. The tracker ties
 * the pure decisions to the ports; everything here can be called on any instance, at any time, more than once.
 */

import type { CloudEvent, DueEvent } from './announcement.ts';
import { parseAnnouncementKey, toEvent } from './announcement.ts';
import type { Announcer } from './announcer.ts';
import { announcer } from './announcer.ts';
import type { MergeOutcome } from './arrival.ts';
import type { AvailabilityDocument, Knowledge, Question } from './availability.ts';
import { availability, describeImage, waitOutcome } from './availability.ts';
import type { Circumstances, Policy } from './decide.ts';
import { nextWakeAt } from './decide.ts';
import type { Digest } from './digest.ts';
import { describeError, WorldError } from './errors.ts';
import type { ImageName, ImageRecord } from './image.ts';
import { imageKey, isComplete, pendingKeys } from './image.ts';
import { imageCache } from './image-cache.ts';
import { imageWriter } from './image-writer.ts';
import type { ImageListing, ImageQuery } from './listing.ts';
import { listImages } from './listing.ts';
import type {
  Clock,
  Delivery,
  DeliveryQueue,
  EventPublisher,
  ImageIndex,
  ImageStore,
  Log,
  TagIndex,
  WakeTimer,
  WebhookLog,
} from './ports.ts';
import type { Region } from './region.ts';
import type { Registry } from './registry.ts';
import { findRegistryByName } from './registry.ts';
import type { ReplicaReport } from './replica-report.ts';
import { reportReplicas } from './replica-report.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Requirement } from './requirement.ts';
import { expireImages } from './retention.ts';
import type { TagName } from './tag.ts';
import { tagPointers } from './tag.ts';
import type { Watch } from './watch.ts';
import { watch } from './watch.ts';

export interface TrackerPorts {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly tags: TagIndex;
  readonly webhooks: WebhookLog;
  readonly timer: WakeTimer;
  readonly queue: DeliveryQueue;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

export interface TrackerOptions {
  readonly registries: readonly Registry[];
  readonly policy: Policy;
  /** How long finished images are kept after their last change. */
  readonly retentionMs: number;
  /** How long a webhook's answer may wait for the tables before the delivery goes to the queue. */
  readonly recordWithinMs: number;
  /** How long the queue may take after that. Both together stay below the registry's 5 s. */
  readonly deferWithinMs: number;
  /** Between two looks at an image somebody waits for. */
  readonly pollMs: number;
  /** Records kept in memory. */
  readonly cachedImages: number;
}

export interface ToldEvent {
  readonly event: CloudEvent;
  /** When the topic took it, milliseconds since 1970; `null` before. */
  readonly publishedAt: number | null;
}

export type Receipt = MergeOutcome | 'deferred';

export type WaitResult = {
  readonly outcome: 'satisfied' | 'waiting' | 'deleted' | 'superseded';
  readonly document: AvailabilityDocument;
};

export interface Tracker {
  readonly registries: readonly Registry[];
  replicaSet(registry: Registry): ReplicaSet;
  /**
   * Takes one delivery from a webhook, within the time the registry gives. Returns only after a durable write.
   * Fails with `unavailable` when neither tables nor queue answered.
   */
  receive(delivery: Delivery): Promise<Receipt>;
  /** Takes one delivery without a time limit; a passing trouble puts it back on the queue for later. */
  process(delivery: Delivery): Promise<Receipt>;
  /** A webhook spoke, whatever it said. Never fails: only a note. */
  heard(registry: Registry, region: Region): void;
  answer(question: Question, requirement: Requirement): Promise<AvailabilityDocument>;
  /** Answers as soon as the requirement is met or can no longer be, at the latest after `timeoutMs`. */
  wait(question: Question, requirement: Requirement, timeoutMs: number): Promise<WaitResult>;
  images(query: ImageQuery): Promise<ImageListing>;
  replicas(registry: Registry): Promise<ReplicaReport>;
  /** Everything announced about an image; `undefined` for one nobody has spoken of. */
  events(question: Question): Promise<{ readonly name: ImageName; readonly events: readonly ToldEvent[] } | undefined>;
  /** The image's timer rang: tells what is still untold, calls it delayed when it is, sets the next timer. */
  wake(name: ImageName): Promise<void>;
  /** Forgets finished images whose time has passed. Returns how many. */
  expire(): Promise<number>;
  /** What the topic said last; `undefined` while it takes everything. */
  topicTrouble(): string | undefined;
  /** Finishes what is under way, at most that long; the rest is durable and goes on elsewhere. */
  close(milliseconds: number): Promise<void>;
}

/** A webhook's note older than this is written anew; the time of the last one is exact to this much. */
const hearingMs = 10_000;

export function tracker(
  ports: TrackerPorts,
  options: TrackerOptions,
  replicaSet: (registry: Registry) => ReplicaSet,
): Tracker {
  const { clock, log } = ports;
  const images = watch<ImageRecord | undefined>(clock, options.pollMs);
  const tags = watch<readonly ImageRecord[]>(clock, options.pollMs);
  const heardAt = new Map<string, number>();

  const circumstances = (registry: Registry): Circumstances => ({
    set: replicaSet(registry),
    policy: options.policy,
    now: clock.now(),
  });
  const registryOf = (name: ImageName): Registry => {
    const registry = findRegistryByName(options.registries, name.registry);
    if (registry === undefined) throw new WorldError('rejected', `registry ${name.registry} is not in the settings`);
    return registry;
  };

  const writer = imageWriter({
    ...ports,
    cache: imageCache(options.cachedImages),
    registry: registryOf,
    circumstances,
    onWritten(record, made) {
      images.publish(imageKey(record.name), record);
      for (const tag of tagNames(record)) {
        tags.refresh(tagKey(tag, undefined));
        tags.refresh(tagKey(tag, record.name.digest));
      }
      if (made.length > 0) teller.offer(record.name, dueEvents(record, made));
    },
  });
  const teller: Announcer = announcer({ ...ports, writer: () => writer });

  async function record(delivery: Delivery): Promise<MergeOutcome> {
    const { record: image, outcome } = await writer.submit(delivery.name, { kind: 'fact', fact: delivery.fact });
    // A repeat that finds something untold may be all that is left of an instance that died before telling it.
    if (outcome !== 'recorded' && image !== undefined) resume(image);
    return outcome ?? 'duplicate';
  }

  function resume(image: ImageRecord): void {
    const untold = pendingKeys(image);
    if (untold.length > 0) teller.offer(image.name, dueEvents(image, untold));
  }

  function dueEvents(image: ImageRecord, keys: readonly string[]): DueEvent[] {
    const registry = registryOf(image.name);
    const document = describeImage(image, registry, replicaSet(registry), clock.now());
    const madeAt = new Map(image.announcements.map((entry) => [entry.key, entry.madeAt]));
    return keys.map((key) => {
      const at = madeAt.get(key) ?? image.changedAt;
      return { key, event: toEvent(parseAnnouncementKey(key), image.name, registry, document, at) };
    });
  }

  async function readImage(name: ImageName): Promise<ImageRecord | undefined> {
    const image = await writer.read(name);
    if (image !== undefined) settle(image);
    return image;
  }

  /** The set may have shrunk since the image's last write: then it is complete, and nobody has said so yet. */
  function settle(image: ImageRecord): void {
    const { set } = circumstances(registryOf(image.name));
    if (image.completedFor.length > 0 || !isComplete(image, set)) return;
    writer.submit(image.name, { kind: 'review' }).catch((error: unknown) => {
      log.warn('review not stored', { image: imageKey(image.name), error: describeError(error) });
    });
  }

  async function readTag(name: TagName): Promise<ImageRecord[]> {
    const digests = await ports.tags.digests(name);
    const { registry, repository } = name;
    const records = await Promise.all(digests.map(({ digest }) => readImage({ registry, repository, digest })));
    return records.filter((candidate) => candidate !== undefined);
  }

  /** What decides the question: one image, or every image its tag was pushed with. */
  function topicOf(question: Question): Topic {
    const { registry, repository, tag, digest } = question;
    const place = { registry: registry.name, repository };
    if (tag === undefined) {
      if (digest === undefined) throw new Error('a question names a tag or a digest');
      const name = { ...place, digest };
      return topic(
        images,
        imageKey(name),
        () => readImage(name),
        (record) => ({ record, pointers: undefined }),
      );
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
  }

  function judge(question: Question, known: Knowledge, requirement: Requirement): WaitResult {
    const document = availability(question, known, requirement, replicaSet(question.registry), clock.now());
    return { outcome: waitOutcome(question, known, requirement, document), document };
  }

  return {
    registries: options.registries,
    replicaSet,
    async receive(delivery) {
      const recorded = record(delivery);
      const receipt = await within(clock, options.recordWithinMs, recorded);
      if (receipt !== undefined) return receipt;
      const deferred = ports.queue.defer(delivery, 0).then(() => 'deferred' as const);
      const fallback = await within(clock, options.deferWithinMs, firstSuccess([recorded, deferred]));
      if (fallback !== undefined) return fallback;
      throw new WorldError('unavailable', 'neither tables nor queue took the delivery in time', {
        hint: 'send it again',
      });
    },
    async process(delivery) {
      try {
        return await record(delivery);
      } catch (error) {
        if (!(error instanceof WorldError && error.temporary)) throw error;
        log.warn('delivery put back', { image: imageKey(delivery.name), error: describeError(error) });
        await ports.queue.defer(delivery, 5_000 + ports.random() * 10_000);
        return 'deferred';
      }
    },
    heard(registry, region) {
      const now = clock.now();
      const key = `${registry.name} ${region}`;
      if (now - (heardAt.get(key) ?? 0) < hearingMs) return;
      heardAt.set(key, now);
      ports.webhooks.note(registry.name, region, now).catch((error: unknown) => {
        heardAt.delete(key);
        log.warn('time of webhook not noted', { registry: registry.name, region, error: describeError(error) });
      });
    },
    async answer(question, requirement) {
      return judge(question, await topicOf(question).read(), requirement).document;
    },
    async wait(question, requirement, timeoutMs) {
      const asked = topicOf(question);
      const timeout = new AbortController();
      const finished = new AbortController();
      clock.sleep(timeoutMs, finished.signal).then(() => timeout.abort());
      let last: WaitResult | undefined;
      const ended = await asked.follow((known) => {
        last = judge(question, known, requirement);
        return last.outcome === 'waiting' ? undefined : last;
      }, timeout.signal);
      finished.abort();
      return ended ?? last ?? judge(question, await asked.read(), requirement);
    },
    images: (query) => listImages(ports, query, replicaSet(query.registry), clock.now()),
    replicas: (registry) => reportReplicas(ports, registry, replicaSet(registry), clock.now()),
    async events(question) {
      const { record: image } = await topicOf(question).read();
      if (image === undefined) return undefined;
      const keys = image.announcements.map((entry) => entry.key);
      const events = dueEvents(image, keys).map(({ event }, i) => ({
        event,
        publishedAt: image.announcements[i]?.publishedAt ?? null,
      }));
      return { name: image.name, events };
    },
    async wake(name) {
      if ((await writer.read(name)) === undefined) return;
      let { record: image } = await writer.submit(name, { kind: 'review' });
      const untold = image === undefined ? [] : pendingKeys(image);
      if (image !== undefined && untold.length > 0 && !teller.isTelling(name, untold)) {
        await teller.tell(name, dueEvents(image, untold)).catch((error: unknown) => {
          log.warn('events not told, later again', { image: imageKey(name), error: describeError(error) });
        });
        image = await writer.read(name);
      }
      const next = image === undefined ? null : nextWakeAt(image, circumstances(registryOf(name)));
      if (next !== null) await ports.timer.wake(name, next);
    },
    expire: () => expireImages(ports, options.registries, options.retentionMs, replicaSet),
    topicTrouble: () => teller.trouble(),
    async close(milliseconds) {
      await teller.drain(milliseconds);
      await within(clock, milliseconds, writer.flush());
    },
  };
}

function tagNames(record: ImageRecord): TagName[] {
  const { registry, repository } = record.name;
  const tags = new Set(Object.values(record.arrivals).flatMap((arrival) => Object.keys(arrival.tags)));
  return [...tags].map((tag) => ({ registry, repository, tag: tag as TagName['tag'] }));
}

function tagKey(name: TagName, digest: Digest | undefined): string {
  return `${name.registry}/${name.repository}:${name.tag}@${digest ?? ''}`;
}

/** One thing to read and to follow, in terms of what is known for a question. */
interface Topic {
  read(): Promise<Knowledge>;
  follow<R>(stop: (known: Knowledge) => R | undefined, signal: AbortSignal): Promise<R | undefined>;
}

function topic<T>(from: Watch<T>, key: string, read: () => Promise<T>, toKnowledge: (state: T) => Knowledge): Topic {
  return {
    read: async () => toKnowledge(await read()),
    follow: (stop, signal) => from.follow({ key, read }, (state) => stop(toKnowledge(state)), signal),
  };
}

/** @returns the result, or `undefined` when it failed or did not come in time */
async function within<T>(clock: Clock, milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  const result = await Promise.race([
    work.catch(() => undefined),
    clock.sleep(milliseconds, done.signal).then(() => undefined),
  ]);
  done.abort();
  return result;
}

function firstSuccess<T>(work: readonly Promise<T>[]): Promise<T> {
  return Promise.any(work);
}
