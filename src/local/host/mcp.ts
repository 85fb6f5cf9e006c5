/**
 * The MCP endpoint of the Functions extension, `/runtime/webhooks/mcp`: streamable HTTP without sessions, each answer
 * an event stream of one event. A stand-in that answered with plain JSON would hide that a client cannot read event
 * streams.
 */
import { randomUUID } from 'node:crypto';
import { isObject, type JsonObject, parseJson } from '../json.ts';
import { readBody } from '../read-body.ts';
import type { RegisteredFunction } from './core-types.ts';
import type { Extension } from './extensions.ts';
import { isTriggeredBy } from './functions.ts';
import type { Exchange } from './http.ts';
import { sendEmpty, sendJson } from './http-response.ts';
import type { Invoker } from './invocation.ts';
import type { OnLog } from './log.ts';
import { answerMcp, codes, refuse } from './mcp-protocol.ts';
import { readMcpTool } from './mcp-tools.ts';

export interface McpOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly invoker: Invoker;
  readonly onLog: OnLog;
}

const PREFIX = '/runtime/webhooks/mcp';
const SESSION = 'mcp-session-id';
const MAX_BODY_BYTES = 1024 * 1024;

export function createMcpExtension({ functions, invoker, onLog }: McpOptions): Extension {
  const tools = functions.filter(isTriggeredBy('mcptooltrigger')).map(readMcpTool);

  async function handle(exchange: Exchange): Promise<void> {
    const { request, response, path } = exchange;
    const body = await readBody(request, MAX_BODY_BYTES);
    // Without a tool there is no endpoint; the older transport below this path is not supported here.
    if (tools.length === 0 || path.replace(/\/$/, '').toLowerCase() !== PREFIX) return sendEmpty(response, 404);
    if (request.method !== 'POST') return sendEmpty(response, 405);
    if (body === 'tooLarge') return sendEmpty(response, 413);
    const accept = request.headers.accept ?? '';
    if (!accepts(accept, 'application/json') || !accepts(accept, 'text/event-stream')) {
      const message = 'Not Acceptable: Client must accept both application/json and text/event-stream';
      return sendJson(response, 406, { jsonrpc: '2.0', id: null, ...refuse(-32000, message) });
    }
    return answer(parseJson(body.toString('utf8')), exchange);
  }

  async function answer(message: unknown, { request, response }: Exchange): Promise<void> {
    const bad = (code: number, text: string) =>
      sendJson(response, 400, { jsonrpc: '2.0', id: null, ...refuse(code, text) });
    // The extension throws on such input.
    if (message === undefined) return sendEmpty(response, 500);
    if (!isObject(message) || message.jsonrpc !== '2.0') {
      return bad(codes.invalidRequest, 'The body must be one JSON-RPC 2.0 message.');
    }
    const { id, method } = message;
    const params = message.params ?? {};
    // Answers to requests that this server never sends are accepted like notifications.
    if (typeof method !== 'string' && ('result' in message || 'error' in message)) return sendEmpty(response, 202);
    if (typeof method !== 'string' || !isObject(params)) {
      return bad(codes.invalidRequest, 'A message has a method, and its params are an object.');
    }
    if (id === undefined) return sendEmpty(response, 202);
    if (typeof id !== 'string' && typeof id !== 'number') return bad(codes.invalidRequest, 'The id is no id.');
    const sent = request.headers[SESSION];
    const sessionId = typeof sent === 'string' ? sent : undefined;
    const answered = await answerMcp({ method, params }, describeSession(sessionId), { tools, invoker, onLog });
    const event = JSON.stringify({ jsonrpc: '2.0', id, ...answered });
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      ...(method === 'initialize' ? { [SESSION]: randomUUID() } : {}),
    });
    response.end(`event: message\ndata: ${event}\n\n`);
    return undefined;
  }

  return { name: 'mcp', handle };
}

/** What the function gets about the connection, besides the call. */
function describeSession(sessionId: string | undefined): JsonObject {
  const session = sessionId === undefined ? {} : { sessionid: sessionId };
  const transport = sessionId === undefined ? {} : { sessionId };
  return { ...session, transport: { name: 'http-streamable', ...transport, properties: {} } };
}

function accepts(header: string, type: string): boolean {
  const [family] = type.split('/');
  const types = header.split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  return types.some((one) => one === type || one === '*/*' || one === `${family}/*`);
}
