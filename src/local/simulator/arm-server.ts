/**
 * A stand-in for Azure Resource Manager, with the replicas and the webhooks with their delivery logs. It can be down,
 * slow, throttled or wrong while the registry itself works, as in an outage of the home region. Its list of replicas
 * can differ from its answers about single ones.
 */
import { formatRegistry, formatReplication, type ReplicaOverride, toReplicationName } from './arm-shapes.ts';
import { type ArmWebhooks, answerWebhooks, type Result } from './arm-webhooks.ts';
import type { Simulator } from './simulator.ts';
import { type Answer, type Incoming, type StandInServer, startServer } from './stand-in-server.ts';

export interface ArmServerOptions {
  port?: number;
  now?: () => number;
  subscription?: string;
  resourceGroup?: string;
  /** The registry's home region. Default: the first region it has at the start. */
  homeRegion?: string;
  /** Refuses requests without a bearer token. Default: false, as clients send none over plain HTTP. */
  requireToken?: boolean;
  /** Page size of `listEvents`. Default: 100. */
  eventsPageSize?: number;
}

export interface ArmServer extends StandInServer {
  /** The registry's resource id, as `resourceId` in the tracker's settings. */
  resourceId: string;
  /** By region: properties of a replica that differ from the truth. */
  overrides: Map<string, ReplicaOverride>;
  /**
   * How the list differs from the answers about single replicas: the real list is sometimes incomplete and outdated.
   */
  listing: ArmListing;
  /** Regions whose replica is answered with 404 by name, though it exists. */
  unfound: Set<string>;
}

export interface ArmListing {
  /** Regions missing in the list. */
  lacks: Set<string>;
  /** Regions listed twice. */
  repeats: Set<string>;
  /** By region: properties that differ in the list only. */
  overrides: Map<string, ReplicaOverride>;
}

const SUBSCRIPTION = '00000000-0000-4000-8000-000000000000';

export async function startArmServer(
  { world, webhooks, sender }: Simulator,
  options: ArmServerOptions = {},
): Promise<ArmServer> {
  const {
    port = 0,
    now = Date.now,
    subscription = SUBSCRIPTION,
    resourceGroup = 'registries',
    eventsPageSize = 100,
  } = options;
  const homeRegion = options.homeRegion ?? [...world.replicas.keys()][0] ?? '';
  const groupId = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`;
  const resourceId = `${groupId}/providers/Microsoft.ContainerRegistry/registries/${world.registry}`;
  const overrides = new Map<string, ReplicaOverride>();
  const listing: ArmListing = { lacks: new Set(), repeats: new Set(), overrides: new Map() };
  const unfound = new Set<string>();
  const hooks: ArmWebhooks = { webhooks, sender, regions: world.truth.regions, now, eventsPageSize };

  function answerReplications(name: string, method: string): Result {
    // A registry that was never replicated has no replica resources, not even for its own region.
    const regions = world.truth.regions();
    const isAlone = regions.length === 1 && regions[0] === homeRegion;
    const format = (region: string, override = overrides.get(region)) =>
      formatReplication(world, resourceId, region, homeRegion, override);
    if (method !== 'GET') return [405, 'MethodNotAllowed'];
    if (name === '') {
      const listed = isAlone ? [] : regions.filter((region) => !listing.lacks.has(region));
      const all = listed.flatMap((region) => (listing.repeats.has(region) ? [region, region] : [region]));
      return [200, { value: all.map((region) => format(region, listing.overrides.get(region))) }];
    }
    const found = regions.find((region) => !isAlone && toReplicationName(region, homeRegion) === name);
    return found === undefined || unfound.has(found) ? [404, 'ResourceNotFound'] : [200, format(found)];
  }

  function answer(incoming: Incoming): Result {
    const { method, url, headers } = incoming;
    const apiVersion = url.searchParams.get('api-version') ?? '';
    if (options.requireToken && !/^Bearer .+/i.test(headers.authorization ?? '')) return [401, 'AuthenticationFailed'];
    if (apiVersion === '') return [400, 'MissingApiVersionParameter'];
    if (!url.pathname.toLowerCase().startsWith(resourceId.toLowerCase())) return [404, 'ResourceNotFound'];
    const [rest = '', kind = '', name = '', action = ''] = url.pathname.slice(resourceId.length).split('/');
    if (rest !== '') return [404, 'ResourceNotFound'];
    if (kind === '')
      return method === 'GET'
        ? [200, formatRegistry(world, resourceId, homeRegion, apiVersion)]
        : [405, 'MethodNotAllowed'];
    if (kind === 'replications') return answerReplications(name, method);
    return kind === 'webhooks' ? answerWebhooks(hooks, resourceId, name, action, incoming) : [404, 'ResourceNotFound'];
  }

  const server = await startServer({ port, now, formatError, handle: (incoming) => toAnswer(answer(incoming)) });
  return { ...server, resourceId, overrides, listing, unfound };
}

function toAnswer([status, document]: Result): Answer {
  const body = typeof document === 'string' ? formatError(document, `${document}.`) : JSON.stringify(document);
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: status === 204 ? '' : body };
}

function formatError(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } });
}
