/**
 * ARM for one registry, over real HTTP: replications and webhooks with the shapes and habits that were recorded from
 * the real one (a list without `serviceUri`, status codes as strings, changes that go on in the background), and
 * misbehaviour on request.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const resourceId =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/registries/providers/Microsoft.ContainerRegistry/registries/contoso';

export interface ArmSeen {
  readonly method: string;
  /** Below the registry, without the query: `/replications/eastus`, or empty for the registry itself. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

export interface ArmAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
}

interface StoredWebhook {
  location: string;
  properties: Record<string, unknown>;
}

export interface ArmStandIn {
  readonly origin: string;
  readonly seen: ArmSeen[];
  registry: object;
  replications: readonly object[];
  /** What asking for one replication answers, by name; by default the entry of the list. */
  readonly replicationStates: Map<string, object>;
  readonly webhooks: Map<string, StoredWebhook>;
  /** By webhook. */
  readonly events: Map<string, readonly unknown[]>;
  /** How often a change is reported as still going on. */
  pollsUntilDone: number;
  /** How changes end. */
  changesEnd: 'Succeeded' | 'Failed';
  misbehave: (seen: ArmSeen) => ArmAnswer | 'silence' | 'hangUp' | undefined;
  requests(method: string, path: string): ArmSeen[];
  stop(): Promise<void>;
}

const pageSize = 2;

export async function startArmStandIn(): Promise<ArmStandIn> {
  let pollsLeft = 0;

  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url ?? '', standIn.origin);
    const seen: ArmSeen = {
      method: request.method ?? '',
      path: url.pathname.startsWith(resourceId) ? url.pathname.slice(resourceId.length) : url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    standIn.seen.push(seen);
    const answer = standIn.misbehave(seen) ?? (url.pathname.startsWith(resourceId) ? follow(seen) : notFound);
    if (answer === 'silence') return;
    if (answer === 'hangUp') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', ...answer.headers });
    response.end(answer.text ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body)));
  });

  function follow(seen: ArmSeen): ArmAnswer {
    const [, kind, name, action] = seen.path.split('/');
    if (kind === undefined) return { status: 200, body: standIn.registry };
    if (kind === 'operations') return poll();
    if (kind === 'replications') return name === undefined ? page(seen, standIn.replications) : replication(name);
    if (kind !== 'webhooks') return notFound;
    if (name === undefined)
      return page(
        seen,
        [...standIn.webhooks].map(([key, webhook]) => show(key, webhook)),
      );
    if (seen.method === 'PUT' || seen.method === 'PATCH') return change(seen, name);
    const webhook = standIn.webhooks.get(name);
    if (webhook === undefined) return notFound;
    if (seen.method === 'GET' && action === undefined) return { status: 200, body: show(name, webhook) };
    if (seen.method !== 'POST') return { status: 405, body: problem('MethodNotAllowed') };
    if (action === 'ping') return { status: 200, body: { id: `ping-of-${name}` } };
    if (action === 'listEvents') {
      // There are more, but the SDK cannot get them: it asks with GET.
      const nextLink = `${standIn.origin}${resourceId}/webhooks/${name}/listEvents?api-version=2025-11-01&skip=1`;
      return { status: 200, body: { value: standIn.events.get(name) ?? [], nextLink } };
    }
    const { serviceUri, customHeaders } = webhook.properties;
    return action === 'getCallbackConfig' ? { status: 200, body: { serviceUri, customHeaders } } : notFound;
  }

  function page({ query, path }: ArmSeen, all: readonly object[]): ArmAnswer {
    const skip = Number(query.get('skip') ?? 0);
    const next = `${standIn.origin}${resourceId}${path}?api-version=2025-11-01&skip=${skip + pageSize}`;
    const value = all.slice(skip, skip + pageSize);
    return { status: 200, body: skip + pageSize < all.length ? { value, nextLink: next } : { value } };
  }

  function replication(name: string): ArmAnswer {
    const listed = standIn.replications.find((one) => (one as { name?: string }).name === name);
    const found = standIn.replicationStates.get(name) ?? listed;
    return found === undefined ? notFound : { status: 200, body: found };
  }

  /** As recorded: the resource at once, and an operation that can be polled. */
  function change({ method, body }: ArmSeen, name: string): ArmAnswer {
    const { location, properties } = body as { location?: string; properties: Record<string, unknown> };
    const before = standIn.webhooks.get(name);
    if (before === undefined && method === 'PATCH') return notFound;
    const webhook = {
      location: before?.location ?? location ?? '',
      properties: { ...(method === 'PATCH' ? before?.properties : {}), ...properties },
    };
    pollsLeft = standIn.pollsUntilDone;
    if (standIn.changesEnd === 'Succeeded') standIn.webhooks.set(name, webhook);
    if (pollsLeft === 0 && standIn.changesEnd === 'Succeeded') return { status: 200, body: show(name, webhook) };
    const headers = { 'azure-asyncoperation': `${standIn.origin}${resourceId}/operations/1?api-version=2025-11-01` };
    return { status: 201, headers, body: show(name, webhook, 'Creating') };
  }

  function poll(): ArmAnswer {
    if (pollsLeft-- > 0) return { status: 200, body: { status: 'Creating' } };
    const failed = { status: 'Failed', error: { code: 'WebhookFailed', message: 'it did not work' } };
    return { status: 200, body: standIn.changesEnd === 'Failed' ? failed : { status: 'Succeeded' } };
  }

  function show(name: string, { location, properties }: StoredWebhook, provisioningState = 'Succeeded'): object {
    const { serviceUri: _serviceUri, customHeaders: _customHeaders, ...shown } = properties;
    return { name, location, properties: { ...shown, provisioningState } };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: ArmStandIn = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    registry: {
      name: 'contoso',
      location: 'eastus',
      sku: { name: 'Premium', tier: 'Premium' },
      properties: { provisioningState: 'Succeeded' },
    },
    replications: [],
    replicationStates: new Map(),
    webhooks: new Map(),
    events: new Map(),
    pollsUntilDone: 0,
    changesEnd: 'Succeeded',
    misbehave: () => undefined,
    requests: (method, path) => standIn.seen.filter((seen) => seen.method === method && seen.path === path),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return standIn;
}

function problem(code: string): object {
  return { error: { code, message: 'a message that may quote anything' } };
}

const notFound: ArmAnswer = { status: 404, body: problem('ResourceNotFound') };

export function replication(location: string, properties: object = {}): object {
  const healthy = { provisioningState: 'Succeeded', regionEndpointEnabled: true, status: { displayStatus: 'Ready' } };
  return { name: `replica-${location.replaceAll(' ', '')}`, location, properties: { ...healthy, ...properties } };
}
