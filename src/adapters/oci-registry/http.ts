/**
 * One request to one replica. Its time and the size of its answer are limited, and it goes nowhere else: a redirect
 * counts as an answer and is never followed, since it would ask another host and could carry a token there. Every
 * failure becomes `unclear`, so that none can be mistaken for `absent`.
 */
import type { Clock, ProbeAnswer } from '../../core/ports.ts';
import { parseRetryAfter } from '../../core/runtime/retry-after.ts';

export type Unclear = Extract<ProbeAnswer, { kind: 'unclear' }>;
export type Absent = Extract<ProbeAnswer, { kind: 'absent' }>;

export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers: Headers;
  /** The whole body; empty where an error's body is larger than a registry's would be. */
  readonly body: Buffer;
}

export interface Request {
  readonly url: string;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Record<string, string>;
  readonly body?: URLSearchParams;
  /** The largest body that is read. */
  readonly maxBytes?: number;
}

export type Send = (request: Request) => Promise<Reply | Unclear>;

/** Enough to read a registry's error document to its end, so that the connection can be reused. */
const smallBody = 64 * 1024;

export function unclear(reason: string, retryAfterMs?: number): Unclear {
  return { kind: 'unclear', reason, retryAfterMs };
}

/** Unclear for this image only: no reason to pause probes of the replica. */
export function unclearImage(reason: string): Unclear {
  return { ...unclear(reason), scope: 'image' };
}

export function replicaHttp(options: { readonly fetch: typeof globalThis.fetch; readonly timeoutMs: number }): Send {
  return async ({ url, method, headers, body, maxBytes = smallBody }) => {
    try {
      const response = await options.fetch(url, {
        method,
        // A manifest is hashed as it is stored, so no proxy may compress it.
        headers: { 'user-agent': 'acr-replication-tracker', 'accept-encoding': 'identity', ...headers },
        redirect: 'manual',
        signal: AbortSignal.timeout(options.timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      const content = await readBody(response, response.status === 200 ? maxBytes : smallBody);
      if (content === 'tooLarge' && response.status === 200) return unclearImage(`more than ${maxBytes} bytes`);
      return {
        kind: 'reply',
        status: response.status,
        headers: response.headers,
        body: content === 'tooLarge' ? Buffer.alloc(0) : content,
      };
    } catch (error) {
      return unclear(describeFailure(error));
    }
  };
}

/** When the replica answered, by its own clock, in milliseconds since 1970, cut off to the second (RFC 9110, 6.6.1). */
export function answeredAt(reply: Reply): number | undefined {
  const header = reply.headers.get('date') ?? '';
  const at = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(header) ? Date.parse(header) : -1;
  return at >= 0 ? at : undefined;
}

/** A status that gives no answer, with what was requested: `429 for the manifest`. */
export function unclearStatus(reply: Reply, what: string, clock: Clock): Unclear {
  const asked = parseRetryAfter(reply.headers.get('retry-after'), clock.now());
  return unclear(`${reply.status} for the ${what}`, asked);
}

async function readBody(response: Response, maxBytes: number): Promise<Buffer | 'tooLarge'> {
  if (response.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    size += chunk.length;
    // Leaving the loop cancels the rest of the body.
    if (size > maxBytes) return 'tooLarge';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** The code only: messages of network errors can hold addresses and header values. */
function describeFailure(error: unknown): string {
  const { name, code, cause } = Object(error) as { name?: unknown; code?: unknown; cause?: unknown };
  if (name === 'TimeoutError') return 'timeout';
  for (const candidate of [(Object(cause) as { code?: unknown }).code, code]) {
    if (typeof candidate === 'string' && /^[A-Z0-9_]{1,60}$/.test(candidate)) return candidate;
  }
  return 'no connection';
}
