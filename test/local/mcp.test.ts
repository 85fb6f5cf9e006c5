/** The MCP endpoint: what clients send and get, as with the extension on Azure. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Host, startHost } from '../../src/local/host/host.ts';
import { buildApp, collectLog } from './build-app.ts';

const source = `
import { McpTextContent, McpToolResponse } from '@azure/functions';
app.mcpTool('echoTool', {
  toolName: 'echo',
  description: 'Says what it was handed',
  toolProperties: [
    { propertyName: 'text', propertyType: 'string', description: 'What to say', isRequired: true },
    { propertyName: 'words', propertyType: 'string', description: 'More', isRequired: false, isArray: true },
  ],
  handler: (input) => input,
});
app.mcpTool('structuredTool', {
  toolName: 'structured',
  description: 'Answers with more than text',
  toolProperties: [],
  handler: () => new McpToolResponse({
    content: [new McpTextContent('one'), new McpTextContent('two')],
    structuredContent: { count: 2 },
  }),
});
app.mcpTool('brokenTool', {
  toolName: 'broken',
  description: 'Fails',
  toolProperties: [],
  handler: () => { throw new Error('the secret of the house'); },
});
app.mcpTool('silentTool', { toolName: 'silent', description: 'Says nothing', toolProperties: [], handler: () => undefined });
`;
const path = '/runtime/webhooks/mcp';
const keys = { master: 'the-master', function: 'the-function', eventgrid: 'the-grid', mcp: 'the-mcp' };
const accept = 'application/json, text/event-stream';
const { entries, onLog } = collectLog();

let open: Host;
let closed: Host;
beforeAll(async () => {
  const appDirectory = await buildApp({ source });
  open = await startHost({ appDirectory, onLog });
  closed = await startHost({ appDirectory, enableAuth: true, keys });
});
afterAll(() => Promise.all([open.stop(), closed.stop()]));

interface PostInput {
  readonly host?: Host;
  readonly headers?: Record<string, string>;
  readonly path?: string;
}

function post(body: unknown, { host = open, headers = {}, path: at = path }: PostInput = {}): Promise<Response> {
  return fetch(`${host.url}${at}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** The one message of an event stream. */
async function messageOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const [, data] = /^event: message\ndata: (.*)\n\n$/.exec(await response.text()) ?? [];
  return JSON.parse(data ?? 'null');
}

async function ask(method: string, params?: object, headers?: Record<string, string>) {
  const response = await post({ jsonrpc: '2.0', id: 7, method, ...(params && { params }) }, { headers: headers ?? {} });
  const message = await messageOf(response);
  expect(message).toMatchObject({ jsonrpc: '2.0', id: 7 });
  return message as { result?: Record<string, unknown>; error?: { code: number; message: string } };
}

const call = (name: string, given: object = {}, headers?: Record<string, string>) =>
  ask('tools/call', { name, arguments: given }, headers);

describe('the beginning', () => {
  test.each([
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['1999-01-01', '2025-06-18'],
  ])('a client of revision %s is answered with %s, and gets a session', async (asked, offered) => {
    const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    const response = await post({ jsonrpc: '2.0', id: 'a', method: 'initialize', params });
    expect(response.headers.get('mcp-session-id')).toMatch(/^[\w-]{20,}$/);
    expect(await messageOf(response)).toMatchObject({
      id: 'a',
      result: { protocolVersion: offered, capabilities: { tools: {} }, serverInfo: { name: expect.any(String) } },
    });
  });

  test('that it is ready is taken without an answer', async () => {
    const response = await post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    expect([response.status, await response.text()]).toEqual([202, '']);
  });

  test('ping', async () => {
    expect((await ask('ping')).result).toEqual({});
  });
});

test('the tools are listed with the schema of their properties', async () => {
  const { tools } = (await ask('tools/list')).result as { tools: { name: string }[] };
  expect(tools.map(({ name }) => name).sort()).toEqual(['broken', 'echo', 'silent', 'structured']);
  expect(tools.find(({ name }) => name === 'echo')).toEqual({
    name: 'echo',
    description: 'Says what it was handed',
    inputSchema: {
      type: 'object',
      properties: {
        text: { type: 'string', description: 'What to say' },
        words: { type: 'array', items: { type: 'string' }, description: 'More' },
      },
      required: ['text'],
    },
  });
});

describe('a call', () => {
  test('hands over the name, the arguments and the connection, and gives back text', async () => {
    const given = { text: 'hello', words: ['a', 'b'], more: { n: 1 } };
    const { result } = await call('echo', given, { 'mcp-session-id': 'session-1' });
    const { content } = result as { content: { type: string; text: string }[] };
    expect(content).toMatchObject([{ type: 'text' }]);
    expect(JSON.parse(content[0]?.text ?? '')).toEqual({
      name: 'echo',
      arguments: given,
      sessionid: 'session-1',
      transport: { name: 'http-streamable', sessionId: 'session-1', properties: {} },
    });
  });

  test('gives back several parts, and structure', async () => {
    expect((await call('structured')).result).toEqual({
      content: [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
      structuredContent: { count: 2 },
    });
  });

  test('that says nothing has no content', async () => {
    expect((await call('silent')).result).toEqual({ content: [] });
  });

  test('that fails says so to the model, and why to the log alone', async () => {
    const { result } = await call('broken');
    expect(result).toEqual({
      content: [{ type: 'text', text: "An error occurred invoking 'broken'." }],
      isError: true,
    });
    expect(entries.some(({ message }) => message.includes('the secret of the house'))).toBe(true);
  });

  test.each([
    ['an unknown tool', { name: 'nothing', arguments: {} }, /Unknown tool/],
    ['a missing argument', { name: 'echo', arguments: {} }, /required tool properties.*text/],
    ['an argument that is null', { name: 'echo', arguments: { text: null } }, /text/],
    ['no arguments at all', { name: 'echo' }, /text/],
    ['arguments that are a list', { name: 'echo', arguments: ['text'] }, /object/],
    ['no name', { arguments: { text: 'x' } }, /names a tool/],
  ])('of %s is refused', async (_what, params, reason) => {
    expect((await ask('tools/call', params)).error).toEqual({ code: -32602, message: expect.stringMatching(reason) });
  });
});

describe('what is refused', () => {
  test('an unknown method, in the protocol', async () => {
    expect((await ask('resources/list')).error).toMatchObject({ code: -32601 });
  });

  test.each<[string, unknown, number]>([
    ['a list of messages', [{ jsonrpc: '2.0', id: 1, method: 'ping' }], -32600],
    ['another protocol', { id: 1, method: 'ping' }, -32600],
    ['no method', { jsonrpc: '2.0', id: 1 }, -32600],
    ['params that are a list', { jsonrpc: '2.0', id: 1, method: 'ping', params: [] }, -32600],
    ['an id that is none', { jsonrpc: '2.0', id: {}, method: 'ping' }, -32600],
  ])('%s: 400', async (_what, body, code) => {
    const response = await post(body);
    expect([response.status, await response.json()]).toEqual([
      400,
      { jsonrpc: '2.0', id: null, error: { code, message: expect.any(String) } },
    ]);
  });

  test('no JSON: an empty 500', async () => {
    const response = await post('hello');
    expect([response.status, await response.text()]).toEqual([500, '']);
  });

  test('an answer to a question nobody asked is taken', async () => {
    expect((await post({ jsonrpc: '2.0', id: 1, result: {} })).status).toBe(202);
  });

  test.each(['application/json', 'text/event-stream', 'text/plain', ''])(
    'a client that accepts %j: 406',
    async (some) => {
      const response = await post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { headers: { accept: some || 'x/y' } });
      expect([response.status, await response.json()]).toMatchObject([406, { error: { code: -32000 } }]);
    },
  );

  test('a client that accepts anything is served', async () => {
    const response = await post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { headers: { accept: '*/*' } });
    expect(response.status).toBe(200);
  });

  test.each([
    ['GET', 405],
    ['DELETE', 405],
    ['PUT', 405],
    // The host passes only five methods on to extensions.
    ['PATCH', 404],
  ])('%s: %i', async (method, status) => {
    const response = await fetch(`${open.url}${path}`, { method, headers: { accept } });
    expect(response.status).toBe(status);
  });

  test('a body that is too large: 413', async () => {
    expect((await post(' '.repeat(1_100_000))).status).toBe(413);
  });

  test('what lies below: 404', async () => {
    expect((await post({}, { path: `${path}/sse` })).status).toBe(404);
    expect((await post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { path: `${path}/` })).status).toBe(200);
  });
});

describe('the key', () => {
  test.each([
    [undefined, 401],
    ['wrong', 401],
    [keys.function, 403],
    [keys.eventgrid, 403],
    [keys.mcp, 200],
    [keys.master, 200],
  ])('%s gives %i, as header or in the query', async (key, status) => {
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const headers: Record<string, string> = key === undefined ? {} : { 'x-functions-key': key };
    expect((await post(ping, { host: closed, headers })).status).toBe(status);
    if (key !== undefined) {
      expect((await post(ping, { host: closed, path: `${path}?code=${key}` })).status).toBe(status);
    }
  });
});

test('without a tool there is no endpoint', async () => {
  const host = await startHost({ appDirectory: await buildApp() });
  expect((await post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { host })).status).toBe(404);
  await host.stop();
});

test.each([
  ['properties that are no list', "{ toolName: 'x', toolProperties: '{}' }", 'toolProperties'],
  ['no name', "{ toolProperties: '[]' }", 'toolName'],
])('a tool with %s is refused at start', async (_what, options, named) => {
  const appDirectory = await buildApp({
    source: `import { trigger } from '@azure/functions';
      app.generic('odd', { trigger: trigger.generic({ type: 'mcpToolTrigger', ...${options} }), handler: () => '' });`,
  });
  await expect(startHost({ appDirectory })).rejects.toThrow(new RegExp(`odd: ${named}`));
});
