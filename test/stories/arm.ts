/**
 * Azure Resource Manager for several registries, with the REST shapes of `Microsoft.ContainerRegistry`, and the identity
 * endpoint that hands out tokens for it. What it answers can be incomplete or contradict itself, as ARM's own answers do.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The fault in ARM's answers about a registry. `getNotFound`: a get by name answers 404 for a replica that the list
 * has.
 */
export type ArmFault = 'lacks' | 'empty' | 'repeats' | 'failed' | 'getNotFound' | 'unavailable' | 'hanging' | undefined;

export interface ArmRegistry {
  readonly home: string;
  /** The regions that really have replications; none for a registry that is not geo-replicated. */
  replications: string[];
  fault: ArmFault;
}

export interface StoryArm {
  readonly origin: string;
  /** By name. */
  readonly registries: Map<string, ArmRegistry>;
  stop(): Promise<void>;
}

export function resourceIdOf(name: string): string {
  return `/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/stories/providers/Microsoft.ContainerRegistry/registries/${name}`;
}

export async function startStoryArm(): Promise<StoryArm> {
  const server = createServer((request, response) => {
    request.resume();
    const url = new URL(request.url ?? '/', 'http://arm');
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(body));
    };
    if (url.pathname === '/identity') return answer(200, token(url.searchParams.get('resource') ?? ''));
    const [, name = '', rest = ''] = /\/registries\/([^/]+)(\/.*)?$/i.exec(url.pathname) ?? [];
    const registry = arm.registries.get(name.toLowerCase());
    if (registry === undefined) return answer(404, problem);
    if (registry.fault === 'hanging') return;
    if (registry.fault === 'unavailable') return answer(503, problem);
    const found = follow(name, registry, rest, request.method ?? 'GET');
    return answer(found === undefined ? 404 : 200, found ?? problem);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const arm: StoryArm = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    registries: new Map(),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return arm;
}

const problem = { error: { code: 'ResourceNotFound', message: 'not found' } };

function token(resource: string): object {
  const expires = Math.floor(Date.now() / 1_000) + 86_400;
  return { access_token: 'a-token-of-the-stories', expires_on: String(expires), resource, token_type: 'Bearer' };
}

function follow(name: string, { home, replications, fault }: ArmRegistry, rest: string, method: string): unknown {
  const [, kind, item] = rest.split('/');
  if (kind === undefined || kind === '') {
    const properties = {
      provisioningState: 'Succeeded',
      loginServer: `${name}.azurecr.io`,
      creationDate: '2024-01-01',
    };
    return { id: resourceIdOf(name), name, location: home, sku: { name: 'Premium', tier: 'Premium' }, properties };
  }
  if (kind === 'webhooks' && item === undefined && method === 'GET') return { value: [] };
  if (kind !== 'replications') return undefined;
  if (item === undefined) return { value: listOf(name, home, replications, fault) };
  const found = replications.includes(item) && !(fault === 'getNotFound' && item !== home);
  return found ? replication(name, item, 'Succeeded') : undefined;
}

function listOf(name: string, home: string, replications: readonly string[], fault: ArmFault): object[] {
  // Never the home region: it is expected whatever the list has.
  const victim = replications.find((region) => region !== home);
  if (fault === 'empty') return [];
  const shown = replications.filter((region) => !(fault === 'lacks' && region === victim));
  const states = shown.map((region) =>
    replication(name, region, fault === 'failed' && region === victim ? 'Failed' : 'Succeeded'),
  );
  return fault === 'repeats' ? [...states, ...states] : states;
}

function replication(registry: string, region: string, provisioningState: string): object {
  return {
    id: `${resourceIdOf(registry)}/replications/${region}`,
    name: region,
    type: 'Microsoft.ContainerRegistry/registries/replications',
    location: region,
    properties: {
      provisioningState,
      regionEndpointEnabled: true,
      zoneRedundancy: 'Disabled',
      status: { displayStatus: 'Ready', timestamp: '2026-01-01T00:00:00.000Z' },
    },
  };
}
