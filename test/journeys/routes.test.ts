/** The built app: its own description, the client of a language model, and the required keys. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../support/app.ts';
import { deliver, getJson, loginServer, startInstance } from '../support/app.ts';

const digest = `sha256:${'1'.padStart(64, '0')}`;
const image = `${loginServer}/team/app@${digest}`;

let data: string;
let app: App;
let keys: { readonly master: string; readonly function: string; readonly mcp: string };

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'acr-replication-tracker-'));
  app = await startInstance({ data, flags: ['--enable-auth'] });
  keys = JSON.parse(await readFile(join(data, 'keys.json'), 'utf8'));
  for (const region of ['eastus', 'westeurope']) await deliver([app.url], { digest, region });
}, 60_000);

afterAll(async () => {
  await app?.stop();
  await rm(data, { recursive: true, force: true });
}, 60_000);

interface Described {
  readonly paths: Record<string, Record<string, { readonly security: readonly object[] }>>;
}

test('the description is there for anybody, and each route it names without parts is there', async () => {
  const { status, body } = await getJson<Described>(`${app.url}/api/openapi.json`);
  expect(status).toBe(200);
  for (const [path, methods] of Object.entries(body.paths)) {
    if (path.includes('{')) continue;
    for (const [method, { security }] of Object.entries(methods)) {
      // Off without its settings.
      if (security.some((way) => 'githubSignature' in way)) continue;
      const answer = await fetch(app.url + path, { method: method.toUpperCase() });
      await answer.arrayBuffer();
      expect(answer.status, path).toBe(security.length === 0 ? 200 : 401);
    }
  }
});

function callTool(key: string | undefined): Promise<Response> {
  const params = { name: 'image_availability', arguments: { image, regions: 'eastus' } };
  return fetch(`${app.url}/runtime/webhooks/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(key === undefined ? {} : { 'x-functions-key': key }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
}

test('a language model is answered what the route answers', async () => {
  const answer = await callTool(keys.mcp);
  const [, message = ''] = /^data: (.*)$/m.exec(await answer.text()) ?? [];
  const { structuredContent, content } = JSON.parse(message).result;
  const route = await fetch(`${app.url}/api/availability?image=${image}&regions=eastus`, {
    headers: { 'x-functions-key': keys.function },
  });
  const document = await route.json();
  expect(document).toMatchObject({ image, satisfied: true });
  expect(structuredContent).toEqual(document);
  expect(JSON.parse(content[0].text)).toEqual(document);
});

test.each([
  ['no key', undefined, 401],
  ['a function key', 'function', 403],
  ['the key of the extension', 'mcp', 200],
  ['the master key', 'master', 200],
] as const)('%s: the tool', async (_whose, name, status) => {
  expect((await callTool(name && keys[name])).status).toBe(status);
});

test.each([
  ['no key', undefined, 401],
  ['a function key', 'function', 401],
  ['the master key', 'master', 202],
] as const)('%s: a replay', async (_whose, name, status) => {
  const answer = await fetch(`${app.url}/api/events/replay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(name === undefined ? {} : { 'x-functions-key': keys[name] }) },
    body: JSON.stringify({ image }),
  });
  expect(answer.status).toBe(status);
});
