/** A server with the tracker's protocol that answers what a test wants: also what no healthy tracker would. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface Asked {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  /** Of a POST, parsed. */
  readonly body?: unknown;
}

/** `hang` never answers, `cut` ends the connection. */
export type Said =
  | 'hang'
  | 'cut'
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

export interface TrackerStandIn {
  readonly url: string;
  readonly asked: Asked[];
}

/** Ends with the test. @param answer gets the question and how many came before it */
export async function startTrackerStandIn(answer: (asked: Asked, before: number) => Said): Promise<TrackerStandIn> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    // As the Functions host does: a request without a length has no body.
    const sent = request.headers['content-length'] === undefined ? '' : await text(request);
    const question = { ...readQuestion(request), ...(sent === '' ? {} : { body: JSON.parse(sent) }) };
    const answered = answer(question, asked.push(question) - 1);
    if (answered === 'hang') return;
    if (answered === 'cut') {
      request.socket.destroy();
      return;
    }
    const isText = typeof answered.body === 'string';
    response.writeHead(answered.status, {
      'content-type': isText ? 'text/html' : 'application/json',
      ...answered.headers,
    });
    response.end(isText ? answered.body : JSON.stringify(answered.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function readQuestion({ url, headers }: IncomingMessage): Asked {
  const { pathname, searchParams } = new URL(url ?? '/', 'http://localhost');
  const key = headers['x-functions-key'];
  return { path: pathname, query: Object.fromEntries(searchParams), key: typeof key === 'string' ? key : undefined };
}

export const digest = `sha256:${'a'.repeat(64)}`;
export const pinned = `contoso.azurecr.io/team/app@${digest}`;

/** An availability document in which these regions have the image and those do not. */
export function documentWith(have: readonly string[], missing: readonly string[], more: Record<string, unknown> = {}) {
  const regions = [...have, ...missing].sort();
  const satisfied = missing.length === 0;
  return {
    image: pinned,
    registry: 'contoso.azurecr.io',
    repository: 'team/app',
    digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    state: satisfied ? 'available' : have.length === 0 ? 'unknown' : 'replicating',
    satisfied,
    requirement: { regions, require: 'all', needed: regions.length, have: have.length },
    missing: [...missing].sort(),
    regions: regions.map((region) => ({
      region,
      state: have.includes(region) ? 'available' : 'missing',
      required: true,
      expected: true,
      since: have.includes(region) ? '2026-06-01T12:00:00.000Z' : null,
      eventTime: null,
      lagSeconds: have.includes(region) ? have.indexOf(region) * 1.5 : null,
      evidence: have.includes(region) ? ['webhook'] : [],
      globalRouting: true,
    })),
    tags: ['v1'],
    firstSeenAt: '2026-06-01T12:00:00.000Z',
    availableAt: null,
    announcedAt: null,
    delayed: false,
    replicas: { source: 'settings', refreshedAt: '2026-06-01T12:00:00.000Z', stale: false },
    ...more,
  };
}

/** The answer about several images. */
export function severalWith(
  images: readonly ReturnType<typeof documentWith>[],
  state: string,
  ended: readonly { readonly image: string; readonly outcome: string }[] = [],
) {
  return {
    satisfied: images.every(({ satisfied }) => satisfied),
    state,
    requirement: { regions: ['eastus', 'westeurope'], require: 'all' },
    missing: images.flatMap(({ image, missing }) => (missing.length === 0 ? [] : [{ image, regions: missing }])),
    ended,
    images,
  };
}

/** An error as the tracker answers it. */
export function problemWith(status: number, detail: string): Said {
  const headers = { 'content-type': 'application/problem+json' };
  return { status, headers, body: { type: 'about:blank', title: 'Problem', status, detail } };
}
