/**
 * What we do: record what replicas say, answer where an image is, wait for it, and have it told. The tracker ties
 * the pure decisions to the ports; everything here can be called on any instance, at any time, more than once.
 */

import type { CloudEvent, DueEvent } from './announcement.ts';
import type { Announcer } from './announcer.ts';
import { announcer } from './announcer.ts';
import type { MergeOutcome } from './arrival.ts';
import type { AvailabilityDocument, Knowledge, Question } from './availability.ts';
import { availability, waitOutcome } from './availability.ts';
import { causesOf, deliveriesUnderWay } from './causes.ts';
import type { Circumstances, Policy } from './circumstances.ts';
import { buildEvents } from './due-events.ts';
import { describeError, WorldError } from './errors.ts';
import type { ForwardTarget } from './forwarding/forward.ts';
import { forwarding } from './forwarding/forwarding.ts';
import { hearing } from './hearing.ts';
import type { ImageName, ImageRecord } from './image.ts';
import { imageKey, isUntoldComplete, pendingKeys } from './image.ts';
import { imageCache } from './image-cache.ts';
import { imageWriter } from './image-writer.ts';
import type { ImageListing, ImageQuery } from './listing.ts';
import { listImages } from './listing.ts';
import { looker } from './looker.ts';
import { measureNews } from './measure-news.ts';
import type {
  Clock,
  Delivery,
  DeliveryQueue,
  EventPublisher,
  ForwardQueue,
  ImageIndex,
  ImageStore,
  Log,
  ReviewLog,
  TagIndex,
  WakeTimer,
  WebhookLog,
} from './ports.ts';
import type { Prober } from './prober.ts';
import { receivedAfter } from './received-after.ts';
import type { Region } from './region.ts';
import { sortRegions } from './region.ts';
import type { Registry } from './registry.ts';
import { findRegistryByName } from './registry.ts';
import type { ReplicaReport } from './replica-report.ts';
import { reportReplicas } from './replica-report.ts';
import type { ReplicaSet } from './replica-set.ts';
import { findReplica, isKnown } from './replica-set.ts';
import type { ReplicaSets } from './replica-sets.ts';
import type { Requirement } from './requirement.ts';
import { withSet } from './requirement.ts';
import { expireImages } from './retention.ts';
import type { Reviews } from './reviews.ts';
import { reviews } from './reviews.ts';
import type { HealthEventLog } from './service-health.ts';
import { tagChecks } from './tag-checks.ts';
import type { DeliveryOutcome, DeliverySource, Telemetry } from './telemetry.ts';
import { measuredRegion, noTelemetry } from './telemetry.ts';
import { topics } from './topics.ts';
import type { Waker } from './waker.ts';
import { waker } from './waker.ts';
import type { WebhookAudit } from './webhooks/webhook-audit.ts';

export interface TrackerPorts {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly tags: TagIndex;
  readonly webhooks: WebhookLog;
  readonly timer: WakeTimer;
  readonly queue: DeliveryQueue;
  readonly publisher: EventPublisher;
  readonly forwards: ForwardQueue;
  readonly sets: ReplicaSets;
  readonly reviews: ReviewLog;
  readonly audit: WebhookAudit;
  readonly health: HealthEventLog;
  readonly prober: Prober;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** A text that no other process gives, and this one only once. */
  readonly uniqueId: () => string;
  readonly log: Log;
  readonly telemetry?: Telemetry;
}

export interface TrackerOptions {
  readonly registries: readonly Registry[];
  readonly policy: Policy;
  /** Who gets the registry's webhooks once an image is where they need it. */
  readonly targets: readonly ForwardTarget[];
  /** How long finished images are kept after their last change. */
  readonly retentionMs: number;
  /** How long a webhook's answer may wait for the tables before the delivery goes to the queue. */
  readonly recordWithinMs: number;
  /** How long the queue may take after that. Both together stay below the registry's 5 s. */
  readonly deferWithinMs: number;
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

export interface Tracker extends Pick<Waker, 'wake' | 'notice'>, Pick<Reviews, 'reviewOpen'> {
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
  /** Alphabetical: the replica set, and every other region whose webhook has spoken. Empty while the set is not known. */
  regions(registry: Registry): Promise<readonly Region[]>;
  /** Everything announced about an image; `undefined` for one nobody has spoken of. */
  events(question: Question): Promise<{ readonly name: ImageName; readonly events: readonly ToldEvent[] } | undefined>;
  /** Has the replica set read from its source again, and images looked at that it may make complete. Never fails. */
  refreshReplicas(registry: Registry): Promise<void>;
  /** Once the replica set is the latest that can be had; an answer says how old it is. Never fails. */
  ready(registry: Registry): Promise<void>;
  /** Forgets finished images whose time has passed. Returns how many. Fails with a `WorldError`. */
  expire(): Promise<number>;
  /** What the topic said last; `undefined` while it takes everything. */
  topicTrouble(): string | undefined;
  /**
   * Finishes what is under way, at most that long; the rest is durable and goes on elsewhere. Whoever waits is answered at
   * once with what is known.
   */
  close(milliseconds: number): Promise<void>;
}

/** Between two looks at an image somebody waits for; each costs a read, and half of it is what a waiter loses. */
export const pollMs = 300;

/** That an event was told may be noted this much later; until then another instance need not tell it as well. */
const untoldAfterMs = 15_000;

export function tracker(ports: TrackerPorts, options: TrackerOptions): Tracker {
  const { clock, log, sets, telemetry = noTelemetry } = ports;
  const underWay = deliveriesUnderWay();
  const webhooks = hearing(ports);
  /** Each ends one. */
  const waits = new Set<AbortController>();

  const circumstances = (registry: Registry): Circumstances => ({
    set: sets.current(registry),
    // Where no replica can be asked, there is nothing to wake up for.
    policy: registry.regionalEndpoints === false ? { ...options.policy, probeAfterMs: undefined } : options.policy,
    now: clock.now(),
    targets: options.targets,
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
    onWritten(record, made, before) {
      asked.publish(record);
      if (record.forwards !== before?.forwards) forwards.offer(record);
      if (made.length > 0) {
        const causeOf = causesOf(record, before, underWay);
        const due = dueEvents(record, made).map((event) => ({ ...event, cause: causeOf(event.key) }));
        teller.offer(record.name, due);
        measureNews(telemetry, record, made, sets.current(registryOf(record.name)));
      }
      checks.written(record, before);
    },
  });
  const teller: Announcer = announcer({ ...ports, writer: () => writer });
  const forwards = forwarding({ queue: ports.forwards, writer: () => writer, clock, log });
  const checks = tagChecks({ tags: ports.tags, writer: () => writer, clock, log });
  const asked = topics({ clock, pollMs, tags: ports.tags, readImage });
  const asker = looker({
    prober: ports.prober,
    clock,
    log,
    topics: asked,
    record: take,
    registry: registryOf,
    circumstances,
    readImage: writer.read,
  });
  const onTimer = waker({
    ...ports,
    writer,
    teller,
    forwards,
    asker,
    registry: registryOf,
    circumstances,
    dueEvents,
    checkTags: checks.check,
  });
  const afterChange = reviews({ ...ports, review: onTimer.review });

  /** Fails with a `WorldError`, also while it is not known for which replicas to decide. */
  async function take(delivery: Delivery): Promise<MergeOutcome> {
    await sets.ready(registryOf(delivery.name));
    return record(delivery);
  }

  async function record(delivery: Delivery): Promise<MergeOutcome> {
    const { record: image, outcome } = await telemetry.span('write image', spanned(delivery), async (span) => {
      const key = imageKey(delivery.name);
      const end = underWay.begin(key, delivery.fact.region, telemetry.here());
      const written = await writer.submit(delivery.name, { kind: 'fact', fact: delivery.fact }).finally(end);
      span.set({ 'acr_replication.outcome': written.outcome ?? 'duplicate' });
      return written;
    });
    // A repeat that finds something untold for long may be all that is left of an instance that died before telling it.
    const isRepeat = outcome !== 'recorded' && image !== undefined;
    const untold = isRepeat ? pendingKeys(image, clock.now() - untoldAfterMs) : [];
    if (image !== undefined && !teller.isTelling(image.name, untold))
      teller.offer(image.name, dueEvents(image, untold));
    if (image !== undefined) asker.confirm(image, delivery.fact.region);
    return outcome ?? 'duplicate';
  }

  function dueEvents(image: ImageRecord, keys: readonly string[]): DueEvent[] {
    const registry = registryOf(image.name);
    return buildEvents(image, keys, registry, sets.current(registry), clock.now());
  }

  async function readImage(name: ImageName): Promise<ImageRecord | undefined> {
    const image = await writer.read(name);
    if (image !== undefined) settle(image);
    return image;
  }

  /** The set may have shrunk since the image's last write: then it is complete, and nobody has said so yet. */
  function settle(image: ImageRecord): void {
    const registry = registryOf(image.name);
    if (!isUntoldComplete(image, sets.current(registry))) return;
    const reviewed = sets.ready(registry).then(() => writer.submit(image.name, { kind: 'review' }));
    reviewed.catch((error: unknown) => {
      log.warn('review not stored', { image: imageKey(image.name), error: describeError(error) });
    });
  }

  function readyToAnswer(registry: Registry): Promise<void> {
    return sets.ready(registry).catch(() => undefined);
  }

  async function follow(question: Question, requirement: Requirement, timeoutMs: number): Promise<WaitResult> {
    const topic = asked.of(question);
    const timeout = new AbortController();
    const finished = new AbortController();
    clock.sleep(timeoutMs, finished.signal).then(() => timeout.abort());
    waits.add(timeout);
    let last: WaitResult | undefined;
    const answered = topic.follow((known) => {
      last = judge(question, known, requirement);
      return last.outcome === 'waiting' ? undefined : last;
    }, timeout.signal);
    asker.lookWhileWaiting(question, topic, finished.signal);
    const answer = await answered.finally(() => waits.delete(timeout));
    finished.abort();
    return answer ?? last ?? judge(question, await topic.read(), requirement);
  }

  /** So that its trace goes on wherever it is taken up again. */
  function traced(delivery: Delivery): Delivery {
    return { ...delivery, trace: telemetry.here() ?? delivery.trace };
  }

  function countDelivery({ name, fact }: Delivery, source: DeliverySource, outcome: DeliveryOutcome): void {
    const { registry } = name;
    const region = measuredRegion(sets.current(registryOf(name)), fact.region);
    telemetry.measure('deliveries', 1, { registry, region, source, outcome });
  }

  function judge(question: Question, known: Knowledge, asking: Requirement): WaitResult {
    const requirement = withSet(asking, sets.current(question.registry));
    const document = availability(question, known, requirement, sets.current(question.registry), clock.now());
    return { outcome: waitOutcome(question, known, requirement, document), document };
  }

  return {
    registries: options.registries,
    replicaSet: (registry) => sets.current(registry),
    async receive({ fact, ...told }) {
      const delivery = { ...told, fact: receivedAfter(fact, sets.current(registryOf(told.name))) };
      const recorded = take(delivery);
      const receipt = await within(clock, options.recordWithinMs, recorded);
      if (receipt !== undefined) return receipt;
      const deferred = ports.queue.defer(traced(delivery), 0).then(() => 'deferred' as const);
      const fallback = await within(clock, options.deferWithinMs, firstSuccess([recorded, deferred]));
      if (fallback !== undefined) return fallback;
      throw new WorldError('unavailable', 'neither tables nor queue took the delivery in time', {
        hint: 'send it again',
      });
    },
    async process(delivery) {
      const { evidence } = delivery.fact;
      // Webhooks come this way only once they have been deferred.
      const source = evidence === 'eventGrid' || evidence === 'deliveryLog' ? evidence : 'queue';
      try {
        const outcome = await take(delivery);
        countDelivery(delivery, source, outcome);
        return outcome;
      } catch (error) {
        countDelivery(delivery, source, 'failed');
        if (!(error instanceof WorldError && error.temporary)) throw error;
        log.warn('delivery put back', { image: imageKey(delivery.name), error: describeError(error) });
        await ports.queue.defer(traced(delivery), 5_000 + ports.random() * 10_000);
        return 'deferred';
      }
    },
    heard(registry, region) {
      // A region nobody expects may be a replica that has just been added.
      if (findReplica(sets.current(registry), region) === undefined) void sets.refresh(registry);
      webhooks.heard(registry.name, region);
    },
    async answer(question, requirement) {
      return judge(question, await asked.of(question).read(), requirement).document;
    },
    async wait(question, requirement, timeoutMs) {
      const place = { registry: question.registry.name };
      telemetry.measure('waiters', 1, place);
      try {
        return await follow(question, requirement, timeoutMs);
      } finally {
        telemetry.measure('waiters', -1, place);
      }
    },
    async images(query) {
      await readyToAnswer(query.registry);
      return listImages(ports, query, sets.current(query.registry), clock.now());
    },
    async replicas(registry) {
      await readyToAnswer(registry);
      return reportReplicas({ ...ports, webhooks }, registry, sets.current(registry), clock.now());
    },
    async regions(registry) {
      await readyToAnswer(registry);
      const set = sets.current(registry);
      if (!isKnown(set)) return [];
      const heard = await webhooks.last(registry.name);
      return sortRegions([...set.replicas.map((replica) => replica.region), ...heard.keys()]);
    },
    async events(question) {
      const { record: image } = await asked.of(question).read();
      if (image === undefined) return undefined;
      const keys = image.announcements.map((entry) => entry.key);
      const events = dueEvents(image, keys).map(({ key, event }, i) => ({
        event,
        publishedAt: image.announcements[i]?.publishedAt ?? teller.takenAt(image.name, key) ?? null,
      }));
      return { name: image.name, events };
    },
    wake: onTimer.wake,
    notice: onTimer.notice,
    reviewOpen: afterChange.reviewOpen,
    async refreshReplicas(registry) {
      await sets.refresh(registry);
      await afterChange.goOn(registry);
    },
    ready: readyToAnswer,
    async expire() {
      await Promise.all(options.registries.map(sets.ready));
      const { review } = onTimer;
      return expireImages({ ...ports, review }, options.registries, options.retentionMs, sets.current);
    },
    topicTrouble: () => teller.trouble(),
    async close(milliseconds) {
      for (const wait of waits) wait.abort();
      webhooks.close();
      await teller.drain(milliseconds);
      await within(clock, milliseconds, writer.flush());
    },
  };
}

function spanned({ name, fact }: Delivery) {
  return {
    'acr_replication.registry': name.registry,
    'acr_replication.region': fact.region,
    'acr_replication.image': imageKey(name),
  };
}

/** @returns the result, or `undefined` when it failed or did not come in time */
async function within<T>(clock: Clock, milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  const result = await Promise.race([
    work.catch(() => undefined),
    clock.sleep(milliseconds, done.signal).then(() => undefined),
  ]);
  // Without a reason of its own, each of these would make an error.
  done.abort(null);
  return result;
}

function firstSuccess<T>(work: readonly Promise<T>[]): Promise<T> {
  return Promise.any(work);
}
