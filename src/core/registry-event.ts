/**
 * One Event Grid system event of a registry, read from unknown JSON. Event Grid repeats what it could not deliver, which
 * webhooks never do; but only an event that names its region says where an image is. One without a region must not
 * count for any replica: it would have "in all replicas" told while most are still without the image.
 */
import * as z from 'zod';
import { toDelivery } from './delivery.ts';
import type { ImageName } from './image.ts';
import { quote } from './parsed.ts';
import type { Delivery } from './ports.ts';
import { readAs } from './read-as.ts';
import type { Tag } from './reference.ts';
import { parseRegion, regionRule } from './region.ts';
import type { Registry } from './registry.ts';
import { findRegistryByHost, findRegistryByName } from './registry.ts';
import { parseWebhookEvent } from './webhook-event.ts';

export type RegistryEvent =
  /** One replica has the image, or has it no more. */
  | { readonly kind: 'fact'; readonly delivery: Delivery }
  /** The image has been pushed somewhere. */
  | { readonly kind: 'known'; readonly name: ImageName; readonly tag: Tag | undefined }
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
const resourcePattern = /\/providers\/Microsoft\.ContainerRegistry\/registries\/([^/]+)/i;

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
    if (event.value.action === 'delete') return ignored('a delete without a location');
    const { repository, digest, tag } = event.value;
    return { kind: 'known', name: { registry: registry.name, repository, digest }, tag };
  }
  const region = parseRegion(data.location);
  if (region === undefined) return invalid([`data.location: ${regionRule} (got ${quote(data.location)})`]);
  return { kind: 'fact', delivery: toDelivery(event.value, { registry, region, receivedAt, evidence: 'eventGrid' }) };
}

/** By the ARM id that Event Grid itself puts on the event; what the client called the registry is the second choice. */
function findRegistry(source: string, host: string | undefined, registries: readonly Registry[]): Registry | undefined {
  const [, name] = resourcePattern.exec(source) ?? [];
  const isSource = ({ resourceId }: Registry) => resourceId?.toLowerCase() === source.toLowerCase();
  return (
    registries.find(isSource) ??
    (name === undefined ? undefined : findRegistryByName(registries, name)) ??
    (host === undefined ? undefined : findRegistryByHost(registries, host))
  );
}

function ignored(reason: string): RegistryEvent {
  return { kind: 'ignored', reason };
}

function invalid(problems: readonly string[]): RegistryEvent {
  return { kind: 'invalid', reason: problems.join('; ') };
}
