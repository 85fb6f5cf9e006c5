/**
 * Where the registry's webhooks must point, and which of them do. The listing of webhooks does not say: each has to be
 * asked for its address. An address may carry a key, so it is compared here and goes no further.
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
 * The region a webhook speaks for, or `undefined` when it does not point at this app's endpoint for this registry.
 * @param publicUrl without it every app's endpoint counts
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
 * The name of the webhook we create: letters and digits, 5 to 50. It follows from the address, so that two apps that
 * care for one registry never take each other's.
 */
export function webhookName(address: string): string {
  const region = address.slice(address.lastIndexOf('/') + 1);
  const mark = hash('sha256', address.toLowerCase()).slice(0, 8);
  return `acrreplication${region.slice(0, 28)}${mark}`;
}

export interface FoundWebhook extends WebhookRegistration {
  /** `undefined` when it does not point at this app, or would not say. */
  readonly targetRegion: Region | undefined;
  /** Why its address could not be read. */
  readonly trouble: unknown;
}

const atOnce = 8;

/** The webhooks of these regions. Fails when they cannot be listed; one that cannot be read is listed with its trouble. */
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
      return { ...webhook, targetRegion: regionOfAddress(publicUrl, registry, serviceUri), trouble: undefined };
    } catch (trouble) {
      return { ...webhook, targetRegion: undefined, trouble };
    }
  };
  const found: FoundWebhook[] = [];
  for (const some of inChunks(listed, atOnce)) found.push(...(await Promise.all(some.map(read))));
  return found;
}
