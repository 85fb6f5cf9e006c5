/** Requests that are not about an image of a story, and their answers by the contract. */
import { webhookSecret } from './world.ts';

export interface OddRequest {
  readonly what: string;
  readonly sentence: string;
  readonly path: string;
  readonly method?: string;
  readonly secret?: string;
  readonly body?: string;
  readonly status: number;
  readonly text?: string;
}

const parts = { id: 'odd-1', timestamp: '2026-06-01T12:00:00.000Z' };
const at = '/api/webhooks/fixed/eastus';
const image = 'image=fixed.azurecr.io/odd/app:v1';
const hooks = 'section 2, Webhooks';

export const odds: readonly OddRequest[] = [
  {
    what: 'wrong secret',
    sentence: `${hooks}: wrong or missing: 401`,
    path: at,
    secret: 'not-the-secret-at-all',
    body: '{}',
    status: 401,
  },
  {
    what: 'unknown registry',
    sentence: `${hooks}: Unknown registry: 404`,
    path: '/api/webhooks/unknown/eastus',
    body: JSON.stringify({ ...parts, action: 'ping' }),
    status: 404,
  },
  { what: 'not JSON', sentence: `${hooks}: Not JSON … 400`, path: at, body: 'hello', status: 400 },
  { what: 'empty body', sentence: `${hooks}: Empty body: 400`, path: at, body: '', status: 400 },
  {
    what: 'without id',
    sentence: `${hooks}: without \`id\` … 400`,
    path: at,
    body: JSON.stringify({ timestamp: parts.timestamp, action: 'ping' }),
    status: 400,
  },
  {
    what: 'too large',
    sentence: `${hooks}: Over 256 KiB: 413`,
    path: at,
    body: JSON.stringify({ ...parts, action: 'ping', more: 'x'.repeat(300_000) }),
    status: 413,
  },
  {
    what: 'ping',
    sentence: `${hooks}: \`ping\` is \`pong\``,
    path: '/api/webhooks/FIXED/East%20US',
    body: JSON.stringify({ ...parts, action: 'ping' }),
    status: 200,
    text: '"pong"',
  },
  {
    what: 'quarantine',
    sentence: `${hooks}: any other action … is \`ignored\` with 200`,
    path: at,
    body: JSON.stringify({
      ...parts,
      action: 'quarantine',
      target: { repository: 'odd/app', digest: `sha256:${'1'.repeat(64)}` },
    }),
    status: 200,
    text: '"ignored"',
  },
  {
    what: 'push without a digest',
    sentence: `${hooks}: or one without a digest, is \`ignored\` with 200`,
    path: at,
    body: JSON.stringify({ ...parts, action: 'push', target: { repository: 'odd/app', tag: 'v1' } }),
    status: 200,
    text: '"ignored"',
  },
  {
    what: 'unknown query parameter',
    sentence: 'section 2: "A query parameter that a route does not know is a 400 that names the nearest one it knows"',
    path: `/api/wait?${image}&region=eastus&timeout=0`,
    status: 400,
    text: 'regions',
  },
  {
    what: 'unknown query parameter',
    sentence: 'section 2: "A query parameter that a route does not know is a 400 that names the nearest one it knows"',
    path: `/api/availability?${image}&requires=any`,
    status: 400,
    text: 'require',
  },
  {
    what: 'unknown region',
    sentence: 'section 2, Wait: unknown region … 400 naming the known regions',
    path: `/api/wait?${image}&regions=mars&timeout=0`,
    status: 400,
    text: 'westeurope',
  },
  {
    what: 'impossible requirement',
    sentence: 'section 2, Wait: impossible requirement 400',
    path: `/api/wait?${image}&require=9&timeout=0`,
    status: 400,
  },
  {
    what: 'unknown registry',
    sentence: 'section 2, Wait: Unknown registry 404',
    path: '/api/wait?image=unknown.azurecr.io/odd/app:v1&timeout=0',
    status: 404,
  },
  {
    what: 'bad reference',
    sentence: 'section 2, Wait: bad reference … 400',
    path: '/api/availability?image=fixed.azurecr.io/UPPER/app@sha256:12',
    status: 400,
  },
  {
    what: 'never seen',
    sentence: 'section 2: 200 the document, also for an image never seen (`unknown`)',
    path: '/api/availability?image=fixed.azurecr.io/never/seen:v1',
    status: 200,
    text: '"unknown"',
  },
  {
    what: 'regions on lines',
    sentence: 'section 2: "white space around values is dropped, and lists may be separated by commas or line breaks"',
    path: `/api/availability?${image}&regions=%20eastus%0Awesteurope%20`,
    status: 200,
  },
  {
    what: 'HEAD of health',
    sentence: 'section 2: "`HEAD` is answered like `GET` on `/api/health`"',
    path: '/api/health',
    method: 'HEAD',
    status: 200,
  },
  {
    what: 'regional login server',
    sentence: 'section 1: "Regional login servers mean the same image"',
    path: '/api/availability?image=fixed.eastus.geo.azurecr.io/never/seen:v1',
    status: 200,
    text: '"fixed.azurecr.io"',
  },
];

export function fetchOdd(
  origin: string,
  { path, method, secret, body }: OddRequest,
  signal: AbortSignal,
): Promise<Response> {
  if (body === undefined) return fetch(`${origin}${path}`, { method: method ?? 'GET', signal });
  const headers = { authorization: `Bearer ${secret ?? webhookSecret}`, 'content-type': 'application/json' };
  return fetch(`${origin}${path}`, { method: 'POST', headers, body, signal });
}
