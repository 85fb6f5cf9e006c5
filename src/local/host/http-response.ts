/**
 * Sends a function's answer. The defaults are the host's: no answer is a 204, and an invalid status is an error of the
 * function, not of the connection.
 */
import type { ServerResponse } from 'node:http';
import type { RpcHttpCookie, RpcHttpResponse, RpcTypedData } from './core-types.ts';

/** Headers of the connection, which the server writes itself. */
const OWN_HEADERS = ['content-length', 'transfer-encoding', 'connection', 'keep-alive'];

/** @throws Error when the function's answer cannot be sent */
export function sendRpcResponse(response: ServerResponse, value: RpcTypedData | null | undefined): void {
  const http = value?.http as RpcHttpResponse | undefined;
  if (http === undefined) {
    sendEmpty(response, 204);
    return;
  }
  const status = Number(http.statusCode ?? 200);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new Error(`the function answered with status ${String(http.statusCode)}, which cannot be sent`);
  }
  const body = toBytes(http.body);
  // An answer to HEAD has no body; only the function knows the length it would have.
  const isBare = response.req.method === 'HEAD' && body.length === 0;
  const isOwn = (name: string) => OWN_HEADERS.includes(name) && !(isBare && name === 'content-length');
  const headers = Object.entries(http.headers ?? {}).filter(([name]) => !isOwn(name.toLowerCase()));
  for (const cookie of http.cookies ?? []) headers.push(['set-cookie', formatCookie(cookie)]);
  if (status !== 204 && status !== 304 && !isBare) headers.push(['content-length', String(body.length)]);
  // Unchanged and all at once: set one by one, each header would be checked and stored.
  response.writeHead(status, headers.flat()).end(body);
}

export function sendEmpty(response: ServerResponse, status: number): void {
  if (response.headersSent) return;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(status, status === 204 ? {} : { 'content-length': 0 }).end();
}

export function sendJson(response: ServerResponse, status: number, content: unknown): void {
  const text = JSON.stringify(content);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function toBytes(body: RpcTypedData | null | undefined): Buffer {
  if (body?.bytes !== undefined) return Buffer.from(body.bytes);
  return Buffer.from(body?.string ?? body?.json ?? '');
}

/** https://www.rfc-editor.org/rfc/rfc6265, with the defaults of the host: path `/`, value escaped. */
export function formatCookie(cookie: RpcHttpCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  if (cookie.expires) parts.push(`expires=${new Date(cookie.expires.value.seconds * 1_000).toUTCString()}`);
  if (cookie.maxAge) parts.push(`max-age=${Math.trunc(cookie.maxAge.value)}`);
  if (cookie.domain) parts.push(`domain=${cookie.domain.value}`);
  parts.push(`path=${cookie.path?.value ?? '/'}`);
  if (cookie.secure?.value) parts.push('secure');
  const sameSite = cookie.sameSite === 'explicitNone' ? 'none' : cookie.sameSite;
  if (sameSite !== undefined && cookie.sameSite !== 'none') parts.push(`samesite=${sameSite}`);
  if (cookie.httpOnly?.value) parts.push('httponly');
  return parts.join('; ');
}
