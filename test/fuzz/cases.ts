/**
 * Hostile requests with a known answer, one by one: the limits of the contract are checked here to the byte, while
 * random requests only show that nothing breaks.
 */
import { createHmac } from 'node:crypto';
import type { Header } from './draft.ts';
import { toBytes } from './draft.ts';
import type { TestSecrets } from './test-secrets.ts';
import { digestOf, fuzzRepositories } from './words.ts';

export interface Case {
  readonly name: string;
  readonly bytes: Buffer;
  /** One answer each, in this order. */
  readonly statuses: readonly number[];
  /** What a problem document names. */
  readonly field?: string;
}

interface Parts {
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly Header[];
  readonly body?: Buffer | string;
}

function requestOf({ method = 'POST', target, headers = [], body = '' }: Parts): Buffer {
  const bytes = Buffer.from(body);
  const hasLength = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const length: Header[] = hasLength || bytes.length === 0 ? [] : [['Content-Length', String(bytes.length)]];
  return toBytes({ method, target, version: 'HTTP/1.1', headers: [['Host', 'a'], ...headers, ...length], body: bytes });
}

const push = (more = '') =>
  `{"id":"1","timestamp":"2026-06-01T12:00:00Z","action":"push","target":{"repository":"${fuzzRepositories[0]}","digest":"${digestOf(1)}"}${more}}`;
const padded = (size: number) => push().padEnd(size, ' ');
const largest = 256 * 1_024;
const deepArray = '['.repeat(100_000) + ']'.repeat(100_000);

export function cases({ webhookSecrets, keys, githubWebhookSecret }: TestSecrets): Case[] {
  const secret: Header = ['Authorization', `Bearer ${webhookSecrets[0]}`];
  const key: Header = ['x-functions-key', keys.function];
  const hook = (body: Buffer | string, ...headers: Header[]) =>
    requestOf({ target: '/api/webhooks/contoso/eastus', headers: [secret, ...headers], body });
  const get = (target: string) => requestOf({ method: 'GET', target, headers: [key] });
  const signed = (body: string, event: string) => {
    const signature = createHmac('sha256', githubWebhookSecret).update(body).digest('hex');
    const headers: Header[] = [
      ['X-Hub-Signature-256', `sha256=${signature}`],
      ['X-GitHub-Event', event],
      ['X-GitHub-Delivery', '1'],
    ];
    return requestOf({ target: '/api/checks/github', headers, body });
  };
  const ask = get('/api/availability?image=contoso.azurecr.io/a');
  return [
    { name: '256 KiB exactly', bytes: hook(padded(largest)), statuses: [200] },
    { name: '256 KiB and a byte', bytes: hook(padded(largest + 1)), statuses: [413] },
    { name: 'ten megabytes', bytes: hook(padded(10_000_000)), statuses: [413] },
    { name: 'no body', bytes: hook('', ['Content-Length', '0']), statuses: [400], field: 'body' },
    {
      name: 'a body in chunks',
      bytes: hook('2\r\n{}\r\n0\r\n\r\n', ['Transfer-Encoding', 'chunked']),
      statuses: [400],
      field: 'body',
    },
    { name: 'not UTF-8', bytes: hook(Buffer.from([0x7b, 0xff, 0x7d])), statuses: [400], field: 'body' },
    { name: 'UTF-16', bytes: hook(Buffer.from(push(), 'utf16le')), statuses: [400], field: 'body' },
    { name: 'gzip that is none', bytes: hook(push(), ['Content-Encoding', 'gzip']), statuses: [200] },
    { name: 'one key twice', bytes: hook(push(',"action":7')), statuses: [400], field: 'action' },
    { name: 'nothing but depth', bytes: hook(deepArray), statuses: [400], field: 'body' },
    { name: 'depth in a field', bytes: hook(push(`,"target":${deepArray}`)), statuses: [400], field: 'target' },
    { name: 'depth where the app does not read', bytes: hook(push(`,"request":${deepArray}`)), statuses: [200] },
    { name: 'a prototype as action', bytes: hook(push(',"__proto__":{"action":"ping"}')), statuses: [200] },
    { name: 'two hosts', bytes: hook(push(), ['Host', 'b']), statuses: [400] },
    {
      name: 'a prototype as registry',
      bytes: requestOf({ target: '/api/webhooks/__proto__/eastus', headers: [secret], body: push() }),
      statuses: [404],
    },
    {
      name: 'a region with a zero byte, which the web server refuses',
      bytes: requestOf({ target: '/api/webhooks/contoso/1%00', headers: [secret], body: push() }),
      statuses: [400],
    },
    {
      name: 'a slash in the region',
      bytes: requestOf({ target: '/api/webhooks/contoso/east%2Fus', headers: [secret], body: push() }),
      statuses: [400],
      field: 'region',
    },
    {
      name: 'GitHub: nothing but depth',
      bytes: signed(deepArray, 'deployment_protection_rule'),
      statuses: [400],
      field: 'body',
    },
    { name: 'GitHub: another event', bytes: signed(deepArray, '__proto__'), statuses: [200] },
    {
      name: 'an image that is a prototype',
      bytes: get('/api/availability?image=__proto__'),
      statuses: [400],
      field: 'image',
    },
    { name: 'an unfinished escape', bytes: get('/api/availability?image=%'), statuses: [400], field: 'image' },
    {
      name: 'two images in one question',
      bytes: get('/api/availability?image=contoso.azurecr.io/a&image=contoso.azurecr.io/a'),
      statuses: [400],
      field: 'image',
    },
    {
      name: 'a time that is none',
      bytes: get('/api/wait?image=contoso.azurecr.io/a&timeout=1e1'),
      statuses: [400],
      field: 'timeout',
    },
    {
      name: 'a query of the storage',
      bytes: get("/api/images?registry=contoso&cursor=x'%20or%20'1"),
      statuses: [400],
      field: 'cursor',
    },
    {
      name: 'a cursor that was never given out',
      bytes: get('/api/images?registry=contoso&cursor=bm90LWEtY3Vyc29y'),
      statuses: [400],
      field: 'cursor',
    },
    {
      name: 'a parameter that the route does not know',
      bytes: get('/api/availability?image=contoso.azurecr.io/a&region=eastus'),
      statuses: [400],
      field: 'region',
    },
    { name: 'HEAD', bytes: requestOf({ method: 'HEAD', target: '/api/health' }), statuses: [200] },
    { name: 'HEAD of a list', bytes: requestOf({ method: 'HEAD', target: '/api/registries' }), statuses: [404] },
    { name: 'TRACE', bytes: requestOf({ method: 'TRACE', target: '/api/health', headers: [key] }), statuses: [404] },
    { name: 'dots out of the way', bytes: get('/api/x/%2e%2e/health'), statuses: [200] },
    {
      name: 'three at once, in order',
      bytes: Buffer.concat([get('/api/availability?image=%00'), ask, get('/api/nothing')]),
      statuses: [400, 200, 404],
    },
    {
      name: 'length and chunks at once',
      bytes: requestOf({
        target: '/api/webhooks/contoso/eastus',
        headers: [secret, ['Content-Length', '4'], ['Transfer-Encoding', 'chunked']],
        body: '0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
      }),
      statuses: [400],
    },
  ];
}
