/**
 * Parses one Event Grid system event of a registry from unknown JSON. Event Grid retries a failed delivery, which webhooks do
 * not. An event counts for a replica only if it names a region: otherwise "in all replicas" could be published while most
 * replicas do not have the image.
 */

import * as z from 'zod';
import type { Received } from '../image/delivery.ts';
import type { ImageName } from '../image/record.ts';
import { parseRegion, regionRule } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByHost } from '../model/registry.ts';
import { quote } from '../runtime/parsed.ts';
import { readAs } from '../runtime/validation.ts';
import { toReceived } from './to-received.ts';
import { parseWebhookEvent } from './webhook-event.ts';

export type RegistryEvent =
  /** From one replica: it has the image or no longer has it, or has deleted a repository or tag. */
  | { readonly kind: 'report'; readonly received: Received }
  /** The image was pushed, in an unknown region. */
  | { readonly kind: 'known'; readonly name: ImageName }
  /** An event about something that is not tracked. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** An event about an image that lacks a field or contradicts itself. */
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

/** Old events do not have the namespace. */
const typePattern = /^(?:Microsoft\.ContainerRegistry\.)?(ImagePushed|ImageDeleted)$/i;
/** Matches only valid registry names: the examples of the documentation have `<name>`. */
const resourcePattern = /\/providers\/Microsoft\.ContainerRegistry\/registries\/([a-z0-9]{5,50})(?:\/|$)/i;

/** @param receivedAt milliseconds since 1970 */
export function parseRegistryEvent(input: unknown, registries: readonly Registry[], receivedAt: number): RegistryEvent {
  const read = readAs(envelope, input);
  if (!read.ok) return invalid(read.problems.map(({ field, reason }) => `${field}: ${reason}`));
  const { data } = read.value;
  const type = read.value.type ?? read.value.eventType ?? '';
  const source = read.value.source ?? read.value.topic ?? '';
  const [, typeName] = typePattern.exec(type) ?? [];
  if (typeName === undefined) return ignored(`type ${quote(type)}`);
  // A connected registry is a copy outside of Azure, whose events come through the same topic.
  const isConnected = /\/connectedRegistries\//i.test(source);
  if (isConnected || data.connectedRegistry?.name || data.connectedregistry?.name) return ignored('connected registry');
  const registry = findRegistry(source, data.request?.host, registries);
  if (registry === undefined) return ignored('registry is not tracked here');

  const event = parseWebhookEvent(data);
  if (!event.ok) return invalid(event.problems.map(({ field, reason }) => `data.${field}: ${reason}`));
  if (event.value.action === 'ping' || event.value.action === 'other') return ignored('no image');
  if ((event.value.action === 'push') !== (typeName.toLowerCase() === 'imagepushed')) {
    return invalid([`data.action: ${quote(event.value.action)} in an event of type ${quote(type)}`]);
  }
  if (data.location === undefined || data.location === null || data.location === '') {
    // A delete in an unknown region proves nothing.
    if (event.value.action !== 'push') return ignored('a delete without a location');
    const { repository, digest } = event.value;
    return { kind: 'known', name: { registry: registry.name, repository, digest } };
  }
  const region = parseRegion(data.location);
  if (region === undefined) return invalid([`data.location: ${regionRule} (got ${quote(data.location)})`]);
  return { kind: 'report', received: toReceived(event.value, { registry, region, receivedAt, evidence: 'eventGrid' }) };
}

/**
 * Finds the registry by the ARM id, which Event Grid itself sets. The host name counts only where there is no ARM id: the client
 * that pushed chooses it, and an event of another registry could name a host of ours.
 */
function findRegistry(source: string, host: string | undefined, registries: readonly Registry[]): Registry | undefined {
  const [, name] = resourcePattern.exec(source) ?? [];
  if (name === undefined) return host === undefined ? undefined : findRegistryByHost(registries, host);
  const isSource = ({ resourceId }: Registry) => resourceId?.toLowerCase() === source.toLowerCase();
  return registries.find(isSource) ?? registries.find((registry) => armNameOf(registry) === name.toLowerCase());
}

/** Unique in all of Azure: also finds a registry that was moved to another resource group or subscription. */
function armNameOf({ name, resourceId }: Registry): string {
  return resourceId?.split('/').at(-1)?.toLowerCase() ?? name;
}

function ignored(reason: string): RegistryEvent {
  return { kind: 'ignored', reason };
}

function invalid(problems: readonly string[]): RegistryEvent {
  return { kind: 'invalid', reason: problems.join('; ') };
}
