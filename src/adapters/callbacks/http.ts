/**
 * One call to the service that waits for a verdict. Its time and the size of its answer are limited, and it goes
 * nowhere else: a redirect counts as an answer and is never followed, since it would carry a token to an unchecked
 * address.
 */
import { UpstreamError } from '../../core/runtime/errors.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The first part of the body, up to the size limit. */
  readonly text: string;
}

/** Posts JSON. Fails with `unavailable` when there is no answer; an answer with any status is returned. */
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: object | undefined) => Promise<Reply>;

const defaultTimeoutMs = 10_000;
const maxBytes = 64 * 1024;

/**
 * What both services answer before they wait and after they have stopped waiting: not found, conflict, unprocessable.
 */
export function isNotYet(status: number): boolean {
  return [404, 409, 422, 423, 425].includes(status);
}

/**
 * The same request would be answered the same. For a status that is neither a refusal of our credentials nor
 * `isNotYet`.
 */
export function isRejected(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** @param who for messages: `GitHub` */
export function poster(who: string, fetch: typeof globalThis.fetch, timeoutMs = defaultTimeoutMs): Post {
  return async (url, headers, body) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'user-agent': 'acr-replication-tracker',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, text: await readText(response) };
    } catch (error) {
      // No cause: messages of network errors can hold addresses and header values.
      throw new UpstreamError('unavailable', `${who}: ${describeFailure(error)}`);
    }
  };
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop cancels the rest of the body.
    if (size >= maxBytes) break;
  }
  return Buffer.concat(chunks, size).subarray(0, maxBytes).toString('utf8');
}

function describeFailure(error: unknown): string {
  const { name, code, cause } = Object(error) as { name?: unknown; code?: unknown; cause?: unknown };
  if (name === 'TimeoutError') return 'no answer in time';
  for (const candidate of [(Object(cause) as { code?: unknown }).code, code]) {
    if (typeof candidate === 'string' && /^[A-Z0-9_]{1,60}$/.test(candidate)) return candidate;
  }
  return 'no connection';
}
