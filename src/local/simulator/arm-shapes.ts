/**
 * The registry's resources as ARM returns them. Only what was observed or is documented is here, including what is
 * missing: a webhook never shows its URL, a replica that is being created has no display status, and only preview
 * versions know of regional endpoints.
 */
import { toRegionalHost } from './client-request.ts';
import type { Delivery, Webhook } from './webhook.ts';
import type { World } from './world.ts';

const TYPE = 'Microsoft.ContainerRegistry/registries';
const FIRST_WITH_REGIONAL_HOSTS = '2026-01-01';

/** Properties of a replica that a test may set; the rest follows from the world. */
export interface ReplicaOverride {
  provisioningState?: string;
  displayStatus?: string;
  regionEndpointEnabled?: boolean;
}

export function formatRegistry(world: World, id: string, homeRegion: string, apiVersion: string): object {
  const regions = world.truth.regions();
  const hasRegionalHosts = apiVersion.endsWith('-preview') && apiVersion >= FIRST_WITH_REGIONAL_HOSTS;
  const regionalHosts = regions.map((region) => toRegionalHost(world.loginServer, region));
  return {
    type: TYPE,
    id,
    name: world.registry,
    location: homeRegion,
    tags: {},
    sku: { name: 'Premium', tier: 'Premium' },
    properties: {
      loginServer: world.loginServer,
      creationDate: '2024-03-01T08:00:00.0000000Z',
      provisioningState: 'Succeeded',
      adminUserEnabled: false,
      dataEndpointEnabled: false,
      dataEndpointHostNames: [],
      ...(hasRegionalHosts ? { regionalEndpoints: 'Enabled', regionalEndpointHostNames: regionalHosts } : {}),
    },
  };
}

/** The home region's replica is named after its region; the others are not, since no document says they must be. */
export function toReplicationName(region: string, homeRegion: string): string {
  return region === homeRegion ? region : `geo${region}`;
}

export function formatReplication(
  world: World,
  id: string,
  region: string,
  homeRegion: string,
  override: ReplicaOverride = {},
): object {
  const name = toReplicationName(region, homeRegion);
  const state = override.provisioningState ?? (world.isSeeding(region) ? 'Creating' : 'Succeeded');
  const displayStatus = override.displayStatus ?? (state === 'Creating' ? undefined : 'Ready');
  const timestamp = '2026-06-01T08:00:00.0000000Z';
  return {
    type: `${TYPE}/replications`,
    id: `${id}/replications/${name}`,
    name,
    location: region,
    tags: {},
    properties: {
      provisioningState: state,
      status: displayStatus === undefined ? { timestamp } : { displayStatus, timestamp },
      regionEndpointEnabled: override.regionEndpointEnabled ?? true,
      zoneRedundancy: 'Disabled',
    },
  };
}

export function formatWebhook(id: string, { name, location, status, scope, actions }: Webhook): object {
  return {
    type: `${TYPE}/webhooks`,
    id: `${id}/webhooks/${name}`,
    name,
    location,
    tags: {},
    properties: { status, scope, actions, provisioningState: 'Succeeded' },
  };
}

/** Newest first, a page at a time. */
export function formatDeliveries(deliveries: readonly Delivery[], pageSize: number, nextLink: string): object {
  const value = [...deliveries].reverse().slice(0, pageSize);
  return deliveries.length > pageSize ? { value, nextLink } : { value };
}
