/**
 * The address that each region's webhook must have, and which webhooks have it. The list of webhooks has no addresses: each
 * address needs a request. It may contain a key, so it is only compared here, and not passed on.
 */

import { hash } from 'node:crypto';
import type { Region } from '../model/region.ts';
import { parseRegion } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { WebhookDirectory, WebhookRegistration } from './ports.ts';

/** @param publicUrl where the registry reaches this app, with or without a slash at its end */
export function webhookAddress(publicUrl: string, registry: Registry, region: Region): string {
  return `${publicUrl.replace(/\/+$/, '')}/api/webhooks/${registry.name}/${region}`;
}

/**
 * The region at the end of a webhook's address, or `undefined` when it does not point at this app's endpoint for this registry.
 * @param publicUrl without it, the endpoint of any app counts
 */
export function regionOfAddress(
  publicUrl: string | undefined,
  registry: Registry,
  serviceUri: string,
): Region | undefined {
  if (!URL.canParse(serviceUri)) return undefined;
  const { origin, pathname } = new URL(serviceUri);
  const [, base, name = '', region = ''] = /^(.*)\/api\/webhooks\/([^/]+)\/([^/]+)\/?$/i.exec(pathname) ?? [];
  if (base === undefined || name.toLowerCase() !== registry.name) return undefined;
  if (publicUrl !== undefined) {
    const home = new URL(publicUrl);
    const isHere = origin === home.origin && base.toLowerCase() === home.pathname.replace(/\/+$/, '').toLowerCase();
    if (!isHere) return undefined;
  }
  return parseRegion(region.replaceAll(/%20|\+/g, ''));
}

/**
 * The name of the webhook that this app creates: 5 to 50 letters and digits. It has a hash of the address, so that two apps that
 * manage one registry never change each other's webhooks.
 */
export function webhookName(address: string): string {
  const region = address.slice(address.lastIndexOf('/') + 1);
  const suffix = hash('sha256', address.toLowerCase()).slice(0, 8);
  return `acrreplication${region.slice(0, 28)}${suffix}`;
}

export interface FoundWebhook extends WebhookRegistration {
  /** `undefined` when it does not point at this app, or its address could not be read. */
  readonly targetRegion: Region | undefined;
  /** The error with which reading its address failed. */
  readonly error: unknown;
}

const atOnce = 8;

/** The webhooks of these regions. Fails when they cannot be listed; one whose address cannot be read has an `error`. */
export async function findWebhooks(
  directory: WebhookDirectory,
  registry: Registry,
  regions: readonly Region[],
  publicUrl: string | undefined,
): Promise<FoundWebhook[]> {
  const listed = (await directory.list(registry)).filter(({ region }) => regions.includes(region));
  const read = async (webhook: WebhookRegistration): Promise<FoundWebhook> => {
    try {
      const serviceUri = await directory.serviceUri(registry, webhook.name);
      return { ...webhook, targetRegion: regionOfAddress(publicUrl, registry, serviceUri), error: undefined };
    } catch (error) {
      return { ...webhook, targetRegion: undefined, error };
    }
  };
  const found: FoundWebhook[] = [];
  for (const some of inChunks(listed, atOnce)) found.push(...(await Promise.all(some.map(read))));
  return found;
}
