/** Reads a request's body as JSON, up to a limit of bytes; a larger body is refused before it is parsed. */
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { badRequest, problemResponse } from './problem.ts';

/** @param what the expected body, for the refusal: `an alert` */
export async function readJsonBody(
  request: HttpRequest,
  maxBytes: number,
  what: string,
): Promise<{ readonly value: unknown } | { readonly refusal: HttpResponseInit }> {
  const refuse = () => ({ refusal: problemResponse(413, `The body may have at most ${maxBytes} bytes.`) });
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return refuse();
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > maxBytes) return refuse();
  if (bytes.byteLength === 0) return { refusal: emptyBody(what) };
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown };
  } catch {
    return { refusal: badRequest([{ field: 'body', reason: 'must be JSON' }]) };
  }
}

/** No client sends an empty body on purpose: the host empties every chunked body. */
export function emptyBody(what: string): HttpResponseInit {
  const reason = `must be ${what} as JSON, sent with Content-Length (the host drops chunked bodies)`;
  return badRequest([{ field: 'body', reason }]);
}
