/**
 * Converts a request to the form that the worker receives, in buffered mode. Two habits of the real host look like
 * mistakes and are kept on purpose: repeated query values are joined by a comma, and a chunked body arrives empty,
 * because the host copies a body only when it has a Content-Length.
 */
import type { IncomingMessage } from 'node:http';
import { readBody } from '../read-body.ts';
import type { NullableStrings, RpcHttpRequest } from './core-types.ts';
import type { Params } from './route-template.ts';

/** The host's default, FUNCTIONS_REQUEST_BODY_SIZE_LIMIT. */
const MAX_BODY_BYTES = 104_857_600;

export async function toRpcRequest(
  request: IncomingMessage,
  path: string,
  query: string,
  params: Params,
): Promise<RpcHttpRequest | 'tooLarge' | 'badAddress'> {
  const url = `http://${request.headers.host ?? 'localhost'}${path}${query}`;
  if (!URL.canParse(url)) return 'badAddress';
  const body = await readAnnouncedBody(request);
  if (body === 'tooLarge') return body;
  return {
    method: request.method ?? 'GET',
    url,
    nullableHeaders: toNullable(joinHeaders(request)),
    nullableQuery: toNullable(joinQuery(query)),
    nullableParams: toNullable(Object.entries(params)),
    ...(body.length === 0 ? {} : { body: { bytes: body } }),
  };
}

async function readAnnouncedBody(request: IncomingMessage): Promise<Buffer | 'tooLarge'> {
  if (Number(request.headers['content-length'] ?? 0) > 0) return readBody(request, MAX_BODY_BYTES);
  request.resume();
  return Buffer.alloc(0);
}

function joinHeaders({ headersDistinct }: IncomingMessage): [string, string][] {
  return Object.entries(headersDistinct).map(([name, values]) => [name, (values ?? []).join(',')]);
}

function joinQuery(query: string): [string, string][] {
  const joined = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of new URLSearchParams(query)) {
    const entry = joined.get(name.toLowerCase()) ?? { name, values: [] };
    entry.values.push(value);
    joined.set(name.toLowerCase(), entry);
  }
  return [...joined.values()].map(({ name, values }) => [name, values.join(',')]);
}

function toNullable(entries: Iterable<readonly [string, string]>): NullableStrings {
  return Object.fromEntries([...entries].map(([name, value]) => [name, { value }]));
}
