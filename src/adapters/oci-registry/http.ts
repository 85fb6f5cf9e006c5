/**
 * One request to one replica, with everything bounded: its time, the size of what comes back, and where it goes. A
 * redirect is an answer, never followed: following it would ask somebody else, and could carry a token there. Whatever
 * keeps a replica from answering is "unclear", so that no failure can be mistaken for "not there".
 */
import type { Clock, ProbeAnswer } from '../../core/ports.ts';
import { parseRetryAfter } from '../../core/runtime/retry-after.ts';

export type Unclear = Extract<ProbeAnswer, { kind: 'unclear' }>;
export type Absent = Extract<ProbeAnswer, { kind: 'absent' }>;

export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers: Headers;
  /** Whole, or empty where an error's is too large to be a registry's. */
  readonly body: Buffer;
}

export interface Request {
  readonly url: string;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Record<string, string>;
  readonly body?: URLSearchParams;
  /** The largest body worth reading. */
  readonly maxBytes?: number;
}

export type Send = (request: Request) => Promise<Reply | Unclear>;

/** Enough to take a registry's error document off the connection, so that it can be used again. */
const smallBody = 64 * 1024;

export function unclear(reason: string, retryAfterMs?: number): Unclear {
  return { kind: 'unclear', reason, retryAfterMs };
}

/** Of this image alone: no reason to leave the replica alone. */
export function unclearImage(reason: string): Unclear {
  return { ...unclear(reason), scope: 'image' };
}

export function replicaHttp(options: { readonly fetch: typeof globalThis.fetch; readonly timeoutMs: number }): Send {
  return async ({ url, method, headers, body, maxBytes = smallBody }) => {
    try {
      const response = await options.fetch(url, {
        method,
        // Manifests are hashed as they are stored: nobody on the way may compress them.
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

/** When the replica answered, by its own clock: whole seconds, cut off (RFC 9110, 6.6.1). */
export function saidAt(reply: Reply): number | undefined {
  const header = reply.headers.get('date') ?? '';
  const at = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(header) ? Date.parse(header) : -1;
  return at >= 0 ? at : undefined;
}

/** A status that answers nothing, told with what it was for: `429 for the manifest`. */
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
    // Leaving the loop cancels the rest.
    if (size > maxBytes) return 'tooLarge';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** The code alone: messages of network errors can hold addresses and header values. */
function describeFailure(error: unknown): string {
  const { name, code, cause } = Object(error) as { name?: unknown; code?: unknown; cause?: unknown };
  if (name === 'TimeoutError') return 'timeout';
  for (const candidate of [(Object(cause) as { code?: unknown }).code, code]) {
    if (typeof candidate === 'string' && /^[A-Z0-9_]{1,60}$/.test(candidate)) return candidate;
  }
  return 'no connection';
}
