/**
 * The rooms of the tracker, each made once and given what it needs of the others. Some need one that is made after them: they call it
 * from a function, which nothing calls before all are made.
 */

import { catalogueOrNone } from './catalogue/catalogue.ts';
import type { CatalogueStore, CatalogueTimer } from './catalogue/ports.ts';
import type { DueEvent } from './image/cloud-event.ts';
import type { DecisionContext, Policy } from './image/context.ts';
import { buildEvents } from './image/due-events.ts';
import type { ForwardTarget } from './image/forward-entry.ts';
import type { ImageName, ImageRecord } from './image/record.ts';
import { imageKey, known } from './image/record.ts';
import { isUnpublishedComplete } from './image/state.ts';
import type { IngestOptions } from './ingest/ingest.ts';
import { ingest } from './ingest/ingest.ts';
import type { DeliveryQueue, HealthEventLog, HeartbeatStore } from './ingest/ports.ts';
import { webhookHeartbeat } from './ingest/webhook-heartbeat.ts';
import type { WebhookAudit } from './ingest/webhook-status.ts';
import { attachedArtifacts } from './members/attached-artifacts.ts';
import { familyReader } from './members/family-reader.ts';
import type { ManifestReader } from './members/ports.ts';
import type { Registry } from './model/registry.ts';
import { findRegistryByName } from './model/registry.ts';
import { eventRelay } from './outbox/event-relay.ts';
import { forwardRelay } from './outbox/forward-relay.ts';
import { recordLag } from './outbox/lag-metrics.ts';
import type { EventPublisher, ForwardQueue } from './outbox/ports.ts';
import { inFlightDeliveries, traceLinksFor } from './outbox/trace-links.ts';
import { asking } from './query/ask.ts';
import { judge } from './query/judge.ts';
import { reconcileOpen } from './reconcile/reconcile-open.ts';
import { reconciler } from './reconcile/reconciler.ts';
import { tagReconciler } from './reconcile/tag-reconciler.ts';
import { probeScheduler } from './replicas/probe-scheduler.ts';
import type { Prober } from './replicas/prober.ts';
import type { ReplicaSets } from './replicas/replica-set-cache.ts';
import type { Clock } from './runtime/clock.ts';
import { describeError, UpstreamError } from './runtime/errors.ts';
import type { Log } from './runtime/log.ts';
import type { Telemetry } from './runtime/telemetry.ts';
import { noTelemetry } from './runtime/telemetry.ts';
import { imageCache } from './store/image-cache.ts';
import type { ImageWatch } from './store/image-watch.ts';
import { imageWatch } from './store/image-watch.ts';
import { imageWriter } from './store/image-writer.ts';
import type { CheckpointStore, ImageIndex, ImageStore, ReconcileQueue, TagIndex } from './store/ports.ts';

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

/** How an image that somebody waits for is polled: each read costs one, and half of the pause is what a waiter loses. */
export const pace = { minPauseMs: 300, maxPauseMs: 1_000, maxReads: 16 };

export function trackerRooms(ports: TrackerPorts, options: TrackerOptions) {
  const { clock, log, sets, telemetry = noTelemetry } = ports;
  const inFlight = inFlightDeliveries();
  const heartbeat = webhookHeartbeat(ports);

  const decisionContext = (registry: Registry): DecisionContext => ({
    set: sets.current(registry),
    // Where no replica can be asked, nothing is due for that reason.
    policy: registry.regionalEndpoints === false ? { ...options.policy, probeAfterMs: undefined } : options.policy,
    now: clock.now(),
    targets: options.targets,
    // Made below: what is decided is decided later.
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
    // Made below: images are counted after they were written.
    readTag: (name) => watch.readTag(name),
    registryOf,
    decisionContext,
  });
  const writer = imageWriter({
    ...ports,
    counting,
    cache: imageCache(options.cachedImages),
    registryOf,
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
    registryOf,
  });
  const attached = attachedArtifacts({
    reader: ports.manifests,
    clock,
    registryOf,
    set: sets.current,
    readImage,
    // Made below, and in need of this.
    readTag: (name) => watch.readTag(name),
    writer,
    log,
  });
  const watch: ImageWatch = imageWatch({ clock, pace, tags: ports.tags, readImage, attached });
  const probes = probeScheduler({
    ...ports,
    watch,
    // Made below, and in need of this.
    record: (delivery) => intake.record(delivery),
    registryOf,
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
    judge: (asked, known) => judge(asked, known, decisionContext(asked.question.registry)),
    probeWhileWaiting: ({ question }, watched, signal) => probes.probeWhileWaiting(question, watched, signal),
  });
  const due = reconciler({
    ...ports,
    writer,
    relay,
    forwards,
    probes,
    registryOf,
    decisionContext,
    dueEvents,
    compareTags: tags.compare,
    readFamily: families.readIfDue,
  });
  const open = reconcileOpen({ ...ports, review: due.review });

  followWrites();

  /**
   * What follows from a write, in this order. First, those who wait for the image in this process are answered from memory.
   * Then forwards and events are sent. Tags, families and counts read and write other images: they come last, so that their
   * requests do not delay the events.
   */
  function followWrites(): void {
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
    writer.onCommit(({ record, before }) => counting.written(record, before));
    writer.onCommit(({ record, before, made }) => {
      if (made.length > 0 || record.arrivals !== before?.arrivals) ports.imageChanged?.(record.name);
    });
  }

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

  return { writer, relay, watch, counting, intake, questions, due, open, heartbeat, dueEvents };
}
