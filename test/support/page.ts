/** The live page as the app serves it, and a tracker behind it whose answers the test sets. */
import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import functions from '@azure/functions';
import { buildUiPage } from '../../scripts/ui-page.ts';
import { uiFunction } from '../../src/functions/api/ui.ts';

const { HttpRequest, InvocationContext } = functions;

export const page = await buildUiPage();

/** Asks for the page as the host does. */
export async function askPage(headers: Record<string, string> = {}) {
  const request = new HttpRequest({ method: 'GET', url: 'http://localhost:7071/ui', headers });
  const context = new InvocationContext({ invocationId: 'test-invocation', functionName: 'ui' });
  const answer = await uiFunction(async () => page).handler(request, context);
  return {
    status: answer.status ?? 200,
    headers: Object.fromEntries(new Headers(answer.headers)),
    text: String(answer.body ?? ''),
  };
}

export interface StandInTracker {
  readonly url: string;
  /** Requested addresses under `/api`, without their host. */
  readonly asked: string[];
  /** Characters of each answer; none for one that the page has. */
  readonly sent: number[];
  stop(): Promise<void>;
}

/** @param answer the document for a route under `/api/`, or a status to answer instead */
export async function startStandInTracker(
  answer: (route: string, query: URLSearchParams) => unknown,
): Promise<StandInTracker> {
  const asked: string[] = [];
  const sent: number[] = [];

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams, search } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/ui') {
      const { status, headers, text } = await askPage();
      response.writeHead(status, headers).end(text);
      return;
    }
    asked.push(`${pathname}${search}`);
    const document = answer(pathname.replace('/api/', ''), searchParams);
    const status = typeof document === 'number' ? document : 200;
    const body = JSON.stringify(document);
    const etag = `W/"${hash('sha256', body, 'base64url')}"`;
    // As the app does: what the reader has is not sent again.
    const isKnown = status === 200 && request.headers['if-none-match'] === etag;
    sent.push(isKnown ? 0 : body.length);
    if (isKnown) response.writeHead(304, { etag }).end();
    else response.writeHead(status, { 'content-type': 'application/json', etag }).end(body);
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    sent,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const digestOf = (number: number) => `sha256:${number.toString(16).padStart(8, '0').padEnd(64, '5')}`;

/**
 * An image as `/api/images` lists it: number 1 is the oldest. Without a type: a test may use answers that no tracker
 * would give.
 */
export function listedImage(number: number, changes: Record<string, unknown> = {}) {
  const digest = digestOf(number);
  const repository = typeof changes.repository === 'string' ? changes.repository : 'team/app';
  const firstSeenAt = new Date(Date.parse('2026-06-01T12:00:00Z') + number * 1_000).toISOString();
  const region = { required: true, expected: true, globalRouting: true };
  const there = { state: 'available', since: firstSeenAt, eventTime: firstSeenAt, evidence: ['webhook'] };
  const silent = { state: 'missing', since: null, eventTime: null, lagSeconds: null, evidence: [] };
  return {
    image: `contoso.azurecr.io/${repository}@${digest}`,
    registry: 'contoso.azurecr.io',
    repository,
    digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    state: 'replicating',
    satisfied: false,
    requirement: { regions: ['eastus', 'westeurope'], require: 'all', needed: 2, have: 1 },
    missing: ['westeurope'],
    regions: [
      { region: 'eastus', ...region, ...there, lagSeconds: 0 },
      { region: 'westeurope', ...region, ...silent },
    ],
    tags: [`v${number}`],
    firstSeenAt,
    availableAt: null,
    announcedAt: null,
    delayed: false,
    replicas: { source: 'settings', refreshedAt: firstSeenAt, stale: false },
    ...changes,
  };
}

export const listedRegistries = { registries: [{ name: 'contoso', loginServer: 'contoso.azurecr.io' }] };
