/**
 * What the product does: records what replicas report, answers where an image is, waits for it, and has events published. Here
 * the rooms are wired; everything can be called on any instance, at any time, more than once.
 */

import type { Catalogue } from './catalogue/catalogue.ts';
import { catalogueOrNone } from './catalogue/catalogue.ts';
import type { CatalogueStore, CatalogueTimer } from './catalogue/ports.ts';
import { recountImages } from './catalogue/recount.ts';
import type { AvailabilityDocument, AvailabilityQuery, AvailabilitySnapshot } from './image/availability.ts';
import { availability, waitOutcome } from './image/availability.ts';
import type { DueEvent } from './image/cloud-event.ts';
import type { DecisionContext, Policy } from './image/context.ts';
import { buildEvents } from './image/due-events.ts';
import type { ForwardOrder, ForwardTarget } from './image/forward-entry.ts';
import type { ForwardSending, ImageName, ImageRecord } from './image/record.ts';
import { imageKey, known } from './image/record.ts';
import { isUnpublishedComplete } from './image/state.ts';
import type { Ingest, IngestOptions } from './ingest/ingest.ts';
import { ingest } from './ingest/ingest.ts';
import type { DeliveryQueue, HealthEventLog, HeartbeatStore } from './ingest/ports.ts';
import { shownRegions, unexpectedRegions } from './ingest/unexpected-region.ts';
import { webhookHeartbeat } from './ingest/webhook-heartbeat.ts';
import { attachedArtifacts } from './members/attached-artifacts.ts';
import { familyReader } from './members/family-reader.ts';
import type { ManifestReader } from './members/ports.ts';
import type { Region } from './model/region.ts';
import { sortRegions } from './model/region.ts';
import type { Registry } from './model/registry.ts';
import { findRegistryByName } from './model/registry.ts';
import type { ReplicaSet } from './model/replica-set.ts';
import { findReplica, isKnown } from './model/replica-set.ts';
import type { Requirement } from './model/requirement.ts';
import { withSet } from './model/requirement.ts';
import { eventRelay } from './outbox/event-relay.ts';
import { forwardRelay } from './outbox/forward-relay.ts';
import { recordLag } from './outbox/lag-metrics.ts';
import type { EventPublisher, ForwardQueue } from './outbox/ports.ts';
import { inFlightDeliveries, traceLinksFor } from './outbox/trace-links.ts';
import type { Asked, EarlierEnd, Judged, WaitResult } from './query/ask.ts';
import { asking } from './query/ask.ts';
import type { ImageListing, ImageQuery } from './query/list-images.ts';
import { listImages } from './query/list-images.ts';
import type { PublishedEvents } from './query/published-events.ts';
import { publishedEvents } from './query/published-events.ts';
import type { ReplicaReport } from './query/replica-report.ts';
import { reportReplicas } from './query/replica-report.ts';
import type { SeveralResult } from './query/several-images.ts';
import { joinResults, withoutRepeats } from './query/several-images.ts';
import type { WebhookAudit } from './query/webhook-status.ts';
import type { CheckpointStore } from './reconcile/ports.ts';
import type { ReconcileOpen } from './reconcile/reconcile-open.ts';
import { reconcileOpen } from './reconcile/reconcile-open.ts';
import type { Reconciler } from './reconcile/reconciler.ts';
import { reconciler } from './reconcile/reconciler.ts';
import { expireImages } from './reconcile/retention.ts';
import { tagReconciler } from './reconcile/tag-reconciler.ts';
import { probeScheduler } from './replicas/probe-scheduler.ts';
import type { Prober } from './replicas/prober.ts';
import type { ReplicaSets } from './replicas/replica-set-cache.ts';
import type { Clock } from './runtime/clock.ts';
import { describeError, UpstreamError } from './runtime/errors.ts';
import type { Log } from './runtime/log.ts';
import type { Telemetry } from './runtime/telemetry.ts';
import { noTelemetry } from './runtime/telemetry.ts';
import { withTimeoutOrUndefined } from './runtime/timeout.ts';
import { imageCache } from './store/image-cache.ts';
import type { ImageWatch } from './store/image-watch.ts';
import { imageWatch } from './store/image-watch.ts';
import { imageWriter } from './store/image-writer.ts';
import type { ImageIndex, ImageStore, ReconcileQueue, TagIndex } from './store/ports.ts';

export interface TrackerPorts {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly tags: TagIndex;
  readonly webhooks: HeartbeatStore;
  readonly timer: ReconcileQueue;
  readonly queue: DeliveryQueue;
  readonly publisher: EventPublisher;
  readonly forwards: ForwardQueue;
  readonly sets: ReplicaSets;
  readonly reviews: CheckpointStore;
  readonly audit: WebhookAudit;
  readonly health: HealthEventLog;
  /** Without, nothing is counted, and lists are in one order only. */
  readonly catalogue?: { readonly store: CatalogueStore; readonly timer: CatalogueTimer };
  readonly prober: Prober;
  /** Not there where nobody is to read what an index lists. */
  readonly manifests?: ManifestReader | undefined;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** A text that no other process gives, and this one only once. */
  readonly uniqueId: () => string;
  readonly log: Log;
  readonly telemetry?: Telemetry;
  /** Something new is known of an image, and stored. */
  readonly imageChanged?: (name: ImageName) => void;
}

export interface TrackerOptions extends IngestOptions {
  readonly policy: Policy;
  /** Who gets the registry's webhooks once an image is where they need it. */
  readonly targets: readonly ForwardTarget[];
  /** How long images that were deleted everywhere are remembered after their last change. */
  readonly retentionMs: number;
  /** Records kept in memory. */
  readonly cachedImages: number;
}

export interface Tracker
  extends Pick<Ingest, 'receive' | 'process'>,
    Pick<Reconciler, 'reconcile' | 'trackUnseen'>,
    Pick<ReconcileOpen, 'reconcileOpen'>,
    Pick<Catalogue, 'recount' | 'summary'> {
  readonly registries: readonly Registry[];
  replicaSet(registry: Registry): ReplicaSet;
  /**
   * A webhook spoke, whatever it said. Never fails: only a note.
   * @returns what is wrong with it, for people, where nobody expects a replica in that region
   */
  webhookSeen(registry: Registry, region: Region): string | undefined;
  answer(question: AvailabilityQuery, requirement: Requirement): Promise<AvailabilityDocument>;
  /**
   * Answers as soon as the requirement is met, or could not be met for `settledAfterMs`, at the latest after `timeoutMs`.
   * Fails with an `UpstreamError` when the storage could not be read all the while.
   */
  wait(question: AvailabilityQuery, requirement: Requirement, timeoutMs: number): Promise<WaitResult>;
  /** The same of several images, each once: all of them, or one that could not be. At least one is asked for. */
  answerAll(asked: readonly Asked[]): Promise<SeveralResult>;
  waitForAll(asked: readonly Asked[], timeoutMs: number, end?: EarlierEnd): Promise<SeveralResult>;
  images(query: ImageQuery): Promise<ImageListing>;
  replicas(registry: Registry): Promise<ReplicaReport>;
  /** Alphabetical: the replica set, and every other region whose webhook has spoken lately. Empty while the set is not known. */
  regions(registry: Registry): Promise<readonly Region[]>;
  /** Everything announced about an image; `undefined` for one nobody has spoken of. */
  events(query: AvailabilityQuery): Promise<PublishedEvents | undefined>;
  /** Notes in the image's record what became of a webhook that is forwarded. Never fails: only a note. */
  noteForward(order: ForwardOrder, sending: ForwardSending): Promise<void>;
  /** Has the replica set read from its source again, and images looked at that it may make complete. Never fails. */
  refreshReplicas(registry: Registry): Promise<void>;
  /** Once the replica set is the latest that can be had; an answer says how old it is. Never fails. */
  ready(registry: Registry): Promise<void>;
  /** Forgets images that were deleted everywhere and whose time has passed. Returns how many. Fails with an `UpstreamError`. */
  expire(): Promise<number>;
  /** What the topic said last; `undefined` while it takes everything. */
  publishError(): string | undefined;
  /**
   * Finishes what is under way, at most that long; the rest is durable and goes on elsewhere. Whoever waits is answered at
   * once with what is known.
   */
  close(milliseconds: number): Promise<void>;
}

/** How an image that somebody waits for is polled: each read costs one, and half of the pause is what a waiter loses. */
export const pace = { minPauseMs: 300, maxPauseMs: 1_000, maxReads: 16 };

export function tracker(ports: TrackerPorts, options: TrackerOptions): Tracker {
  const { clock, log, sets, telemetry = noTelemetry } = ports;
  const inFlight = inFlightDeliveries();
  const heartbeat = webhookHeartbeat(ports);
  const unexpected = unexpectedRegions(ports);

  const decisionContext = (registry: Registry): DecisionContext => ({
    set: sets.current(registry),
    // Where no replica can be asked, nothing is due for that reason.
    policy: registry.regionalEndpoints === false ? { ...options.policy, probeAfterMs: undefined } : options.policy,
    now: clock.now(),
    targets: options.targets,
    reading: families.reading(registry),
  });
  const registryOf = (name: ImageName): Registry => {
    const registry = findRegistryByName(options.registries, name.registry);
    if (registry === undefined) throw new UpstreamError('invalid', `registry ${name.registry} is not in the settings`);
    return registry;
  };
  const dueEvents = (image: ImageRecord, keys: readonly string[]): DueEvent[] => {
    const registry = registryOf(image.name);
    return buildEvents(image, keys, registry, sets.current(registry), clock.now());
  };

  const counting = catalogueOrNone(ports.catalogue, {
    clock,
    log,
    random: ports.random,
    read: async (name) => (await ports.store.read(name))?.record,
    readTag: (name) => watch.readTag(name),
    registry: registryOf,
    decisionContext,
  });
  const writer = imageWriter({
    ...ports,
    counting,
    cache: imageCache(options.cachedImages),
    registry: registryOf,
    decisionContext,
  });
  const relay = eventRelay({ ...ports, writer });
  const forwards = forwardRelay({ ...ports, queue: ports.forwards, writer });
  const tags = tagReconciler({ ...ports, writer });
  const families = familyReader({
    reader: ports.manifests,
    registries: options.registries,
    writer,
    clock,
    log,
    registry: registryOf,
  });
  const attached = attachedArtifacts({
    reader: ports.manifests,
    clock,
    registry: registryOf,
    set: sets.current,
    readImage,
    readTag: (name) => watch.readTag(name),
  });
  const watch: ImageWatch = imageWatch({ clock, pace, tags: ports.tags, readImage, attached });
  const probes = probeScheduler({
    ...ports,
    watch,
    record: (delivery) => intake.record(delivery),
    registry: registryOf,
    decisionContext,
    readImage: writer.read,
  });
  const intake = ingest(
    { ...ports, writer, watch, relay, probes, inFlight, telemetry, registryOf, dueEvents },
    options,
  );
  const questions = asking({
    clock,
    watch,
    telemetry,
    maxReads: pace.maxReads,
    judge,
    probeWhileWaiting: ({ question }, watched, signal) => probes.probeWhileWaiting(question, watched, signal),
  });
  const due = reconciler({
    ...ports,
    writer,
    relay,
    forwards,
    probes,
    registry: registryOf,
    decisionContext,
    dueEvents,
    compareTags: tags.compare,
    readFamily: families.readIfDue,
  });
  const open = reconcileOpen({ ...ports, review: due.review });

  // Everything that follows from a write, in this order.
  writer.onCommit(({ record, begunAt }) => {
    if (known(record) !== undefined) watch.publish(record, begunAt);
  });
  writer.onCommit(({ record, before }) => {
    if (record.forwards !== before?.forwards) forwards.offer(record);
  });
  writer.onCommit(({ record, before, made }) => {
    if (made.length === 0) return;
    const causeOf = traceLinksFor(record, before, inFlight);
    relay.offer(
      record.name,
      dueEvents(record, made).map((event) => ({ ...event, cause: causeOf(event.key) })),
    );
    recordLag(telemetry, record, made, sets.current(registryOf(record.name)));
  });
  writer.onCommit(({ record, before }) => tags.written(record, before));
  writer.onCommit(({ record, before }) => families.written(record, before));
  writer.onCommit(({ record, before }) => counting.written(before, record));
  writer.onCommit(({ record, before, made }) => {
    if (made.length > 0 || record.arrivals !== before?.arrivals) ports.imageChanged?.(record.name);
  });

  async function readImage(name: ImageName): Promise<ImageRecord | undefined> {
    const image = await writer.read(name);
    if (image !== undefined) reviewIfComplete(image);
    return image;
  }

  /** The set may have shrunk since the image's last write: then it is complete, and nobody has published it yet. */
  function reviewIfComplete(image: ImageRecord): void {
    const registry = registryOf(image.name);
    if (!isUnpublishedComplete(image, sets.current(registry))) return;
    const reviewed = sets.ready(registry).then(() => writer.submit(image.name, { kind: 'review' }));
    reviewed.catch((error: unknown) => {
      log.warn('review not stored', { image: imageKey(image.name), error: describeError(error) });
    });
  }

  function readyToAnswer(registry: Registry): Promise<void> {
    return sets.ready(registry).catch(() => undefined);
  }

  function judge({ question, requirement: required }: Asked, snapshot: AvailabilitySnapshot): Judged {
    const requirement = withSet(required, sets.current(question.registry));
    const { set, now, policy } = decisionContext(question.registry);
    const document = availability(question, snapshot, requirement, set, now, policy.delayedAfterMs);
    return { outcome: waitOutcome(question, snapshot, requirement, document), document };
  }

  return {
    registries: options.registries,
    replicaSet: (registry) => sets.current(registry),
    receive: intake.receive,
    process: intake.process,
    webhookSeen(registry, region) {
      heartbeat.seen(registry.name, region);
      const set = sets.current(registry);
      if (findReplica(set, region) !== undefined) return undefined;
      // It may be a replica that has just been added.
      void sets.refresh(registry);
      return unexpected.warn(registry, region, set);
    },
    async answer(question, requirement) {
      return only(await questions.answer([{ question, requirement }])).document;
    },
    async wait(question, requirement, timeoutMs) {
      return only(await questions.wait([{ question, requirement }], timeoutMs));
    },
    answerAll: async (all) => joinResults(await questions.answer(withoutRepeats(all))),
    waitForAll: async (all, timeoutMs, end) => joinResults(await questions.wait(withoutRepeats(all), timeoutMs, end)),
    async images(query) {
      await readyToAnswer(query.registry);
      return listImages(ports, query, sets.current(query.registry), clock.now());
    },
    async summary(registry) {
      await readyToAnswer(registry);
      return counting.summary(registry);
    },
    recount: counting.recount,
    async replicas(registry) {
      await readyToAnswer(registry);
      return reportReplicas({ ...ports, webhooks: heartbeat }, registry, sets.current(registry), clock.now());
    },
    async regions(registry) {
      await readyToAnswer(registry);
      const set = sets.current(registry);
      if (!isKnown(set)) return [];
      const seen = await heartbeat.last(registry.name);
      return sortRegions(shownRegions(seen, set, clock.now()));
    },
    events: (query) => publishedEvents({ watch, relay, dueEvents }, query),
    async noteForward({ name, id }, sending) {
      await writer.submit(name, { kind: 'forwardProgress', id, sending }).catch((error: unknown) => {
        log.warn('progress of a forward not stored', { image: imageKey(name), error: describeError(error) });
      });
    },
    reconcile: due.reconcile,
    trackUnseen: due.trackUnseen,
    reconcileOpen: open.reconcileOpen,
    async refreshReplicas(registry) {
      await sets.refresh(registry);
      await open.resume(registry);
      await recountImages({ ...ports, counting }, registry, () => sets.current(registry));
    },
    ready: readyToAnswer,
    async expire() {
      await Promise.all(options.registries.map(sets.ready));
      return expireImages({ ...ports, writer }, options.registries, options.retentionMs);
    },
    publishError: () => relay.lastError(),
    async close(milliseconds) {
      questions.close();
      heartbeat.close();
      await relay.drain(milliseconds);
      await withTimeoutOrUndefined(clock, milliseconds, writer.flush());
    },
  };
}

function only<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error('one question has one answer');
  return first;
}
