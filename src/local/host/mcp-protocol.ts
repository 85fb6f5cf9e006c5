/**
 * The messages of the Model Context Protocol as the Functions extension answers them, without the transport: JSON-RPC
 * in, an answer or an error out. Requests are independent; no state is kept between them.
 * Source: modelcontextprotocol.io, revision 2025-06-18; the extension's host specification.
 */
import { isObject, type JsonObject, parseJson } from '../json.ts';
import type { RegisteredFunction } from './core-types.ts';
import type { Invoker } from './invocation.ts';
import { describeError, type OnLog } from './log.ts';
import type { McpTool } from './mcp-tools.ts';

export interface McpAnswer {
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Supported revisions; a client that asks for another is offered the newest. */
const versions = ['2025-06-18', '2025-03-26', '2024-11-05'] as const;

export const codes = { invalidRequest: -32600, unknownMethod: -32601, invalidParams: -32602 };

export interface McpDeps {
  readonly tools: readonly McpTool[];
  readonly invoker: Invoker;
  readonly onLog: OnLog;
}

export async function answerMcp(
  { method, params }: { readonly method: string; readonly params: JsonObject },
  session: JsonObject,
  parts: McpDeps,
): Promise<McpAnswer> {
  switch (method) {
    case 'initialize':
      return { result: initialize(params) };
    case 'ping':
      return { result: {} };
    case 'tools/list':
      return { result: { tools: parts.tools.map(({ listing }) => listing) } };
    case 'tools/call':
      return callTool(params, session, parts);
    default:
      return refuse(codes.unknownMethod, `Method '${method}' is not available.`);
  }
}

function initialize({ protocolVersion }: JsonObject): JsonObject {
  return {
    protocolVersion: versions.find((version) => version === protocolVersion) ?? versions[0],
    capabilities: { tools: {} },
    serverInfo: { name: 'Azure Functions MCP server (local)', version: '1.0.0' },
  };
}

async function callTool(params: JsonObject, session: JsonObject, { tools, invoker, onLog }: McpDeps) {
  const { name, arguments: given = {} } = params;
  if (typeof name !== 'string' || !isObject(given)) {
    return refuse(codes.invalidParams, 'A call names a tool, and its arguments are an object.');
  }
  const tool = tools.find(({ listing }) => listing.name.toLowerCase() === name.toLowerCase());
  if (tool === undefined) return refuse(codes.invalidParams, `Unknown tool: '${name}'`);
  const absent = tool.required.filter((property) => given[property] === undefined || given[property] === null);
  if (absent.length > 0) {
    const text = 'One or more required tool properties are missing values. Please provide: ';
    return refuse(codes.invalidParams, text + absent.join(', '));
  }
  try {
    return { result: await invoke(tool.target, { name, arguments: given, ...session }, invoker) };
  } catch (failure) {
    onLog({ level: 'warning', category: 'system', message: `${name}: ${describeError(failure)}` });
    const text = `An error occurred invoking '${name}'.`;
    return { result: { content: [{ type: 'text', text }], isError: true } };
  }
}

async function invoke(target: RegisteredFunction, payload: JsonObject, invoker: Invoker): Promise<JsonObject> {
  const { returnValue } = await invoker.invoke(target, { data: { string: JSON.stringify(payload) } });
  if (returnValue?.string === undefined) return { content: [] };
  const wrapped = parseJson(returnValue.string);
  if (!isObject(wrapped)) throw new Error('the function returned something else than a tool result');
  const content = parseJson(String(wrapped.content));
  return {
    content: wrapped.type === 'multi_content_result' ? content : [content],
    ...(wrapped.structuredContent === undefined
      ? {}
      : { structuredContent: parseJson(String(wrapped.structuredContent)) }),
  };
}

export function refuse(code: number, message: string): McpAnswer {
  return { error: { code, message } };
}
