/**
 * Answers 304 where the client has the same content already, and compresses long bodies. A client that polls a list
 * every few seconds then costs some hundred bytes each time.
 */
import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';

/** A shorter body fits into one packet: compressing it saves nothing. */
const minLength = 1_400;

export function compressedResponse(request: HttpRequest, response: HttpResponseInit): HttpResponseInit {
  const { body, status = 200 } = response;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead || status !== 200 || typeof body !== 'string') return response;
  const given = { ...(response.headers as Record<string, string> | undefined) };
  const etag = given.etag ?? `W/"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
  const headers = { ...given, etag, vary: 'accept-encoding' };
  const known = request.headers.get('if-none-match')?.split(',') ?? [];
  if (known.some((one) => plain(one) === plain(etag))) return { ...response, status: 304, headers, body: undefined };
  if (body.length < minLength || !acceptsGzip(request)) return { ...response, headers };
  return { ...response, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(body) };
}

/** The etag without its weak mark: another encoding of the same text counts as the same. */
function plain(etag: string): string {
  return etag.trim().replace(/^W\//, '');
}

function acceptsGzip(request: HttpRequest): boolean {
  const accepted = request.headers.get('accept-encoding')?.split(',') ?? [];
  return accepted.some((one) => /^\s*gzip\s*(;\s*q=(0\.\d*[1-9]|1(\.0*)?))?\s*$/i.test(one));
}
