/**
 * Records reports of replicas: from webhooks, within the time limit of the registry; without a limit, deliveries that were
 * deferred, events of Event Grid, deliveries from the registry's log, and answers to probes. Nothing is acknowledged before it is
 * stored.
 */

import type { DueEvent } from '../image/cloud-event.ts';
import type { Delivery, Received } from '../image/delivery.ts';
import type { MergeOutcome } from '../image/merge-fact.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey, pendingKeys } from '../image/record.ts';
import { measuredRegion } from '../model/measured-region.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByName } from '../model/registry.ts';
import type { EventRelay } from '../outbox/event-relay.ts';
import type { InFlightDeliveries } from '../outbox/trace-links.ts';
import type { ProbeScheduler } from '../replicas/probe-scheduler.ts';
import type { ReplicaSets } from '../replicas/replica-set-cache.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { withTimeoutOrUndefined } from '../runtime/timeout.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { ImageLists } from '../store/ports.ts';
import type { ReadTag } from '../store/read-tag.ts';
import type { DeliveryOutcome, DeliverySource } from './instruments.ts';
import { deliveries } from './instruments.ts';
import type { DeliveryQueue } from './ports.ts';
import { receivedAfter } from './receive-time.ts';
import { markDoubtful } from './repository-delete.ts';
import { describeReceived } from './to-received.ts';

export type ReceiveOutcome = MergeOutcome | 'deferred';

export interface IngestOptions {
  readonly registries: readonly Registry[];
  /** How long a webhook's answer may wait for the tables before the delivery goes to the queue. */
  readonly recordWithinMs: number;
  /** Time limit of the queue after that. Both together stay below the registry's 5 s. */
  readonly deferWithinMs: number;
}

interface IngestDeps {
  readonly sets: ReplicaSets;
  readonly queue: DeliveryQueue;
  readonly lists: ImageLists;
  readonly writer: ImageWriter;
  readonly readTag: ReadTag;
  readonly relay: EventRelay;
  readonly probes: Pick<ProbeScheduler, 'confirm'>;
  readonly inFlight: InFlightDeliveries;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry: Telemetry;
  /** Fails with an `UpstreamError` for one that is not in the settings. */
  registryOf(name: ImageName): Registry;
  dueEvents(image: ImageRecord, keys: readonly string[]): DueEvent[];
}

export interface Ingest {
  /**
   * Records one delivery from a webhook, within the time limit of the registry. Returns only after a durable write.
   * Fails with `unavailable` when neither tables nor queue answered in time.
   */
  receive(received: Received): Promise<ReceiveOutcome>;
  /**
   * Records one delivery without a time limit. After a temporary failure it is queued, once, for 5 to 15 seconds later, wherever
   * it came from. Fails if that fails too, and after any other failure.
   */
  process(received: Received): Promise<ReceiveOutcome>;
  /** Fails with an `UpstreamError`, also while the replica set is not known. */
  recordFact(delivery: Delivery): Promise<MergeOutcome>;
}

/**
 * Processor time for one delivery. In a burst, each delivery has waited this long for each one ahead of it before it was
 * read, and the registry measures its time limit from the sending.
 */
const processingMs = 1;
/** A timer this late shows that the event loop was blocked. */
const blockedLoopMs = 50;
/** Enough time to read answers that have arrived. */
const readAnswersMs = 100;
/**
 * That an event was accepted is stored at most 10 s after publication. An event pending longer than this may not have been published.
 */
const unpublishedAfterMs = 15_000;

export function ingest(deps: IngestDeps, options: IngestOptions): Ingest {
  const { clock, log, relay, sets, telemetry } = deps;
  /** Deliveries that the tables have not stored yet, and that still have time for that. */
  let waitingForTables = 0;

  async function recordFact(delivery: Delivery): Promise<MergeOutcome> {
    await sets.ready(deps.registryOf(delivery.name));
    const { record: image, outcome } = await telemetry.span('write image', spanOf(delivery), async (span) => {
      const end = deps.inFlight.begin(imageKey(delivery.name), delivery.fact.region, telemetry.activeSpan());
      const written = await deps.writer.submit(delivery.name, { kind: 'fact', fact: delivery.fact }).finally(end);
      span.set({ 'acr_replication.outcome': written.outcome ?? 'duplicate' });
      return written;
    });
    if (image === undefined) return outcome ?? 'duplicate';
    // The instance that stored the first report may have died before it published the event.
    const unpublished = outcome === 'recorded' ? [] : pendingKeys(image, clock.now() - unpublishedAfterMs);
    relay.offerPending(image.name, unpublished, (keys) => deps.dueEvents(image, keys));
    deps.probes.confirm(image, delivery.fact.region);
    return outcome ?? 'duplicate';
  }

  async function recordReceived(received: Received): Promise<MergeOutcome> {
    if ('fact' in received) return recordFact(received);
    await markDoubtful({ lists: deps.lists, readTag: deps.readTag, recordFact }, received);
    return 'recorded';
  }

  /** Corrects the time of receipt by the replica set in use now. */
  function withReceiveTime(received: Received): Received {
    if (!('fact' in received)) return received;
    return { ...received, fact: receivedAfter(received.fact, sets.current(deps.registryOf(received.name))) };
  }

  /** Queues the delivery if the tables do not store it in time. */
  async function recordOrDefer(recorded: Promise<MergeOutcome>, defer: () => Promise<void>): Promise<ReceiveOutcome> {
    const tablesWithinMs = Math.max(
      options.recordWithinMs / 3,
      options.recordWithinMs - waitingForTables * processingMs,
    );
    waitingForTables++;
    const outcome = await withTimeoutOrUndefined(clock, tablesWithinMs, recorded).finally(() => waitingForTables--);
    if (outcome !== undefined) return outcome;
    const deferred = defer().then(() => 'deferred' as const);
    const stored = Promise.any<ReceiveOutcome>([recorded, deferred]);
    const fallback = await withTimeoutUnlessBlocked(clock, options.deferWithinMs, stored);
    if (fallback !== undefined) return fallback;
    throw new UpstreamError('unavailable', 'neither tables nor queue took the delivery in time', {
      hint: 'send it again',
    });
  }

  /** Adds the trace, which the instance that handles the queued delivery continues. */
  function traced(received: Received): Received {
    return 'fact' in received ? { ...received, trace: telemetry.activeSpan() ?? received.trace } : received;
  }

  function count(received: Received, source: DeliverySource, outcome: DeliveryOutcome): void {
    const { registry, region } = describeReceived(received);
    const known = findRegistryByName(options.registries, registry);
    if (known === undefined) return;
    const measured = measuredRegion(sets.current(known), region);
    telemetry.measure(deliveries, 1, { registry, region: measured, source, outcome });
  }

  return {
    recordFact,
    receive(received) {
      const timed = withReceiveTime(received);
      return recordOrDefer(recordReceived(timed), () => deps.queue.defer(traced(timed), 0));
    },
    async process(received) {
      const { evidence } = 'fact' in received ? received.fact : received;
      // Deliveries of webhooks come here only from the queue.
      const source = evidence === 'eventGrid' || evidence === 'deliveryLog' ? evidence : 'queue';
      try {
        const outcome = await recordReceived(received);
        count(received, source, outcome);
        return outcome;
      } catch (error) {
        count(received, source, 'failed');
        if (!(error instanceof UpstreamError && error.temporary)) throw error;
        log.warn('delivery requeued', { image: describeReceived(received).subject, error: describeError(error) });
        await deps.queue.defer(traced(received), 5_000 + deps.random() * 10_000);
        return 'deferred';
      }
    },
  };
}

function spanOf({ name, fact }: Delivery) {
  return {
    'acr_replication.registry': name.registry,
    'acr_replication.region': fact.region,
    'acr_replication.image': imageKey(name),
  };
}

/**
 * As `withTimeoutOrUndefined()`, but if the timer is late, waits a moment longer: the event loop was blocked, and runs timers
 * before it reads answers that have arrived. Only a moment, since the registry is waiting.
 */
async function withTimeoutUnlessBlocked<T>(
  clock: Clock,
  milliseconds: number,
  work: Promise<T>,
): Promise<T | undefined> {
  const endsAt = clock.now() + milliseconds;
  const result = await withTimeoutOrUndefined(clock, milliseconds, work);
  const lateMs = clock.now() - endsAt;
  if (result !== undefined || lateMs < blockedLoopMs) return result;
  return withTimeoutOrUndefined(clock, readAnswersMs, work);
}
