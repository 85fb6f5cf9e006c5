/** Reads a request's body as JSON, never more than a set number of bytes: what is larger is refused, not held. */
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { badRequest, problemResponse } from './problem.ts';

/** @param what what the body must be, for the refusal: `an alert` */
export async function readJsonBody(
  request: HttpRequest,
  largest: number,
  what: string,
): Promise<{ readonly value: unknown } | { readonly refusal: HttpResponseInit }> {
  const refuse = () => ({ refusal: problemResponse(413, `The body may have at most ${largest} bytes.`) });
  if (Number(request.headers.get('content-length') ?? 0) > largest) return refuse();
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > largest) return refuse();
  if (bytes.byteLength === 0) return { refusal: emptyBody(what) };
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown };
  } catch {
    return { refusal: badRequest([{ field: 'body', reason: 'must be JSON' }]) };
  }
}

/** Nobody sends an empty body on purpose: the host makes one of every chunked body. */
export function emptyBody(what: string): HttpResponseInit {
  const reason = `must be ${what} as JSON, sent with Content-Length (the host drops chunked bodies)`;
  return badRequest([{ field: 'body', reason }]);
}
