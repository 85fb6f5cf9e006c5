/** What the outbox needs: the topic, and the queue of webhooks to be forwarded. Every method fails with an `UpstreamError`. */

import type { CloudEvent, EventData } from '../image/cloud-event.ts';
import type { ForwardOrder } from '../image/forward-entry.ts';
/** Webhooks to be forwarded. Durable; each is handed back at least once. */
export interface ForwardQueue {
  /**
   * @param attempt how many attempts were made
   * @param delayMs how long it stays on the queue at least
   */
  put(order: ForwardOrder, attempt: number, delayMs: number): Promise<void>;
  /** Stores a webhook that its target does not accept, for people. */
  deadLetter(order: ForwardOrder, reason: string): Promise<void>;
}

/** The topic. Returns when it has accepted all of them; after an error, none counts as accepted. */
export interface EventPublisher<Data extends object = EventData> {
  publish(events: readonly CloudEvent<Data>[]): Promise<void>;
}
