/**
 * Creates each room of the tracker once, and passes it what it needs of the others. Reading an image and recording a replica's
 * answer need a room that is created later: they are functions, which are not called before all rooms exist.
 */

import { catalogueOrNone } from './catalogue/catalogue.ts';
import type { DueEvent } from './image/cloud-event.ts';
import type { DecisionContext } from './image/context.ts';
import { buildEvents } from './image/due-events.ts';
import type { ImageName, ImageRecord } from './image/record.ts';
import { imageKey, unexpired } from './image/record.ts';
import { isUnannouncedComplete } from './image/state.ts';
import { ingest } from './ingest/ingest.ts';
import { webhookHeartbeat } from './ingest/webhook-heartbeat.ts';
import { attachedArtifacts } from './members/attached-artifacts.ts';
import { familyReader } from './members/family-reader.ts';
import { readability } from './members/readability.ts';
import type { Registry } from './model/registry.ts';
import { findRegistryByName } from './model/registry.ts';
import { eventRelay } from './outbox/event-relay.ts';
import { forwardRelay } from './outbox/forward-relay.ts';
import { recordLag } from './outbox/lag-metrics.ts';
import { inFlightDeliveries, traceLinksFor } from './outbox/trace-links.ts';
import { asking } from './query/ask.ts';
import { judge } from './query/judge.ts';
import { reconcileOpen } from './reconcile/reconcile-open.ts';
import { reconciler } from './reconcile/reconciler.ts';
import { tagReconciler } from './reconcile/tag-reconciler.ts';
import { probeScheduler } from './replicas/probe-scheduler.ts';
import { describeError, UpstreamError } from './runtime/errors.ts';
import { noTelemetry } from './runtime/telemetry.ts';
import { imageCache } from './store/image-cache.ts';
import { imageWatch } from './store/image-watch.ts';
import { imageWriter } from './store/image-writer.ts';
import { tagReader } from './store/read-tag.ts';
import { readWithIndexes } from './store/read-with-indexes.ts';
import type { TrackerOptions, TrackerPorts } from './tracker-ports.ts';

/** How an image that requests wait for is polled: each poll costs a read, and a request waits half of the pause on average. */
export const pace = { minPauseMs: 300, maxPauseMs: 1_000, maxReads: 16 };

export function trackerRooms(ports: TrackerPorts, options: TrackerOptions) {
  const { clock, log, sets, telemetry = noTelemetry } = ports;
  const { evaluateReleasesWith = () => undefined } = options;
  const inFlight = inFlightDeliveries();
  const heartbeat = webhookHeartbeat({ webhooks: ports.webhooks, clock, log });
  const readings = readability({ reader: ports.manifests, registries: options.registries, clock });
  const readTag = tagReader(ports.tags, readImage);

  const decisionContext = (registry: Registry): DecisionContext => ({
    set: sets.current(registry),
    // Where replicas cannot be asked, no probe is due.
    policy: registry.regionalEndpoints === false ? { ...options.policy, probeAfterMs: undefined } : options.policy,
    now: clock.now(),
    targets: options.targets,
    reading: readings.reading(registry),
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
    ready: sets.ready,
    readStored: async (name) => (await ports.store.read(name))?.record,
    readTag,
    registryOf,
    decisionContext,
  });
  const writer = imageWriter({
    store: ports.store,
    lists: ports.lists,
    tags: ports.tags,
    timer: ports.timer,
    counting,
    cache: imageCache(options.cachedImages),
    clock,
    log,
    random: ports.random,
    uniqueId: ports.uniqueId,
    registryOf,
    decisionContext,
  });
  const relay = eventRelay({ publisher: ports.publisher, writer, clock, log, telemetry });
  const forwards = forwardRelay({ queue: ports.forwards, writer, clock, log });
  const tags = tagReconciler({ tags: ports.tags, writer, clock, log });
  const families = familyReader({
    reader: ports.manifests,
    readings,
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
    readTag,
    writer,
    log,
  });
  const watch = imageWatch({ clock, pace, readTag, readImage, pollImage, attached });
  const probes = probeScheduler({
    prober: ports.prober,
    clock,
    log,
    readTag,
    // `intake` is created below, because it needs `probes`.
    recordFact: (delivery) => intake.recordFact(delivery),
    registryOf,
    decisionContext,
    readImage: (name) => readWithIndexes(writer, name),
  });
  const intake = ingest(
    {
      sets,
      queue: ports.queue,
      lists: ports.lists,
      writer,
      readTag,
      relay,
      probes,
      inFlight,
      clock,
      random: ports.random,
      log,
      telemetry,
      registryOf,
      dueEvents,
    },
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
    timer: ports.timer,
    lists: ports.lists,
    sets,
    clock,
    evaluateReleasesWith,
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
  const open = reconcileOpen({
    lists: ports.lists,
    sets,
    checkpoints: ports.checkpoints,
    clock,
    log,
    reevaluate: due.reevaluate,
  });

  followWrites();

  /**
   * What follows a write, in this order. First, requests that wait for the image in this process are answered from memory. Then
   * forwards and events are sent. Tags and families read and write other images, counts and releases have rows of their own: they
   * come last, so that their requests do not delay the events.
   */
  function followWrites(): void {
    writer.onCommit(({ record, begunAt }) => {
      if (unexpired(record) !== undefined) watch.publish(record, begunAt);
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
      if (made.length > 0 || record.arrivals !== before?.arrivals) evaluateReleasesWith(record.name);
    });
  }

  async function readImage(name: ImageName): Promise<ImageRecord | undefined> {
    const image = await readWithIndexes(writer, name);
    reevaluateIfComplete(image);
    return image;
  }

  async function pollImage(name: ImageName): Promise<ImageRecord | undefined> {
    const image = await writer.read(name);
    reevaluateIfComplete(image);
    return image;
  }

  /**
   * If a replica was removed since the image's last write, the image may be complete and not published yet: begins a write that
   * makes the event due.
   */
  function reevaluateIfComplete(image: ImageRecord | undefined): void {
    if (image === undefined) return;
    const registry = registryOf(image.name);
    if (!isUnannouncedComplete(image, sets.current(registry))) return;
    const reevaluated = sets.ready(registry).then(() => writer.submit(image.name, { kind: 'reevaluate' }));
    reevaluated.catch((error: unknown) => {
      log.warn('image not reevaluated', { image: imageKey(image.name), error: describeError(error) });
    });
  }

  return { writer, relay, watch, counting, intake, questions, due, open, heartbeat, dueEvents };
}
