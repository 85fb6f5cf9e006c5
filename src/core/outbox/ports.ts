/** What the outbox needs: the topic, and the queue of webhooks to be forwarded. Every method fails with an `UpstreamError`. */

import type { CloudEvent, EventData } from '../image/cloud-event.ts';
import type { ForwardOrder } from '../image/forward-entry.ts';
/** Webhooks to be forwarded, on their way to their targets. Durable; handed back at least once. */
export interface ForwardQueue {
  /**
   * @param attempt how often it has been tried
   * @param delayMs how long to leave it alone first
   */
  put(order: ForwardOrder, attempt: number, delayMs: number): Promise<void>;
  /** Lays aside what no target would take, for people to look at. */
  deadLetter(order: ForwardOrder, reason: string): Promise<void>;
}

/** The topic. Returns once it has taken all of them; on an error, none may be assumed taken. */
export interface EventPublisher<Data extends object = EventData> {
  publish(events: readonly CloudEvent<Data>[]): Promise<void>;
}
