/**
 * Turns what an event says into what is recorded about one image in one replica. Webhooks, Event Grid and the
 * registry's own log of deliveries carry the same event; read three ways, the three would disagree about one push.
 */
import type { Evidence } from './arrival.ts';
import type { Delivery } from './ports.ts';
import type { Region } from './region.ts';
import type { Registry } from './registry.ts';
import type { ImageEvent } from './webhook-event.ts';

export interface DeliverySource {
  readonly registry: Registry;
  /** The replica that speaks; the event itself does not name it. */
  readonly region: Region;
  /** When we learned it, milliseconds since 1970. */
  readonly receivedAt: number;
  readonly evidence: Evidence;
}

export function toDelivery(event: ImageEvent, source: DeliverySource): Delivery {
  const { action: kind, repository, digest, eventTime, tag, mediaType } = event;
  const { registry, region, receivedAt, evidence } = source;
  return {
    name: { registry: registry.name, repository, digest },
    fact: { region, kind, eventTime, receivedAt, evidence, tag, mediaType },
  };
}
