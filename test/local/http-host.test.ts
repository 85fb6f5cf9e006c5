/** The fixture app, served for real: what a caller of a function sees, status by status. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Host, startHost } from '../../src/local/host/host.ts';
import { buildApp, collectLog, readWitness } from './build-app.ts';

const { entries, onLog } = collectLog();
let host: Host;

interface Described {
  method: string;
  url: string;
  params: Record<string, string>;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: string;
  name: string;
  invocationId: string;
  traceParent: string;
}

beforeAll(async () => {
  host = await startHost({ appDirectory: await buildApp(), onLog });
});
afterAll(() => host.stop());
beforeEach(() => {
  entries.length = 0;
  readWitness().calls.length = 0;
});

function call(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`${host.url}${path}`, init);
}

async function describeCall(path: string, init?: RequestInit): Promise<Described> {
  const response = await call(path, init);
  expect(response.status).toBe(200);
  return (await response.json()) as Described;
}

test('a function gets method, address, parameters, headers and body as they were sent', async () => {
  const seen = await describeCall('/api/ECHO/East%20US/b%2Fc?x=1&x=2&y=a+b', {
    method: 'POST',
    body: '{"ä": 1}',
    headers: { 'X-Mixed': 'Kept', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  });
  expect(seen).toMatchObject({
    method: 'POST',
    url: `${host.url}/api/ECHO/East%20US/b%2Fc?x=1&x=2&y=a+b`,
    params: { first: 'East US', second: 'b%2Fc' },
    query: { x: '1,2', y: 'a b' },
    body: '{"ä": 1}',
    name: 'echoTwo',
    traceParent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  expect(seen.headers['x-mixed']).toBe('Kept');
  expect(seen.invocationId).toMatch(/^[0-9a-f-]{36}$/);
});

test('a body sent in chunks reaches the function empty, as on Azure', async () => {
  const body = new Blob(['lost']).stream();
  const init = { method: 'POST', body, duplex: 'half' };
  expect((await describeCall('/api/echo/one', init as RequestInit)).body).toBe('');
});

test.each([
  ['an unknown path', '/api/nowhere', 'GET', 404],
  ['a method that is not listed', '/api/echo/one', 'DELETE', 404],
  ['HEAD, which is not added to GET', '/api/nothing', 'HEAD', 404],
  ['a function that returns nothing', '/api/nothing', 'GET', 204],
  ['a function that throws', '/api/throws', 'GET', 500],
  ['a function that returns a text', '/api/text', 'GET', 500],
  ['a function with an impossible status', '/api/bad-status', 'GET', 500],
])('%s: %s %s gives %i without a body', async (_, path, method, status) => {
  const response = await call(path, { method });
  expect(response.status).toBe(status);
  expect(await response.text()).toBe('');
});

test.each([
  ['?content-length=12', '12'],
  ['', null],
])('HEAD is answered with the length that the function says: bare%s', async (query, length) => {
  const response = await call(`/api/bare${query}`, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-length')]).toEqual([200, length]);
});

test('an error is logged with its function and its stack', async () => {
  await call('/api/throws');
  const logged = entries.find(({ level }) => level === 'error');
  expect(logged).toMatchObject({ functionName: 'throws', category: 'system' });
  expect(logged?.message).toMatch(/asked to throw\n +at .*main\.cjs/);
});

test('an invocation that succeeds is one line at debug level', async () => {
  await call('/api/nothing');
  expect(entries).toEqual([expect.objectContaining({ level: 'debug', functionName: 'nothing' })]);
});

test('headers and cookies are sent, but the length is the real one', async () => {
  const response = await call('/api/headers');
  expect(response.status).toBe(201);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'x-one': '1',
    'content-type': 'text/x-made',
    'content-length': '4',
  });
  expect(response.headers.getSetCookie()).toEqual([
    'plain=a%20b; path=/',
    'full=1; max-age=60; domain=example.com; path=/x; secure; samesite=strict; httponly',
  ]);
  expect(await response.text()).toBe('made');
});

test('the root says that the host is up', async () => {
  const response = await call('/');
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('GET,POST,PUT /api/echo/{first}  (echo)');
});

test('a client that hangs up leaves the function running and the host well', async () => {
  const client = new AbortController();
  const left = expect(call('/api/slow', { signal: client.signal })).rejects.toThrow();
  await vi.waitUntil(() => readWitness().calls.includes('slow started'));
  client.abort();
  await left;
  (globalThis as { releaseSlow?: () => void }).releaseSlow?.();
  await vi.waitUntil(() => readWitness().calls.includes('slow ended'));
  expect((await call('/api/nothing')).status).toBe(204);
  expect(entries.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a client that hangs up in the middle of its body is no error', async () => {
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST /api/echo/one HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
  socket.resume().end();
  await once(socket, 'close');
  expect((await call('/api/nothing')).status).toBe(204);
  expect(entries.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a body over 100 MB is 500, by its announced length', async () => {
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  socket.write('POST /api/echo/one HTTP/1.1\r\nhost: x\r\ncontent-length: 104857601\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 500 /);
  socket.destroy();
});

test('a request without a usable host gives 400', async () => {
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  socket.end('GET /api/nothing HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
});

test.each([
  ['a path with a zero byte', 'GET /api/echo/a%00b HTTP/1.1\r\nhost: a\r\n'],
  ['a header outside of ASCII', 'GET /api/echo/a HTTP/1.1\r\nhost: a\r\nx-name: \u00e9\r\n'],
  ['such a header in UTF-8', 'GET /api/echo/a HTTP/1.1\r\nhost: a\r\nx-name: \u00c3\u00a9\r\n'],
])('%s gives an empty 400, whatever is there', async (_what, head) => {
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  socket.end(Buffer.from(`${head}connection: close\r\n\r\n`, 'latin1'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 [\s\S]*\r\n\r\n$/);
});

test('a zero byte in the query is for the function', async () => {
  expect((await describeCall('/api/echo/one?x=%00')).query).toEqual({ x: '\0' });
});

test.each(['/api/nothing', '/admin/host/ping'])('a request with two hosts gives 400: %s', async (path) => {
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  socket.end(`GET ${path} HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
});

test('stopping waits for what runs, then ends the app', async () => {
  const other = await startHost({ appDirectory: await buildApp() });
  const answer = fetch(`${other.url}/api/slow`);
  await vi.waitUntil(() => readWitness().calls.includes('slow started'));
  const stopped = other.stop();
  (globalThis as { releaseSlow?: () => void }).releaseSlow?.();
  expect(await (await answer).text()).toBe('at last');
  await stopped;
  expect(readWitness().calls).toEqual(['slow started', 'slow ended', 'terminated']);
  await expect(fetch(`${other.url}/api/nothing`)).rejects.toThrow();
});

test('what the app ends at its own end is answered', async () => {
  const source = `let end; const held = new Promise((resolve) => { end = resolve; });
    app.get('held', { handler: () => { globalThis.fixtureWitness.calls.push('held'); return held; } });
    app.hook.appTerminate(() => end({ status: 202 }));`;
  const log = collectLog();
  const other = await startHost({ appDirectory: await buildApp({ source }), onLog: log.onLog });
  const answer = fetch(`${other.url}/api/held`);
  await vi.waitUntil(() => readWitness().calls.includes('held'));
  const [{ status }] = await Promise.all([answer, other.stop({ withinMs: 10 })]);
  expect(status).toBe(202);
  expect(log.entries.map(({ message }) => message)).not.toContain('stopping although functions still run');
});

test('while stopping, new calls are asked to come again', async () => {
  const other = await startHost({ appDirectory: await buildApp() });
  const answer = fetch(`${other.url}/api/slow`);
  await vi.waitUntil(() => readWitness().calls.includes('slow started'));
  const stopped = other.stop();
  const refused = await fetch(`${other.url}/api/nothing`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  (globalThis as { releaseSlow?: () => void }).releaseSlow?.();
  await answer;
  await stopped;
});

test('stopping lets an answer leave completely', async () => {
  const size = 30_000_000;
  const source = `app.get('big', { handler: () => ({ body: 'x'.repeat(${size}) }) });`;
  const other = await startHost({ appDirectory: await buildApp({ source }) });
  const answer = await fetch(`${other.url}/api/big`);
  const stopped = other.stop();
  expect((await answer.text()).length).toBe(size);
  await stopped;
});

test('an app that fails to end is reported, and the port is free all the same', async () => {
  const source =
    "app.get('a', { handler: () => ({}) }); app.hook.appTerminate(() => { throw new Error('cannot let go'); });";
  const other = await startHost({ appDirectory: await buildApp({ source }) });
  await expect(other.stop()).rejects.toThrow('cannot let go');
  await expect(fetch(other.url)).rejects.toThrow();
});

test('stopping does not wait for ever', async () => {
  const log = collectLog();
  const other = await startHost({ appDirectory: await buildApp(), onLog: log.onLog });
  const answer = expect(fetch(`${other.url}/api/slow`)).rejects.toThrow();
  await vi.waitUntil(() => readWitness().calls.includes('slow started'));
  await other.stop({ withinMs: 10 });
  await answer;
  expect(log.entries.map(({ message }) => message)).toContain('stopping although functions still run');
});
