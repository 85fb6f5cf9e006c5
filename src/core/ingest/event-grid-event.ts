/**
 * One Event Grid system event of a registry, read from unknown JSON. Event Grid repeats what it could not deliver, which
 * webhooks never do; but only an event that names its region says where an image is. One without a region must not
 * count for any replica: it would have "in all replicas" told while most are still without the image.
 */

import * as z from 'zod';
import type { Received } from '../image/delivery.ts';
import type { ImageName } from '../image/record.ts';
import { parseRegion, regionRule } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByHost } from '../model/registry.ts';
import { quote } from '../runtime/parsed.ts';
import { readAs } from '../runtime/validation.ts';
import { toReceived } from './to-delivery.ts';
import { parseWebhookEvent } from './webhook-event.ts';

export type RegistryEvent =
  /** One replica has the image, or has it no more. */
  | { readonly kind: 'fact'; readonly delivery: Received }
  /** The image has been pushed somewhere. */
  | { readonly kind: 'known'; readonly name: ImageName }
  /** An event that is none of our business. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** An event that should have told us something and does not. */
  | { readonly kind: 'invalid'; readonly reason: string };

const connected = z.object({ name: z.string().nullish() }).nullish().catch(undefined);

/** Both envelopes at once: CloudEvents 1.0 (`type`, `source`) and Event Grid's own (`eventType`, `topic`). */
const envelope = z.object({
  type: z.string().optional(),
  eventType: z.string().optional(),
  source: z.string().optional(),
  topic: z.string().optional(),
  data: z.looseObject({
    location: z.string().nullish(),
    request: z.object({ host: z.string() }).optional().catch(undefined),
    // The published schema and the published filters spell it differently.
    connectedRegistry: connected,
    connectedregistry: connected,
  }),
});

/** Old events leave the namespace out. */
const typePattern = /^(?:Microsoft\.ContainerRegistry\.)?(ImagePushed|ImageDeleted)$/i;
/** With a name that a registry may have: the documentation's examples say `<name>`. */
const resourcePattern = /\/providers\/Microsoft\.ContainerRegistry\/registries\/([a-z0-9]{5,50})(?:\/|$)/i;

/** @param receivedAt milliseconds since 1970 */
export function parseRegistryEvent(input: unknown, registries: readonly Registry[], receivedAt: number): RegistryEvent {
  const read = readAs(envelope, input);
  if (!read.ok) return invalid(read.problems.map(({ field, reason }) => `${field}: ${reason}`));
  const { data } = read.value;
  const type = read.value.type ?? read.value.eventType ?? '';
  const source = read.value.source ?? read.value.topic ?? '';
  const [, told] = typePattern.exec(type) ?? [];
  if (told === undefined) return ignored(`type ${quote(type)}`);
  // A connected registry is a copy outside of Azure, which speaks through the same topic.
  const isConnected = /\/connectedRegistries\//i.test(source);
  if (isConnected || data.connectedRegistry?.name || data.connectedregistry?.name) return ignored('connected registry');
  const registry = findRegistry(source, data.request?.host, registries);
  if (registry === undefined) return ignored('registry is not tracked here');

  const event = parseWebhookEvent(data);
  if (!event.ok) return invalid(event.problems.map(({ field, reason }) => `data.${field}: ${reason}`));
  if (event.value.action === 'ping' || event.value.action === 'other') return ignored('no image');
  if ((event.value.action === 'push') !== (told.toLowerCase() === 'imagepushed')) {
    return invalid([`data.action: ${quote(event.value.action)} in an event of type ${quote(type)}`]);
  }
  if (data.location === undefined || data.location === null || data.location === '') {
    // Deleted, but nobody says where: that is no knowledge.
    if (event.value.action !== 'push') return ignored('a delete without a location');
    const { repository, digest } = event.value;
    return { kind: 'known', name: { registry: registry.name, repository, digest } };
  }
  const region = parseRegion(data.location);
  if (region === undefined) return invalid([`data.location: ${regionRule} (got ${quote(data.location)})`]);
  return { kind: 'fact', delivery: toReceived(event.value, { registry, region, receivedAt, evidence: 'eventGrid' }) };
}

/**
 * By the ARM id that Event Grid itself puts on the event. What the client called the registry counts only where there is
 * none: that host name is the client's own word, and an event of another registry would be taken for ours.
 */
function findRegistry(source: string, host: string | undefined, registries: readonly Registry[]): Registry | undefined {
  const [, name] = resourcePattern.exec(source) ?? [];
  if (name === undefined) return host === undefined ? undefined : findRegistryByHost(registries, host);
  const isSource = ({ resourceId }: Registry) => resourceId?.toLowerCase() === source.toLowerCase();
  return registries.find(isSource) ?? registries.find((registry) => armNameOf(registry) === name.toLowerCase());
}

/** Unique in all of Azure, so it tells a registry that was moved to another group or subscription. */
function armNameOf({ name, resourceId }: Registry): string {
  return resourceId?.split('/').at(-1)?.toLowerCase() ?? name;
}

function ignored(reason: string): RegistryEvent {
  return { kind: 'ignored', reason };
}

function invalid(problems: readonly string[]): RegistryEvent {
  return { kind: 'invalid', reason: problems.join('; ') };
}
