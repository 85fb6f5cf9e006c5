/** The ports and options of the tracker. */

import type { CatalogueStore, CatalogueTimer } from './catalogue/ports.ts';
import type { Policy } from './image/context.ts';
import type { ForwardTarget } from './image/forward-entry.ts';
import type { ImageName } from './image/record.ts';
import type { IngestOptions } from './ingest/ingest.ts';
import type { DeliveryQueue, HealthEventLog, HeartbeatStore } from './ingest/ports.ts';
import type { WebhookAudit } from './ingest/webhook-status.ts';
import type { ManifestReader } from './members/ports.ts';
import type { EventPublisher, ForwardQueue } from './outbox/ports.ts';
import type { Prober } from './replicas/prober.ts';
import type { ReplicaSets } from './replicas/replica-set-cache.ts';
import type { Clock } from './runtime/clock.ts';
import type { Log } from './runtime/log.ts';
import type { Telemetry } from './runtime/telemetry.ts';
import type { CheckpointStore, ImageLists, ImageStore, ReconcileQueue, TagDigests } from './store/ports.ts';

export interface TrackerPorts {
  readonly store: ImageStore;
  readonly lists: ImageLists;
  readonly tags: TagDigests;
  readonly webhooks: HeartbeatStore;
  readonly timer: ReconcileQueue;
  readonly queue: DeliveryQueue;
  readonly publisher: EventPublisher;
  readonly forwards: ForwardQueue;
  readonly sets: ReplicaSets;
  readonly checkpoints: CheckpointStore;
  readonly audit: WebhookAudit;
  readonly health: HealthEventLog;
  /** Without it nothing is counted, and lists have only one order. */
  readonly catalogue?: { readonly store: CatalogueStore; readonly timer: CatalogueTimer };
  readonly prober: Prober;
  /** Absent where the manifests of an index are not read. */
  readonly manifests?: ManifestReader | undefined;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Returns a text that is unique over all processes and calls. */
  readonly uniqueId: () => string;
  readonly log: Log;
  readonly telemetry?: Telemetry;
}

export interface TrackerOptions extends IngestOptions {
  readonly policy: Policy;
  /** Where the registry's webhooks are forwarded to, when an image is in the regions that the target requires. */
  readonly targets: readonly ForwardTarget[];
  /** How long images that were deleted everywhere are kept after their last change. */
  readonly retentionMs: number;
  /** Records kept in memory. */
  readonly cachedImages: number;
  /**
   * Evaluates the open releases that have the image. Called after a write that stored a report of it or made an event due, and each
   * time its timer fires. Never fails.
   */
  readonly evaluateReleasesWith?: (name: ImageName) => void;
}
