/**
 * What ingest needs: a queue for what the tables do not take in time, heartbeats of webhooks, and what is known of incidents. Every
 * method fails with an `UpstreamError`, as in ../ports.ts.
 */

import type { Received } from '../image/delivery.ts';
import type { Region } from '../model/region.ts';
import type { HealthEvent } from './health-alert.ts';

/** When each replica's webhook last spoke, whatever it said. */
export interface HeartbeatStore {
  note(registry: string, region: Region, at: number): Promise<void>;
  /** Milliseconds since 1970 by region; regions that never spoke are left out. */
  last(registry: string): Promise<ReadonlyMap<Region, number>>;
}

/** Where deliveries wait while the tables do not answer. Durable; handed back at least once. */
export interface DeliveryQueue {
  /** @param delayMs how long to leave it alone first: 0 for one that was just received, more for one that is put back */
  defer(received: Received, delayMs: number): Promise<void>;
}

/** What is known of the incidents of the registry service, by registry and tracking id. */
export interface HealthEventLog {
  /** `outdated`: a newer word about the same incident is known already, and stays. */
  note(registry: string, event: HealthEvent): Promise<'recorded' | 'outdated'>;
  /** Those whose newest word is that they go on, in any order. */
  open(registry: string): Promise<readonly HealthEvent[]>;
}
