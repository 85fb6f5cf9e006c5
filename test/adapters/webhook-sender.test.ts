/**
 * Forwarded webhooks over HTTP, to receivers that parse them as the real tools do, and never to a private
 * address.
 */
import { createHmac } from 'node:crypto';
import dns from 'node:dns';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isPrivate, webhookSender } from '../../src/adapters/webhook-sender.ts';
import { targetOf } from '../support/build.ts';
import { hurryTimeLimits } from '../support/storage-stand-in.ts';

const sender = webhookSender('AzureContainerRegistry/1.0 (acr-replication-tracker)');
const body = JSON.stringify({ action: 'push', target: { repository: 'team/äpp', tag: 'v1' } });

let server: Server | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

async function listen(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** For each tool, the status it would answer the request with. */
const receivers: [string, Parameters<typeof targetOf>[0], (request: IncomingMessage, body: string) => number][] = [
  [
    // fluxcd/notification-controller, receiver_handlers.go: a signature over the raw body.
    'Flux generic-hmac',
    { secret: 'a-token-of-the-tests' },
    ({ headers }, raw) =>
      headers['x-signature'] === `sha256=${createHmac('sha256', 'a-token-of-the-tests').update(raw).digest('hex')}`
        ? 200
        : 400,
  ],
  ['Flux acr', {}, (_, raw) => (JSON.parse(raw) ? 200 : 400)],
  ['Keel', {}, (_, raw) => (JSON.parse(raw).target.tag === '' ? 400 : 200)],
  ['Kargo', {}, ({ headers }) => (/^AzureContainerRegistry\//.test(headers['user-agent'] ?? '') ? 200 : 400)],
  [
    'Argo CD Image Updater',
    { headers: { Authorization: 'a-secret-of-the-tests' } },
    ({ headers }) => (headers.authorization === 'a-secret-of-the-tests' ? 200 : 401),
  ],
];

test.each(receivers)('%s takes it', async (_, overrides, statusFor) => {
  const requests: [string | undefined, string | undefined][] = [];
  const origin = await listen(async (request, response) => {
    requests.push([request.method, request.url]);
    const raw = await text(request);
    const isWhole = raw === body && request.headers['content-length'] === String(Buffer.byteLength(body));
    response.writeHead(isWhole ? statusFor(request, raw) : 400).end();
  });
  const target = targetOf({ url: `${origin}/hook/1?type=acr`, allowPrivate: true, ...overrides });
  expect(await sender.send(target, body)).toBe('delivered');
  expect(requests).toEqual([['POST', '/hook/1?type=acr']]);
});

describe('what is not taken', () => {
  test.each<[number, Record<string, string>, object]>([
    [204, {}, { delivered: true }],
    [400, {}, { refusal: 'answered 400', retryAfterMs: undefined }],
    [302, { location: '/elsewhere' }, { refusal: 'answered 302', retryAfterMs: undefined }],
    [503, { 'retry-after': '7' }, { refusal: 'answered 503', retryAfterMs: 7_000 }],
    [429, { 'retry-after': 'Wed, 21 Oct 2099 07:28:00 GMT' }, { refusal: 'answered 429', retryAfterMs: undefined }],
  ])('%i %j', async (status, headers, expected) => {
    let requests = 0;
    const origin = await listen((_, response) => {
      requests++;
      response.writeHead(status, headers).end();
    });
    const answer = await sender.send(targetOf({ url: origin, allowPrivate: true }), body);
    expect(answer === 'delivered' ? { delivered: true } : answer).toEqual(expected);
    expect(requests).toBe(1);
  });

  test('nobody there, or somebody who hangs up', async () => {
    const origin = await listen((request) => request.socket.destroy());
    const target = targetOf({ url: origin, allowPrivate: true });
    expect(await sender.send(target, body)).toMatchObject({ refusal: 'not reached (ECONNRESET)' });
    await new Promise((resolve) => server?.close(resolve));
    expect(await sender.send(target, body)).toMatchObject({ refusal: 'not reached (ECONNREFUSED)' });
  });
});

describe('private addresses', () => {
  test.each(['127.0.0.1', '[::1]', 'localhost', '169.254.169.254', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])(
    '%s is not connected to',
    async (host) => {
      let connections = 0;
      const origin = await listen((_, response) => response.end());
      server?.on('connection', () => connections++);
      const url = `http://${host}:${new URL(origin).port}/`;
      expect(await sender.send(targetOf({ url }), body)).toMatchObject({ refusal: expect.stringMatching(/private/) });
      expect(connections).toBe(0);
    },
  );

  test.each([
    ...['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '169.254.0.1', '0.0.0.0'],
    ...['224.0.0.1', '255.255.255.255', '168.63.129.16', '::', '::1', 'fc00::1', 'fd12::1', 'fe80::1', 'fec0::1'],
    ...['ff02::1', '::ffff:10.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', 'not an address'],
  ])('%s is one', (address) => {
    expect(isPrivate(address)).toBe(true);
  });

  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '20.50.2.1', '2603:1020::1', '::ffff:8.8.8.8'])(
    '%s is none',
    (address) => {
      expect(isPrivate(address)).toBe(false);
    },
  );
});

test('a receiver that never answers is left in time', async () => {
  hurryTimeLimits();
  const origin = await listen(() => undefined);
  const answer = await sender.send(targetOf({ url: origin, allowPrivate: true }), body);
  expect(answer).toMatchObject({ refusal: 'no answer in time' });
}, 5_000);

describe('a name', () => {
  const { lookup } = dns;
  afterEach(() => {
    dns.lookup = lookup;
    syncBuiltinESMExports();
  });

  /** The resolver of this machine, for one name. */
  function resolve(addresses: readonly string[]) {
    const found = addresses.map((address) => ({ address, family: 4 }));
    dns.lookup = ((_name: string, _options: object, callback: (error: null, all: object[]) => void) =>
      callback(null, found)) as never;
    syncBuiltinESMExports();
  }

  test.each([[['127.0.0.1']], [['127.0.0.1', '8.8.8.8']], [['8.8.8.8', '127.0.0.1']]])(
    'that leads to %j is not connected to',
    async (addresses) => {
      let connections = 0;
      const origin = await listen((_, response) => response.end());
      server?.on('connection', () => connections++);
      resolve(addresses);
      const url = `http://receiver.example:${new URL(origin).port}/`;
      expect(await sender.send(targetOf({ url }), body)).toMatchObject({ refusal: expect.stringMatching(/private/) });
      expect(connections).toBe(0);
    },
  );
});
