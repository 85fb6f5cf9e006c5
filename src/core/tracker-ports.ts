/** What the tracker needs of the outside, and how it is set. */

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
  readonly checkpoints: CheckpointStore;
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
