/**
 * What ingest needs: a queue for deliveries that the tables do not store in time, the times of webhook calls, and incidents of
 * the registry service. Every method fails with an `UpstreamError`, as in ../ports.ts.
 */

import type { Received } from '../image/delivery.ts';
import type { Region } from '../model/region.ts';
import type { HealthEvent } from './health-alert.ts';

/** When each region's webhook last called, with an event of any action. */
export interface HeartbeatStore {
  note(registry: string, region: Region, at: number): Promise<void>;
  /** Milliseconds since 1970 by region, of regions whose webhook has called. */
  last(registry: string): Promise<ReadonlyMap<Region, number>>;
}

/** Holds deliveries while the tables do not answer. Durable; each is handed back at least once. */
export interface DeliveryQueue {
  /**
   * @param delayMs how long it stays on the queue at least: 0 for a webhook's that was just received; more after a temporary
   * failure, whether it comes from the queue, from Event Grid or from the log of deliveries
   */
  defer(received: Received, delayMs: number): Promise<void>;
}

/** Incidents of the registry service, by registry and tracking id. */
export interface HealthEventLog {
  /** `outdated`: a newer alert about the same incident is stored already, and stays. */
  note(registry: string, event: HealthEvent): Promise<'recorded' | 'outdated'>;
  /** Incidents that are open by their newest alert, in any order. */
  open(registry: string): Promise<readonly HealthEvent[]>;
}
