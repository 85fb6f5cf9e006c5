/**
 * Turns an event into a fact about one image in one region or, if a delete names no digest, into the delete of a repository or
 * tag there. Webhooks, Event Grid and the registry's log of deliveries have the
 * same event, so one function reads it: the three must agree about one push.
 */

import type { Evidence } from '../image/arrival.ts';
import type { Delivery, Received } from '../image/delivery.ts';
import { imageKey } from '../image/record.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ImageEvent, RepositoryDeleteEvent } from './webhook-event.ts';

export interface ReportOrigin {
  readonly registry: Registry;
  /** Region of the replica that reports; the event itself does not name it. */
  readonly region: Region;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly evidence: Evidence;
}

export function toReceived(event: ImageEvent | RepositoryDeleteEvent, source: ReportOrigin): Received {
  if (event.action !== 'deleteRepository') return toDelivery(event, source);
  const { repository, tag, eventTime } = event;
  return { ...source, registry: source.registry.name, repository, tag, eventTime };
}

function toDelivery(event: ImageEvent, source: ReportOrigin): Delivery {
  const { action: kind, repository, digest, eventTime, tag, mediaType } = event;
  const { registry, region, receivedAt, evidence } = source;
  return {
    name: { registry: registry.name, repository, digest },
    fact: { region, kind, eventTime, receivedAt, evidence, tag, mediaType },
  };
}

/** For logs: what happened, to which image, repository or tag, and where. */
export function describeReceived(received: Received) {
  if ('fact' in received) {
    const { name, fact } = received;
    return { kind: fact.kind, subject: imageKey(name), region: fact.region, registry: name.registry };
  }
  const { registry, repository, tag, region } = received;
  const subject = `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}`;
  return { kind: 'delete', subject, region, registry };
}
