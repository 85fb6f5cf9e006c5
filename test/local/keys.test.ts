/** Keys: asked for with `enableAuth` and by the same rules as on Azure, otherwise not at all. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Host, startHost } from '../../src/local/host/host.ts';
import { readKeys } from '../../src/local/host/keys.ts';
import { buildApp } from './build-app.ts';
import { makeFolder } from './make-folder.ts';

const keys = { master: 'the-master', function: 'the-function', eventgrid: 'the-grid', mcp: 'the-mcp' };
const eventGridPath = '/runtime/webhooks/eventgrid?functionName=takeEvent';
let closed: Host;
let open: Host;

beforeAll(async () => {
  const appDirectory = await buildApp();
  closed = await startHost({ appDirectory, enableAuth: true, keys });
  open = await startHost({ appDirectory, keys });
});
afterAll(() => Promise.all([closed.stop(), open.stop()]));

function call(host: Host, path: string, key?: string): Promise<Response> {
  const isPost = path.startsWith('/runtime') || path.includes('/functions/');
  return fetch(`${host.url}${path}`, {
    method: isPost ? 'POST' : 'GET',
    headers: {
      'content-type': 'application/json',
      'aeg-event-type': 'Unsubscribe',
      ...(key === undefined ? {} : { 'x-functions-key': key }),
    },
    ...(isPost ? { body: '{}' } : {}),
  });
}

const withKey = (path: string, code: string) => `${path}${path.includes('?') ? '&' : '?'}code=${code}`;

test.each([
  ['/api/echo/x', undefined, 200],
  ['/api/needs-key', undefined, 401],
  ['/api/needs-key', 'wrong', 401],
  ['/api/needs-key', keys.eventgrid, 401],
  ['/api/needs-key', keys.function, 200],
  ['/api/needs-key', keys.master, 200],
  ['/api/needs-master', keys.function, 401],
  ['/api/needs-master', keys.master, 200],
  ['/api/nowhere', undefined, 404],
  [eventGridPath, undefined, 401],
  [eventGridPath, 'wrong', 401],
  [eventGridPath, keys.function, 403],
  [eventGridPath, keys.eventgrid, 202],
  [eventGridPath, keys.master, 202],
  ['/runtime/webhooks/other', undefined, 401],
  ['/runtime/webhooks/other', keys.eventgrid, 403],
  ['/runtime/webhooks/other', keys.master, 404],
  ['/admin/host/ping', undefined, 200],
  ['/admin/host/status', undefined, 401],
  ['/admin/host/status', keys.function, 403],
  ['/admin/host/status', keys.master, 200],
  ['/admin/functions/tick', undefined, 401],
  ['/admin/functions/tick', keys.master, 202],
])('%s with key %s gives %i, as header or in the query', async (path, key, status) => {
  expect((await call(closed, path, key)).status).toBe(status);
  if (key !== undefined) expect((await call(closed, withKey(path, key))).status).toBe(status);
});

test.each([
  ['in other letters', { 'x-functions-key': 'THE-Function' }, ''],
  ['in other letters, in the query', {}, '?code=The-FUNCTION'],
  ['under a name in other letters', {}, '?CODE=the-function'],
  [
    'twice',
    [
      ['x-functions-key', keys.function],
      ['x-functions-key', keys.function],
    ] as [string, string][],
    '',
  ],
])('a key %s opens as well', async (_how, headers, query) => {
  const answer = await sendRaw(closed, `/api/needs-key${query}`, headers);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

test('of two keys the first counts', async () => {
  const pair = (first: string, second: string): [string, string][] => [
    ['x-functions-key', first],
    ['x-functions-key', second],
  ];
  expect(await sendRaw(closed, '/api/needs-key', pair('wrong', keys.function))).toMatch(/^HTTP\/1\.1 401 /);
  expect(await sendRaw(closed, '/api/needs-key', pair(keys.function, 'wrong'))).toMatch(/^HTTP\/1\.1 200 /);
});

/** `fetch` would join headers of one name. */
async function sendRaw(
  host: Host,
  path: string,
  headers: Record<string, string> | [string, string][],
): Promise<string> {
  const lines = (Array.isArray(headers) ? headers : Object.entries(headers)).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  socket.end(`GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${lines.join('')}\r\n`);
  return text(socket);
}

test('a refusal has no body', async () => {
  expect(await (await call(closed, '/api/needs-key')).text()).toBe('');
});

test('the header wins over the query', async () => {
  expect((await call(closed, withKey('/api/needs-key', keys.function), 'wrong')).status).toBe(401);
  expect((await call(closed, withKey('/api/needs-key', 'wrong'), keys.function)).status).toBe(200);
});

test.each(['/api/needs-key', '/api/needs-master', eventGridPath, '/admin/host/status'])(
  '%s is open without enableAuth',
  async (path) => {
    expect((await call(open, path)).status).toBeLessThan(300);
  },
);

test('asking for keys without having any is refused', async () => {
  await expect(startHost({ appDirectory: await buildApp(), enableAuth: true })).rejects.toThrow(/needs keys/);
});

test('keys are made once, kept, and readable by their owner alone', async () => {
  const path = join(await makeFolder(), 'data', 'keys.json');
  const made = await readKeys(path);
  expect(new Set(Object.values(made)).size).toBe(4);
  expect(await readKeys(path)).toEqual(made);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a key that somebody chose stays, and a missing one is added', async () => {
  const path = join(await makeFolder(), 'keys.json');
  await writeFile(path, '{"master":"chosen"}');
  const read = await readKeys(path);
  expect(read.master).toBe('chosen');
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(read);
});

test('a keys file that is not JSON is refused', async () => {
  const path = join(await makeFolder(), 'keys.json');
  await writeFile(path, 'oops');
  await expect(readKeys(path)).rejects.toThrow(/must hold a JSON object of keys/);
});
